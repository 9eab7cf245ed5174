// One row of outputs of a depthwise convolution. Output t is
//
//   y[t] = bias + Σ_{p < rows} Σ_{u < taps} x[p·xRow + (start + t·stride + u·dilation) pixels] · w[p·wRow + u·wStep]
//
// over the taps inside the image, in that order on every path, four channels to a vector. The channel loop is inside the
// loop over outputs: a pass over x and w reads consecutive floats, and the sums of a row of taps stay in registers. Four
// outputs at once share the loads of the weights and, where their windows overlap, those of the pixels.

import { edgeFour, rowFour } from "./generated/fours";
import { most, Sliding } from "./sliding";
import { at, cut, madd, storeLanes } from "../simd";
import { endTap, firstTap } from "../window";

/** Bits of `columns`, except those of the three outputs after the first. */
const MOST_TAPS: i32 = 29;

/**
 * Whether four outputs at once can share the loads of pixels: `count` outputs whose windows reach out of the image by half
 * their width at most, otherwise columns within a four would lie outside.
 */
export function sharePixels(stride: i32, dilation: i32, taps: i32, start: i32, width: i32, count: i32): bool {
  const half = taps >> 1;
  return (
    dilation == 1 &&
    (stride == 1 ? taps == 3 || (taps > 4 && taps <= MOST_TAPS) : stride == 2 && (taps == 3 || taps == 5)) &&
    count >= 4 &&
    start >= -half &&
    start + (count - 1) * stride + taps <= width + half
  );
}

/** The row, except for the outputs that are ready. */
export function slide(s: Sliding): void {
  const channels = s.channels;
  const count = s.count;
  const start = s.start;
  const stride = s.stride;
  const dilation = s.dilation;
  const taps = s.taps;
  const width = s.width;
  let doneFrom = s.doneFrom;
  let done = s.done;
  if (done == 0 && channels >= 4 && sharePixels(stride, dilation, taps, start, width, count)) {
    sharedRow(s);
    return;
  }
  const pixel = at(0, channels);
  if (done == 0) {
    // Outputs that have all their taps inside.
    doneFrom = firstTap(start, stride);
    done = endTap(start + (taps - 1) * dilation, stride, count, width) - doneFrom;
    // Five go as four and one: the last four of a run repeat what is left of the four before.
    if ((done & 3) == 1) done--;
    if (done < 4) done = 0;
    const from = s.x + <usize>(start + doneFrom * stride) * pixel;
    const to = s.y + <usize>doneFrom * s.yStep;
    for (let t = 0; t < done; t += 4) {
      const first = min(t, done - 4);
      fourAny(s, from + at(0, first * stride * channels), to + <usize>first * s.yStep);
    }
  }
  for (let t = 0; t < count; t++) {
    if (t == doneFrom) t += done;
    if (t >= count) break;
    const k = start + t * stride;
    const u0 = firstTap(k, dilation);
    const u1 = endTap(k, dilation, taps, width);
    const from = s.x + <usize>(k + u0 * dilation) * pixel;
    const to = s.y + <usize>t * s.yStep;
    oneOutput(s, from, u0 < u1 ? s.rows : 0, s.w + <usize>u0 * s.wStep, u1 - u0, to);
  }
}

/** A row of count ≥ 4 outputs whose windows may reach out of the image. The last four may repeat some of those before. */
function sharedRow(s: Sliding): void {
  const pixel = at(0, s.channels);
  const count = s.count;
  const stride = s.stride;
  const width = s.width;
  const reach = 3 * stride + s.taps;
  for (let t = 0; ; t = min(t + 4, count - 4)) {
    const k = s.start + t * stride;
    const from = s.x + <usize>k * pixel;
    const to = s.y + <usize>t * s.yStep;
    if (k >= 0 && k + reach <= width) {
      // All fours from here on that lie inside.
      const more = min(count - 4 - t, (width - reach - k) / stride) >> 2;
      rowFour(s, from, to, more + 1);
      t += 4 * more;
    } else {
      let columns = 0;
      for (let v = 0; v < reach; v++) if (<u32>(k + v) < <u32>width) columns |= 1 << v;
      edgeFour(s, from, to, columns);
    }
    if (t >= count - 4) return;
  }
}

/** Four outputs inside the image, with any number of taps, any stride and dilation. */
function fourAny(s: Sliding, x: usize, y: usize): void {
  const channels = s.channels;
  const advance = at(0, s.stride * channels);
  const xStep = at(0, s.dilation * channels);
  const taps = s.taps;
  const xRow = s.xRow;
  const rows = s.rows;
  const w = s.w;
  const wStep = s.wStep;
  const wRow = s.wRow;
  const bias = s.bias;
  const cuts = s.cuts;
  const yStep = s.yStep;
  for (let c = 0; c < channels; c += 4) {
    let v0 = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
    let v1 = v0;
    let v2 = v0;
    let v3 = v0;
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
    if (cuts) {
      const high = inline.always(most(s));
      v0 = inline.always(cut(v0, high));
      v1 = inline.always(cut(v1, high));
      v2 = inline.always(cut(v2, high));
      v3 = inline.always(cut(v3, high));
    }
    // V8 does not take multiples of yStep out of a loop.
    const left = channels - c;
    let to = at(y, c);
    if (left >= 4) {
      v128.store(to, v0);
      v128.store((to += yStep), v1);
      v128.store((to += yStep), v2);
      v128.store(to + yStep, v3);
    } else {
      storeLanes(to, v0, left);
      storeLanes((to += yStep), v1, left);
      storeLanes((to += yStep), v2, left);
      storeLanes(to + yStep, v3, left);
    }
  }
}

/**
 * One output, from the taps of x, `taps` to a row. Two vectors at a time, as a single sum would wait for its own result; where the
 * second has no channels, the first does its work twice.
 */
function oneOutput(s: Sliding, x: usize, rows: i32, w: usize, taps: i32, y: usize): void {
  const channels = s.channels;
  const xStep = at(0, s.dilation * channels);
  const xRow = s.xRow;
  const xRows = xRow * rows;
  const wStep = s.wStep;
  const wRow = s.wRow;
  const bias = s.bias;
  const cuts = s.cuts;
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
    if (cuts) {
      const high = inline.always(most(s));
      v0 = inline.always(cut(v0, high));
      v1 = inline.always(cut(v1, high));
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
