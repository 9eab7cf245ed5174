// Runs of outputs of a depthwise convolution, all of one row of an image. Output t of a run is
//
//   y[t] = bias + Σ_{p < rows} Σ_{u < taps} x[p·xRow + t·advance + u·xStep] · w[p·wRow + u·wStep]
//
// in that order on every path, four channels to a vector, where all distances are in bytes and no tap of a run lies
// outside the image. The channel loop is inside the loop over outputs: a pass over x and w reads consecutive floats, and
// the sums of a row of taps stay in registers. Four outputs at once share the loads of the weights and, where their
// windows overlap, those of the pixels.

import { at, madd, storeLanes } from "../simd";

/** Stores the vectors of four outputs yStep bytes apart, `left` channels of each. */
function storeFour(y: usize, yStep: usize, v0: v128, v1: v128, v2: v128, v3: v128, left: i32): void {
  // V8 does not take multiples of yStep out of a loop.
  const y1 = y + yStep;
  const y2 = y1 + yStep;
  const y3 = y2 + yStep;
  if (left >= 4) {
    v128.store(y, v0);
    v128.store(y1, v1);
    v128.store(y2, v2);
    v128.store(y3, v3);
  } else {
    storeLanes(y, v0, left);
    storeLanes(y1, v1, left);
    storeLanes(y2, v2, left);
    storeLanes(y3, v3, left);
  }
}

/** Four outputs `advance` bytes of x apart, with any number of taps. */
function fourAny(
  advance: usize,
  taps: i32,
  x: usize,
  xStep: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  channels: i32,
): void {
  for (let c = 0; c < channels; c += 4) {
    let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
    let v1 = v0,
      v2 = v0,
      v3 = v0;
    let wp = at(w, c);
    let xp = at(x, c);
    for (let p = 0; p < rows; p++) {
      let tap = wp;
      let from = xp;
      for (let u = 0; u < taps; u++) {
        const weight = v128.load(tap);
        let next = from;
        v0 = madd(v128.load(next), weight, v0);
        v1 = madd(v128.load((next += advance)), weight, v1);
        v2 = madd(v128.load((next += advance)), weight, v2);
        v3 = madd(v128.load(next + advance), weight, v3);
        from += xStep;
        tap += wStep;
      }
      xp += xRow;
      wp += wRow;
    }
    inline.always(storeFour(at(y, c), yStep, v0, v1, v2, v3, channels - c));
  }
}

/**
 * One output, with any number of taps. Two vectors at a time, as a single sum would wait for its own result; where the
 * second has no channels, the first does its work twice.
 */
export function oneOutput(
  x: usize,
  xStep: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  taps: i32,
  bias: usize,
  y: usize,
  channels: i32,
): void {
  const xRows = xRow * rows;
  for (let c = 0; c < channels; c += 8) {
    const second: usize = channels - c > 4 ? 16 : 0;
    let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
    let v1 = bias ? v128.load(at(bias, c) + second) : v0;
    let wp = at(w, c);
    let xp = at(x, c);
    const end = xp + xRows;
    for (; xp != end; xp += xRow) {
      let tap = wp;
      let from = xp;
      v0 = madd(v128.load(from), v128.load(tap), v0);
      v1 = madd(v128.load(from + second), v128.load(tap + second), v1);
      if (taps > 1) {
        from += xStep;
        tap += wStep;
        v0 = madd(v128.load(from), v128.load(tap), v0);
        v1 = madd(v128.load(from + second), v128.load(tap + second), v1);
      }
      for (let u = 2; u < taps; u++) {
        from += xStep;
        tap += wStep;
        v0 = madd(v128.load(from), v128.load(tap), v0);
        v1 = madd(v128.load(from + second), v128.load(tap + second), v1);
      }
      wp += wRow;
    }
    const to = at(y, c);
    const left = channels - c;
    if (left >= 8) {
      v128.store(to, v0);
      v128.store(to, v1, 16);
    } else {
      storeLanes(to, v0, left);
      storeLanes(to + 16, v1, left - 4);
    }
  }
}

/** A run of count ≥ 4 outputs inside the image, `stride` pixels apart, with taps `dilation` pixels apart. */
export function outputs(
  stride: i32,
  dilation: i32,
  taps: i32,
  x: usize,
  xRow: usize,
  rows: i32,
  w: usize,
  wStep: usize,
  wRow: usize,
  bias: usize,
  y: usize,
  yStep: usize,
  count: i32,
  channels: i32,
): void {
  const advance = at(0, stride * channels);
  const xStep = at(0, dilation * channels);
  for (let done = 0; done < count; done += 4) {
    // The last four may repeat some of those before.
    const t = min(done, count - 4);
    fourAny(
      advance,
      taps,
      x + t * advance,
      xStep,
      xRow,
      rows,
      w,
      wStep,
      wRow,
      bias,
      y + t * yStep,
      yStep,
      channels,
    );
  }
}
