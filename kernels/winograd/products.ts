// One point's share of a weight gradient by minimal filtering: c[i][o] (+)= Σ_t a[t][i] · b[t][o] over tiles t.

import { at } from "../simd";
import { SPARE, tileColumns, tileRows } from "../tile/tile";
import { columnTile } from "../tile/generated/column";
import { panelTile } from "../tile/generated/panel";

/** Bytes of scratch that sumTiles needs. */
export const SUM_SCRATCH: i32 = 16 + SPARE;

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
  for (let o = 0; o < columns; o += NR) {
    let i = 0;
    if (o + NR <= columns) {
      columnTile(tile, a, aStep, at(b, o), bStep, tiles, at(c, o), cRow, accumulate, whole);
      i = whole * MR;
    }
    for (; i < rows; i += MR) {
      const to = at(c, i * columns + o);
      panelTile(tile, at(a, i), aStep, at(b, o), bStep, scratch, 1, to, cRow, accumulate, rows - i, columns - o, scratch + 16); // prettier-ignore
    }
  }
}
