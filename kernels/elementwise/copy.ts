// Rows copied between arrays whose rows lie apart.

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
