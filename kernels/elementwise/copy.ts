// Copies between arrays with gaps between rows or elements. Reads whole vectors, up to three floats past the end of each array.

import { Strided } from "../arguments";
import { at, loadLanes, storeLanes } from "../simd";

/** The first `columns` floats of every row: row r of x begins xStep·r floats into it, row r of y yStep·r. Unit = row. */
export function copyColumns(
  x: usize,
  y: usize,
  columns: i32,
  xStep: i32,
  yStep: i32,
  begin: i32,
  end: i32,
): void {
  for (let r = begin; r < end; r++) {
    const from = at(x, r * xStep);
    const to = at(y, r * yStep);
    let i = 0;
    for (; i + 4 <= columns; i += 4) v128.store(at(to, i), v128.load(at(from, i)));
    if (i < columns) storeLanes(at(to, i), loadLanes(at(from, i), columns - i), columns - i);
  }
}

/** Copies between strided arrays of four axes: y[i0·t0 + i1·t1 + i2·t2 + i3·t3] = x[i0·s0 + i1·s1 + i2·s2 + i3·s3]. */
export function stridedCopy(shape: usize): void {
  const s = changetype<Strided>(shape);
  const n3 = s.n3;
  const s3 = s.s3;
  const t3 = s.t3;
  for (let i0 = 0; i0 < s.n0; i0++) {
    for (let i1 = 0; i1 < s.n1; i1++) {
      for (let i2 = 0; i2 < s.n2; i2++) {
        const from = at(s.x, i0 * s.s0 + i1 * s.s1 + i2 * s.s2);
        const to = at(s.y, i0 * s.t0 + i1 * s.t1 + i2 * s.t2);
        if (s3 == 1 && t3 == 1) memory.copy(to, from, at(0, n3));
        else for (let i = 0; i < n3; i++) store<f32>(at(to, i * t3), load<f32>(at(from, i * s3)));
      }
    }
  }
}

/** Rows of two halves: y[2i] = x[i] and y[2i + 1] = x[half + i] for i < half. Unit = row. */
export function interleave(x: usize, y: usize, half: i32, begin: i32, end: i32): void {
  for (let r = begin; r < end; r++) {
    let from = at(x, 2 * r * half), to = at(y, 2 * r * half); // prettier-ignore
    for (let n = 2 * half; n > 0; n -= 8) {
      const v = v128.load(from);
      const w = v128.load(at(from, half));
      storeLanes(to, v128.shuffle<f32>(v, w, 0, 4, 1, 5), n);
      storeLanes(to + 16, v128.shuffle<f32>(v, w, 2, 6, 3, 7), n - 4);
      from += 16;
      to += 32;
    }
  }
}

/** The reverse: y[i] = x[2i] and y[half + i] = x[2i + 1]. */
export function deal(x: usize, y: usize, half: i32, begin: i32, end: i32): void {
  for (let r = begin; r < end; r++) {
    let from = at(x, 2 * r * half), to = at(y, 2 * r * half); // prettier-ignore
    for (let n = half; n > 0; n -= 4) {
      const v = v128.load(from);
      const w = loadLanes(from + 16, 2 * n - 4);
      storeLanes(to, v128.shuffle<f32>(v, w, 0, 2, 4, 6), n);
      storeLanes(at(to, half), v128.shuffle<f32>(v, w, 1, 3, 5, 7), n);
      from += 32;
      to += 16;
    }
  }
}
