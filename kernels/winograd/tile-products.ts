// One point's share of a weight gradient by Winograd's algorithms: c[i][o] (+)= Σ_t a[t][i] · b[t][o] over tiles t.

import { Winograd } from "../shapes";
import { at } from "../simd";
import { Operands, tileColumns, tileRows, TILE_SCRATCH } from "../tile/tile";
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
  const a = s.a;
  const b = s.b;
  const c = s.c;
  const rows = s.rows;
  const columns = s.columns;
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const whole = rows / MR;
  store<i32>(scratch, 0);
  store<i32>(scratch, 0, 4);
  store<i32>(scratch, tiles, 8);
  const operands = changetype<Operands>(scratch + 64);
  operands.segments = scratch;
  operands.segmentCount = 1;
  operands.aStep = s.aStep;
  operands.bStep = s.bStep;
  operands.cRow = at(0, columns);
  for (let o = 0; o < columns; o += NR) {
    let i = 0;
    if (o + NR <= columns) {
      columnTile(s.tile, operands, a, at(b, o), tiles, at(c, o), accumulate, whole);
      i = whole * MR;
    }
    for (; i < rows; i += MR) {
      const to = at(c, i * columns + o);
      panelTile(s.tile, operands, at(a, i), at(b, o), to, accumulate, rows - i, columns - o);
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
