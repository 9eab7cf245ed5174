// Converts bytes of pictures to floats.

import { at, storeLanes } from "../simd";

/** (v/255 − mean)/std for four integers, every step rounded to single precision as in PyTorch. */
function normalized(v: v128, mean: v128, std: v128): v128 {
  const unit = f32x4.div(f32x4.convert_i32x4_u(v), f32x4.splat(255));
  return f32x4.div(f32x4.sub(unit, mean), std);
}

/**
 * y[r, i] = (x[r, i]/255 − mean[i mod 12])/std[i mod 12] for rows of `columns` bytes: mean and std of the channels, 1, 2, 3, 4
 * or 6 of them, are repeated to 12 floats. Reads up to 15 bytes past the end of x. Unit = row.
 */
export function normalizeBytes(
  x: usize,
  y: usize,
  mean: usize,
  std: usize,
  columns: i32,
  begin: i32,
  end: i32,
): void {
  const mean0 = v128.load(mean);
  const mean1 = v128.load(mean, 16);
  const mean2 = v128.load(mean, 32);
  const std0 = v128.load(std);
  const std1 = v128.load(std, 16);
  const std2 = v128.load(std, 32);
  // Four bytes each, widened to 32 bits. NOTE: without extend_low and extend_high, on which V8's revectorizer crashes (Node 24).
  const first = i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1);
  const second = i8x16(4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, 7, -1, -1, -1);
  const third = i8x16(8, -1, -1, -1, 9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1);
  for (let r = begin; r < end; r++) {
    const from = x + r * columns;
    const to = at(y, r * columns);
    for (let i = 0; i < columns; i += 12) {
      const bytes = v128.load(from + i);
      const v0 = inline.always(normalized(i8x16.swizzle(bytes, first), mean0, std0));
      const v1 = inline.always(normalized(i8x16.swizzle(bytes, second), mean1, std1));
      const v2 = inline.always(normalized(i8x16.swizzle(bytes, third), mean2, std2));
      const p = at(to, i);
      if (i + 12 <= columns) {
        v128.store(p, v0);
        v128.store(p, v1, 16);
        v128.store(p, v2, 32);
      } else {
        const left = columns - i;
        storeLanes(p, v0, left);
        storeLanes(p + 16, v1, left - 4);
        storeLanes(p + 32, v2, left - 8);
      }
    }
  }
}
