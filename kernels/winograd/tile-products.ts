// One point's share of a weight gradient by Winograd's algorithms: c[i][o] (+)= Σ_t a[t][i] · b[t][o] over tiles t.

import { Winograd } from "../shapes";
import { at } from "../simd";
import { Operands, setPanels, tileColumns, tileRows, TILE_SCRATCH } from "../tile/tile";
import { columnTile } from "../tile/generated/column";
import { panelTile } from "../tile/generated/panel";

/** Bytes of scratch that sumTiles needs. */
export const SUM_SCRATCH: i32 = 64 + TILE_SCRATCH;

@unmanaged
export class TileSum {
  tile: i32 = 0;
  /** The tiles' values, and bytes from one tile to the next. */
  a: usize = 0;
  aStep: i32 = 0;
  b: usize = 0;
  bStep: i32 = 0;
  c: usize = 0;
  /** Rows i < rows, and columns o < columns, of which C has as many. */
  rows: i32 = 0;
  columns: i32 = 0;
}

export function sumTiles(s: TileSum, tiles: i32, accumulate: i32, scratch: usize): void {
  const rows = s.rows;
  const columns = s.columns;
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const whole = rows / MR;
  const operands = changetype<Operands>(scratch + 64);
  setPanels(operands, scratch, tiles, s.aStep, s.bStep, at(0, columns));
  for (let o = 0; o < columns; o += NR) {
    let i = 0;
    if (o + NR <= columns) {
      columnTile(s.tile, operands, s.a, at(s.b, o), tiles, at(s.c, o), accumulate, whole);
      i = whole * MR;
    }
    for (; i < rows; i += MR) {
      const to = at(s.c, i * columns + o);
      panelTile(s.tile, operands, at(s.a, i), at(s.b, o), to, accumulate, rows - i, columns - o);
    }
  }
}

/** Adds the sums of all groups to those of the first, in their order: of 36 points, step bytes apart, the vector at p. */
export function addGroups(s: Winograd, p: usize, step: usize): void {
  for (let g = 1; g < s.groups; g++) {
    let total = p;
    for (let xi = 0; xi < 36; xi++, total += step) {
      v128.store(total, f32x4.add(v128.load(total), v128.load(total + <usize>(36 * g) * step)));
    }
  }
}
