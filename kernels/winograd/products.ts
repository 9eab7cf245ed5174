// One point's share of a weight gradient by minimal filtering: c[i][o] (+)= Σ_t a[t][i] · b[t][o] over tiles t.

import { at } from "../simd";
import { Operands, tileColumns, tileRows, TILE_SCRATCH } from "../tile/tile";
import { columnTile } from "../tile/generated/column";
import { panelTile } from "../tile/generated/panel";

/** Bytes of scratch that sumTiles needs. */
export const SUM_SCRATCH: i32 = 64 + TILE_SCRATCH;

/** For rows i < rows and columns o < columns, of which C has rows of so many; a and b aStep, bStep bytes from tile to tile. */
export function sumTiles(
  tile: i32,
  a: usize,
  aStep: i32,
  b: usize,
  bStep: i32,
  tiles: i32,
  c: usize,
  accumulate: i32,
  rows: i32,
  columns: i32,
  scratch: usize,
): void {
  const MR = tileRows(tile);
  const NR = tileColumns(tile);
  const cRow = at(0, columns);
  const whole = rows / MR;
  store<i32>(scratch, 0);
  store<i32>(scratch, 0, 4);
  store<i32>(scratch, tiles, 8);
  const operands = changetype<Operands>(scratch + 64);
  operands.segments = scratch;
  operands.segmentCount = 1;
  operands.aStep = aStep;
  operands.bStep = bStep;
  operands.cRow = cRow;
  for (let o = 0; o < columns; o += NR) {
    let i = 0;
    if (o + NR <= columns) {
      columnTile(tile, operands, a, at(b, o), tiles, at(c, o), accumulate, whole);
      i = whole * MR;
    }
    for (; i < rows; i += MR) {
      const to = at(c, i * columns + o);
      panelTile(tile, operands, at(a, i), at(b, o), to, accumulate, rows - i, columns - o);
    }
  }
}
