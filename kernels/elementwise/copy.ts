// Copies between arrays whose rows, or elements, lie apart.

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
