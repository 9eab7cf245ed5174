// Writes a row of tiles of the output to y, and sums its moments.

import { activate, highOf } from "../elementwise/activation";
import { Winograd } from "../shapes";
import { at, cut, madd } from "../simd";
import { Block, BLOCK_AT, OUTPUTS_AT } from "./block";
import { columnStart, Grid, rowStart } from "./grid";
import { Outputs } from "./places";

/** Adds v − pivot and its square, for the rows × columns pixels v of a tile, to the sums of each channel. */
export function addMoments(
  tile: usize,
  o: Outputs,
  rows: i32,
  columns: i32,
  pivot: usize,
  sums: usize,
  squares: usize,
): void {
  const channels = o.channels;
  const rowBytes = <usize>o.rowBytes;
  for (let c = 0; c < channels; c += 4) {
    const p = v128.load(at(pivot, c));
    let s = v128.load(at(sums, c));
    let q = v128.load(at(squares, c));
    let row = at(tile, c);
    for (let h = 0; h < rows; h++) {
      let from = row;
      for (let k = 0; k < columns; k++) {
        const d = f32x4.sub(v128.load(from), p);
        s = f32x4.add(s, d);
        q = madd(d, d, q);
        from = at(from, channels);
      }
      row += rowBytes;
    }
    v128.store(at(sums, c), s);
    v128.store(at(squares, c), q);
  }
}

/**
 * Copies or adds to y what it has of a row of tiles: this many rows of columns j0 ≤ j < j1 of tiles. Adds the residual and applies
 * the activation.
 */
export function storeRows(s: Winograd, scratch: usize, row: i32, rows: i32, j0: i32, j1: i32): void {
  const grid = changetype<Grid>(scratch);
  const o = changetype<Outputs>(scratch + OUTPUTS_AT);
  const block = changetype<Block>(scratch + BLOCK_AT);
  const top = o.stride * rowStart(grid, row % grid.tilesHigh) - s.outTop;
  const first = max(0, o.stride * columnStart(grid, j0) - s.outLeft);
  const end = min(s.outWidth, o.stride * columnStart(grid, j1) - s.outLeft);
  const image = at(s.y, (row / grid.tilesHigh) * s.outHeight * s.outWidth * s.yStep);
  let from = block.strip + <usize>((first + s.outLeft) * o.pixelBytes);
  // Pixels that follow each other are one.
  const joined = o.channels == s.yStep;
  const width = joined ? 1 : end - first;
  const channels = joined ? (end - first) * o.channels : o.channels;
  for (let h = top; h < top + rows; h++) {
    if (h >= 0 && h < s.outHeight) {
      let to = at(image, (h * s.outWidth + first) * s.yStep + block.o0 * o.panelChannels);
      let pixel = from;
      for (let j = 0; j < width; j++) {
        storePixel(s, pixel, to, channels);
        pixel = at(pixel, channels);
        to = at(to, s.yStep);
      }
    }
    from += <usize>o.rowBytes;
  }
}

/** `channels` values of y. */
function storePixel(s: Winograd, from: usize, to: usize, channels: i32): void {
  const activation = s.activation;
  const high = highOf(activation);
  const other = s.accumulate ? to : s.residual ? s.residual + (to - s.y) : 0;
  if (other || high > 0) {
    const most = f32x4.splat(high);
    for (let c = 0; c < channels; c += 4) {
      let v = v128.load(at(from, c));
      if (other) v = f32x4.add(v128.load(at(other, c)), v);
      if (high > 0) v = inline.always(cut(v, most));
      v128.store(at(to, c), v);
    }
  } else memory.copy(to, from, at(0, channels));
  if (activation && high == 0) activate(activation, to, to, channels);
}
