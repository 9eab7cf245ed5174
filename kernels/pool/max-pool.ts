// Max pooling of NHWC images, forward and backward. Window (shapes.ts) gives the places of windows. Reads whole vectors, up to
// three floats (and taps) past the end of each array.

import { bandAlone, bandWithTaps } from "./generated/bands";
import { anyWindow, windows2x2, windows3x3 } from "./max-pool-window";
import { Window } from "../shapes";
import { at, storeLanes, swizzle } from "../simd";
import { endTap, firstTap, isSquare } from "../window";

/** Rows of outputs that go together where windows overlap. */
const BAND: i32 = 3;

/**
 * y[n, i, j, c] = max over the window, and taps (u8; 0: not needed) = the first tap (p·kernelWidth + q) that holds it,
 * or the last NaN. Padding never wins; a window completely in padding, which dilation can cause, has −∞. At most 256 taps. Unit = row of y.
 */
export function maxPool2d(window: usize, x: usize, y: usize, taps: usize, begin: i32, end: i32): void {
  const s = changetype<Window>(window);
  const channels = s.channels;
  // Outputs j0 ≤ j < j1 of rows with i ≤ lastRow have their windows inside, and may go in bands.
  let j0 = 0;
  let j1 = 0;
  let lastRow = -1;
  if (isSquare(s, 3, 2) && s.height >= 3 && s.width >= 3 && !(channels & 7)) {
    j0 = firstTap(-s.paddingLeft, 2);
    j1 = max(j0, min(s.outWidth, (s.width - 3 + s.paddingLeft) / 2 + 1));
    if (j0 < j1) lastRow = min(s.outHeight - 1, (s.height - 3 + s.paddingTop) / 2);
  }
  const row = s.outWidth * channels;
  for (let unit = begin; unit < end;) {
    const n = unit / s.outHeight;
    const i = unit - n * s.outHeight;
    const h = i * s.strideHeight - s.paddingTop;
    const image = at(x, n * s.height * s.width * channels);
    const rows = h < 0 ? 0 : min(min(BAND, end - unit), lastRow - i + 1);
    if (rows > 0) {
      const from = at(image, (h * s.width + j0 * 2 - s.paddingLeft) * channels);
      const first = unit * row + j0 * channels;
      bandOfMaxima(s, from, at(y, first), taps ? taps + first : 0, rows, j1 - j0);
    }
    for (const next = unit + max(rows, 1); unit < next; unit++) {
      const to = at(y, unit * row);
      const tapTo = taps ? taps + unit * row : 0;
      const i = unit - n * s.outHeight;
      if (rows > 0) {
        someWindows(s, image, to, tapTo, i, 0, j0);
        someWindows(s, image, to, tapTo, i, j1, s.outWidth);
      } else someWindows(s, image, to, tapTo, i, 0, s.outWidth);
    }
  }
}

/**
 * `rows` × `columns` outputs and, unless taps is 0, the first tap of each that holds the maximum, or the last NaN. x: the first
 * pixel of the first window. channels: a multiple of eight. If there is a NaN anywhere, the band is done again, window by window.
 */
function bandOfMaxima(s: Window, x: usize, y: usize, taps: usize, rows: i32, columns: i32): void {
  const sum = taps ? bandWithTaps(s, x, y, taps, rows, columns) : bandAlone(s, x, y, 0, rows, columns);
  if (!v128.any_true(f32x4.ne(sum, sum))) return;
  const channels = s.channels;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const corner = at(x, 2 * (i * s.width + j) * channels);
      const first = (i * s.outWidth + j) * channels;
      anyWindow(s, corner, 3, 3, 0, at(y, first), taps ? taps + first : 0, channels);
    }
  }
}

/** Outputs begin ≤ j < end of row i of an image. */
function someWindows(s: Window, image: usize, y: usize, taps: usize, i: i32, begin: i32, end: i32): void {
  const channels = s.channels;
  const size = s.kernelWidth;
  const h = i * s.strideHeight - s.paddingTop;
  // Those that lie inside, if they are squares of 2 or 3 taps.
  let inside = end;
  let outside = end;
  if (
    channels >= 4 &&
    s.kernelHeight == size &&
    (size == 2 || size == 3) &&
    h >= 0 &&
    h + (size - 1) * s.dilationHeight < s.height
  ) {
    inside = min(end, max(begin, firstTap(-s.paddingLeft, s.strideWidth)));
    outside = endTap(-s.paddingLeft, s.strideWidth, end, s.width - (size - 1) * s.dilationWidth);
    outside = max(inside, min(end, outside));
  }
  for (let j = begin; j < inside; j++) oneWindow(s, image, y, taps, h, j);
  if (inside < outside) {
    const corner = at(image, (h * s.width + inside * s.strideWidth - s.paddingLeft) * channels);
    const to = at(y, inside * channels);
    const tapTo = taps ? taps + inside * channels : 0;
    if (size == 3) windows3x3(s, corner, to, tapTo, outside - inside);
    else windows2x2(s, corner, to, tapTo, outside - inside);
  }
  for (let j = outside; j < end; j++) oneWindow(s, image, y, taps, h, j);
}

/** Output j of a row; h: where its window begins. */
function oneWindow(s: Window, image: usize, y: usize, taps: usize, h: i32, j: i32): void {
  const channels = s.channels;
  const p0 = firstTap(h, s.dilationHeight);
  const p1 = endTap(h, s.dilationHeight, s.kernelHeight, s.height);
  const w = j * s.strideWidth - s.paddingLeft;
  const q0 = firstTap(w, s.dilationWidth);
  const q1 = endTap(w, s.dilationWidth, s.kernelWidth, s.width);
  const corner = at(image, ((h + p0 * s.dilationHeight) * s.width + w + q0 * s.dilationWidth) * channels);
  const first = p0 * s.kernelWidth + q0;
  const tapTo = taps ? taps + j * channels : 0;
  anyWindow(s, corner, p1 - p0, q1 - q0, first, at(y, j * channels), tapTo, channels);
}

/** dx = the sum of dy over the windows whose maximum a pixel is. Unit = band of strideHeight rows of dx. */
export function maxPool2dBackward(
  window: usize,
  dy: usize,
  taps: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Window>(window);
  const bands = (s.height + s.strideHeight - 1) / s.strideHeight;
  const three = isSquare(s, 3, 2) && !(s.channels & 3) && s.paddingTop == 1 && s.paddingLeft == 1;
  const two = isSquare(s, 2, 2) && s.channels >= 4 && s.paddingTop == 0 && s.paddingLeft == 0;
  for (let unit = begin; unit < end; unit++) {
    const n = unit / bands;
    const i = unit % bands;
    const from = n * s.outHeight * s.outWidth * s.channels;
    const image = at(dx, n * s.height * s.width * s.channels);
    const h0 = i * s.strideHeight;
    const h1 = min(s.height, h0 + s.strideHeight);
    let pairsDone = 0;
    if (h1 - h0 == 2 && ((three && i + 1 < s.outHeight) || (two && i < s.outHeight))) {
      pairsDone = min(s.width >> 1, three ? s.outWidth - 1 : s.outWidth);
      const start = from + i * s.outWidth * s.channels;
      const to = at(image, h0 * s.width * s.channels);
      if (three) bandOfThrees(s, at(dy, start), taps + start, to, pairsDone);
      else bandOfTwos(s, at(dy, start), taps + start, to, pairsDone);
    }
    for (let h = h0; h < h1; h++) {
      for (let w = 2 * pairsDone; w < s.width; w++) {
        gather(s, at(dy, from), taps + from, h, w, at(image, (h * s.width + w) * s.channels));
      }
    }
  }
}

/** One pixel of dx, from every window that contains it. */
function gather(s: Window, dy: usize, taps: usize, h: i32, w: i32, dx: usize): void {
  const channels = s.channels;
  for (let c = 0; c < channels; c += 4) storeLanes(at(dx, c), f32x4.splat(0), channels - c);
  for (let p = 0; p < s.kernelHeight; p++) {
    const top = h + s.paddingTop - p * s.dilationHeight;
    const i = top / s.strideHeight;
    if (top < 0 || i >= s.outHeight || i * s.strideHeight != top) continue;
    for (let q = 0; q < s.kernelWidth; q++) {
      const side = w + s.paddingLeft - q * s.dilationWidth;
      const j = side / s.strideWidth;
      if (side < 0 || j >= s.outWidth || j * s.strideWidth != side) continue;
      const from = (i * s.outWidth + j) * channels;
      const tap = i32x4.splat(p * s.kernelWidth + q);
      for (let c = 0; c < channels; c += 4) {
        const v = won(at(dy, from + c), taps + from + c, tap);
        inline.always(storeLanes(at(dx, c), f32x4.add(v128.load(at(dx, c)), v), channels - c));
      }
    }
  }
}

/** Four values of dy where the window's maximum is at this tap, otherwise 0. */
function won(dy: usize, taps: usize, tap: v128): v128 {
  const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(taps)));
  return v128.and(v128.load(dy), i32x4.eq(four, tap));
}

/** Lane i holds byte i of the four at `taps` four times: numbers of taps as multiples of 0x01010101, by one instruction. */
function spreadTaps(taps: usize, lanes: v128): v128 {
  return swizzle(v128.load32_zero(taps), lanes);
}

/**
 * Two rows of dx under 3×3 windows of stride 2 and padding 1, `pairs` pairs of columns. Pixels at an even row belong to the
 * middle of one row of windows, at an odd row to the last tap of one and the first of the next; columns likewise. Channels are
 * a multiple of 4.
 */
function bandOfThrees(s: Window, dy: usize, taps: usize, dx: usize, pairs: i32): void {
  const channels = s.channels;
  const pixel = at(0, channels);
  const below = s.outWidth * channels;
  const row = s.width * pixel;
  // The numbers of taps, from memory: V8 builds constants anew at each use.
  const two = i32x4.mul(i32x4.splat(s.strideHeight), i32x4.splat(0x01010101));
  const one = i32x4.shr_u(two, 1);
  const zero = i32x4.sub(one, one);
  const lanes = i32x4.mul(one, i32x4(0, 1, 2, 3));
  const three = i32x4.add(two, one);
  const four = i32x4.add(two, two);
  const five = i32x4.add(four, one);
  const six = i32x4.add(four, two);
  const seven = i32x4.add(four, three);
  const eight = i32x4.add(four, four);
  for (let j = 0; j < pairs; j++) {
    for (let c = 0; c < channels; c += 4) {
      const g00 = v128.load(at(dy, c));
      const t00 = inline.always(spreadTaps(taps + c, lanes));
      const g01 = v128.load(at(dy, channels + c));
      const t01 = inline.always(spreadTaps(taps + channels + c, lanes));
      const g10 = v128.load(at(dy, below + c));
      const t10 = inline.always(spreadTaps(taps + below + c, lanes));
      const g11 = v128.load(at(dy, below + channels + c));
      const t11 = inline.always(spreadTaps(taps + below + channels + c, lanes));
      const d00 = v128.and(g00, i32x4.eq(t00, four));
      const d01 = f32x4.add(v128.and(g00, i32x4.eq(t00, five)), v128.and(g01, i32x4.eq(t01, three)));
      const d10 = f32x4.add(v128.and(g00, i32x4.eq(t00, seven)), v128.and(g10, i32x4.eq(t10, one)));
      let d11 = f32x4.add(v128.and(g00, i32x4.eq(t00, eight)), v128.and(g01, i32x4.eq(t01, six)));
      d11 = f32x4.add(d11, v128.and(g10, i32x4.eq(t10, two)));
      d11 = f32x4.add(d11, v128.and(g11, i32x4.eq(t11, zero)));
      const to = at(dx, c);
      v128.store(to, d00);
      v128.store(to + pixel, d01);
      v128.store(to + row, d10);
      v128.store(to + row + pixel, d11);
    }
    dy += pixel;
    taps += channels;
    dx += 2 * pixel;
  }
}

/** Two rows of dx under 2×2 windows of stride 2, `pairs` pairs of columns. channels ≥ 4: the last vector may repeat some. */
function bandOfTwos(s: Window, dy: usize, taps: usize, dx: usize, pairs: i32): void {
  const channels = s.channels;
  const last4 = channels - 4;
  const pixel = at(0, channels);
  const row = s.width * pixel;
  const two = i32x4.mul(i32x4.splat(s.strideHeight), i32x4.splat(0x01010101));
  const one = i32x4.shr_u(two, 1);
  const zero = i32x4.sub(one, one);
  const lanes = i32x4.mul(one, i32x4(0, 1, 2, 3));
  const three = i32x4.add(two, one);
  for (let j = 0; j < pairs; j++) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      const g = v128.load(at(dy, c));
      const t = inline.always(spreadTaps(taps + c, lanes));
      const to = at(dx, c);
      const second = to + row;
      v128.store(to, v128.and(g, i32x4.eq(t, zero)));
      v128.store(to + pixel, v128.and(g, i32x4.eq(t, one)));
      v128.store(second, v128.and(g, i32x4.eq(t, two)));
      v128.store(second + pixel, v128.and(g, i32x4.eq(t, three)));
      if (c == last4) break;
    }
    dy += pixel;
    taps += channels;
    dx += 2 * pixel;
  }
}
