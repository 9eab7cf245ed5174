// The weight gradient of a depthwise convolution with 3 × 3 taps next to each other and stride 1 or 2 in a row: the nine
// sums of four channels stay in registers while one row of outputs passes. Two outputs at a time share what their windows
// have in common.

import { at, madd } from "../simd";

/**
 * A row of outputs: one whose first column of x lies outside the image if `left`, `count` inside it, one whose last column
 * lies outside if `right`. x0, x1, x2: where column 0 of the first window is, or would be, in the rows of x that meet each row of
 * taps; dy: the first output; s0, s1, s2: where the three sums of each row of taps are.
 */
function runBody(
  STRIDE: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  dy: usize,
  s0: usize,
  s1: usize,
  s2: usize,
  pixel: usize,
  left: bool,
  count: i32,
  right: bool,
): void {
  let a0 = v128.load(s0);
  let a1 = v128.load(s0, 16);
  let a2 = v128.load(s0, 32);
  let a3 = v128.load(s1);
  let a4 = v128.load(s1, 16);
  let a5 = v128.load(s1, 32);
  let a6 = v128.load(s2);
  let a7 = v128.load(s2, 16);
  let a8 = v128.load(s2, 32);
  const second = pixel + pixel;
  const third = second + pixel;
  const fourth = second + second;
  const step = STRIDE == 1 ? pixel : second;
  const steps = STRIDE == 1 ? second : fourth;
  if (left) {
    const d = v128.load(dy);
    a1 = madd(v128.load(x0 + pixel), d, a1);
    a2 = madd(v128.load(x0 + second), d, a2);
    a4 = madd(v128.load(x1 + pixel), d, a4);
    a5 = madd(v128.load(x1 + second), d, a5);
    a7 = madd(v128.load(x2 + pixel), d, a7);
    a8 = madd(v128.load(x2 + second), d, a8);
    dy += pixel;
    x0 += step;
    x1 += step;
    x2 += step;
  }
  for (; count > 1; count -= 2) {
    const d = v128.load(dy);
    const e = v128.load(dy + pixel);
    dy += second;
    let v = v128.load(x0);
    a0 = madd(v, d, a0);
    v = v128.load(x0 + pixel);
    a1 = madd(v, d, a1);
    if (STRIDE == 1) a0 = madd(v, e, a0);
    v = v128.load(x0 + second);
    a2 = madd(v, d, a2);
    if (STRIDE == 1) a1 = madd(v, e, a1);
    else a0 = madd(v, e, a0);
    v = v128.load(x0 + third);
    if (STRIDE == 1) a2 = madd(v, e, a2);
    else a1 = madd(v, e, a1);
    if (STRIDE == 2) a2 = madd(v128.load(x0 + fourth), e, a2);
    x0 += steps;
    v = v128.load(x1);
    a3 = madd(v, d, a3);
    v = v128.load(x1 + pixel);
    a4 = madd(v, d, a4);
    if (STRIDE == 1) a3 = madd(v, e, a3);
    v = v128.load(x1 + second);
    a5 = madd(v, d, a5);
    if (STRIDE == 1) a4 = madd(v, e, a4);
    else a3 = madd(v, e, a3);
    v = v128.load(x1 + third);
    if (STRIDE == 1) a5 = madd(v, e, a5);
    else a4 = madd(v, e, a4);
    if (STRIDE == 2) a5 = madd(v128.load(x1 + fourth), e, a5);
    x1 += steps;
    v = v128.load(x2);
    a6 = madd(v, d, a6);
    v = v128.load(x2 + pixel);
    a7 = madd(v, d, a7);
    if (STRIDE == 1) a6 = madd(v, e, a6);
    v = v128.load(x2 + second);
    a8 = madd(v, d, a8);
    if (STRIDE == 1) a7 = madd(v, e, a7);
    else a6 = madd(v, e, a6);
    v = v128.load(x2 + third);
    if (STRIDE == 1) a8 = madd(v, e, a8);
    else a7 = madd(v, e, a7);
    if (STRIDE == 2) a8 = madd(v128.load(x2 + fourth), e, a8);
    x2 += steps;
  }
  // What is left: an output inside, and one whose last column is not.
  if (count > 0) {
    const d = v128.load(dy);
    a0 = madd(v128.load(x0), d, a0);
    a1 = madd(v128.load(x0 + pixel), d, a1);
    a2 = madd(v128.load(x0 + second), d, a2);
    a3 = madd(v128.load(x1), d, a3);
    a4 = madd(v128.load(x1 + pixel), d, a4);
    a5 = madd(v128.load(x1 + second), d, a5);
    a6 = madd(v128.load(x2), d, a6);
    a7 = madd(v128.load(x2 + pixel), d, a7);
    a8 = madd(v128.load(x2 + second), d, a8);
    dy += pixel;
    x0 += step;
    x1 += step;
    x2 += step;
  }
  if (right) {
    const d = v128.load(dy);
    a0 = madd(v128.load(x0), d, a0);
    a1 = madd(v128.load(x0 + pixel), d, a1);
    a3 = madd(v128.load(x1), d, a3);
    a4 = madd(v128.load(x1 + pixel), d, a4);
    a6 = madd(v128.load(x2), d, a6);
    a7 = madd(v128.load(x2 + pixel), d, a7);
  }
  v128.store(s0, a0);
  v128.store(s0, a1, 16);
  v128.store(s0, a2, 32);
  v128.store(s1, a3);
  v128.store(s1, a4, 16);
  v128.store(s1, a5, 32);
  v128.store(s2, a6);
  v128.store(s2, a7, 16);
  v128.store(s2, a8, 32);
}

/**
 * The same for `channels` channels. next0, next1, next2: bytes from the sums of four channels to the next; 0 for a row of taps
 * outside the image, whose sums go nowhere.
 */
export function runs1(
  x0: usize,
  x1: usize,
  x2: usize,
  dy: usize,
  s0: usize,
  s1: usize,
  s2: usize,
  next0: usize,
  next1: usize,
  next2: usize,
  pixel: usize,
  channels: i32,
  left: bool,
  count: i32,
  right: bool,
): void {
  for (let c = 0; c < channels; c += 4) {
    inline.always(
      runBody(1, at(x0, c), at(x1, c), at(x2, c), at(dy, c), s0, s1, s2, pixel, left, count, right),
    );
    s0 += next0;
    s1 += next1;
    s2 += next2;
  }
}

export function runs2(
  x0: usize,
  x1: usize,
  x2: usize,
  dy: usize,
  s0: usize,
  s1: usize,
  s2: usize,
  next0: usize,
  next1: usize,
  next2: usize,
  pixel: usize,
  channels: i32,
  left: bool,
  count: i32,
  right: bool,
): void {
  for (let c = 0; c < channels; c += 4) {
    inline.always(
      runBody(2, at(x0, c), at(x1, c), at(x2, c), at(dy, c), s0, s1, s2, pixel, left, count, right),
    );
    s0 += next0;
    s1 += next1;
    s2 += next2;
  }
}
