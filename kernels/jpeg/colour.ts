// From samples to pixels as libjpeg makes them: components with fewer samples are interpolated ("fancy upsampling", jdsample.c) or repeated,
// colours are computed in 16 bits after the point and rounded (jdcolor.c). https://github.com/libjpeg-turbo/libjpeg-turbo
//
// Rows are processed 16 pixels at a time and may be written that far beyond their end.

import {
  COLOURS_CMYK,
  COLOURS_GREY,
  COLOURS_YCC,
  COLOURS_YCCK,
  component,
  Jpeg,
  JpegComponent,
} from "./state";

/** Bytes of a and b in turn: the first 8 of each. */
function interleaved(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/** Stores 8 numbers of each in turn, as bytes. */
function storeInTurn(to: usize, even: v128, odd: v128): void {
  v128.store(
    to,
    inline.always(interleaved(i8x16.narrow_i16x8_u(even, even), i8x16.narrow_i16x8_u(odd, odd))),
  );
}

/** Twice as many samples in a row, from sample `from` on: each is ¾ of the one that covers it and ¼ of the next one. */
function twiceAcross(row: usize, to: usize, count: i32): void {
  const three = i16x8.splat(3);
  for (let i = 0; i < count; i += 8) {
    const here = i16x8.mul(v128.load8x8_u(row), three);
    const left = i16x8.add(v128.load8x8_u(row - 1), i16x8.splat(1));
    const right = i16x8.add(v128.load8x8_u(row + 1), i16x8.splat(2));
    const even = i16x8.shr_u(i16x8.add(here, left), 2);
    const odd = i16x8.shr_u(i16x8.add(here, right), 2);
    inline.always(storeInTurn(to, even, odd));
    row += 8;
    to += 16;
  }
}

/** 3·near + far. */
function between(near: usize, far: usize): v128 {
  return i16x8.add(i16x8.mul(v128.load8x8_u(near), i16x8.splat(3)), v128.load8x8_u(far));
}

/** Twice as many samples in a row that lies a quarter of the way from `near` to `far`. */
function twiceBoth(near: usize, far: usize, to: usize, count: i32): void {
  const three = i16x8.splat(3);
  for (let i = 0; i < count; i += 8) {
    const here = i16x8.mul(inline.always(between(near, far)), three);
    const left = i16x8.add(inline.always(between(near - 1, far - 1)), i16x8.splat(8));
    const right = i16x8.add(inline.always(between(near + 1, far + 1)), i16x8.splat(7));
    const even = i16x8.shr_u(i16x8.add(here, left), 4);
    const odd = i16x8.shr_u(i16x8.add(here, right), 4);
    inline.always(storeInTurn(to, even, odd));
    near += 8;
    far += 8;
    to += 16;
  }
}

/** A row that lies a quarter of the way from `near` to `far`. */
function twiceDown(near: usize, far: usize, bias: i32, to: usize, count: i32): void {
  const half = i16x8.splat(<i16>bias);
  for (let i = 0; i < count; i += 8) {
    const row = i16x8.shr_u(i16x8.add(inline.always(between(near, far)), half), 2);
    v128.store64_lane(to, i8x16.narrow_i16x8_u(row, row), 0);
    near += 8;
    far += 8;
    to += 8;
  }
}

/** Each sample `times` times. */
function repeated(row: usize, to: usize, count: i32, times: i32): void {
  for (let i = 0; i < count; i++) {
    const sample = load<u8>(row + i);
    for (let j = 0; j < times; j++) store<u8>(to++, sample);
  }
}

/** Puts the samples at a row's ends beside it. */
function extend(row: usize, count: i32): usize {
  store<u8>(row - 1, load<u8>(row));
  store<u8>(row + count, load<u8>(row + count - 1));
  return row;
}

/** Address of component i's sample for pixel (x, y), the row's next `count` after it. */
function rowOf(s: Jpeg, i: i32, x: i32, y: i32, count: i32): usize {
  const c = component(s, i);
  const across = s.mostH / c.h;
  const down = s.mostV / c.v;
  const near = y / down;
  const row = c.plane + near * c.stride;
  if (across == 1 && down == 1) return row + x;
  const to = s.rows + i * s.rowBytes;
  const first = x / across;
  const samples = (x + count - 1) / across - first + 1;
  const skipped = x - first * across;
  const wide = c.samplesWide;
  const smooth = across == 1 || (across == 2 && wide > 2);
  if (down == 1 && smooth) {
    twiceAcross(extend(row, wide) + first, to, samples);
  } else if (down == 2 && smooth) {
    const other = min(c.samplesHigh - 1, max(0, near + ((y & 1) << 1) - 1));
    const far = c.plane + other * c.stride;
    if (across == 1) twiceDown(row + first, far + first, 1 + (y & 1), to, samples);
    else twiceBoth(extend(row, wide) + first, extend(far, wide) + first, to, samples);
  } else {
    if (across == 1) return row + x;
    repeated(row + first, to, samples, across);
  }
  return to + skipped;
}

/** Writes 16 pixels of three bytes. */
function storePixels(to: usize, r: v128, g: v128, b: v128): void {
  const rg = inline.always(interleaved(r, g));
  const gr = i8x16.shuffle(r, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(to, i8x16.shuffle(rg, b, 0, 1, 16, 2, 3, 17, 4, 5, 18, 6, 7, 19, 8, 9, 20, 10));
  const middle = i8x16.shuffle(rg, gr, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 0, 0, 0, 0, 0);
  v128.store(to, i8x16.shuffle(middle, b, 0, 21, 1, 2, 22, 3, 4, 23, 5, 6, 24, 7, 8, 25, 9, 10), 16);
  v128.store(to, i8x16.shuffle(gr, b, 26, 6, 7, 27, 8, 9, 28, 10, 11, 29, 12, 13, 30, 14, 15, 31), 32);
}

/** 1.402, 1.772, 0.34414 and 0.71414 as libjpeg rounds them; what is 1 or more of them is added apart. */
const CR_R: i32 = 13173; // 0.402 in 15 bits: the same for each of the 256 differences as in 16
const CB_B: i32 = 25297; // 0.772
const CB_CR_G: i32 = (18734 << 16) | (-22554 & 0xffff); // −0.34414, 0.28586 in 16 bits

/** Green minus luminance. */
function green(cb: v128, cr: v128): v128 {
  const half = i32x4.splat(1 << 15);
  const weights = i32x4.splat(CB_CR_G);
  const low = i8x16.shuffle(cb, cr, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
  const high = i8x16.shuffle(cb, cr, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
  const a = i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, weights), half), 16);
  const b = i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, weights), half), 16);
  return i16x8.sub(i16x8.narrow_i32x4_s(a, b), cr);
}

/** difference · (1 + weight / 2^15), rounded. */
function scaled(difference: v128, weight: i32): v128 {
  return i16x8.add(difference, i16x8.q15mulr_sat_s(difference, i16x8.splat(<i16>weight)));
}

function yccRow(y: usize, cb: usize, cr: usize, to: usize, count: i32): void {
  const middle = i16x8.splat(128);
  for (let i = 0; i < count; i += 16) {
    const y0 = v128.load8x8_u(y + i);
    const y1 = v128.load8x8_u(y + i, 8);
    const b0 = i16x8.sub(v128.load8x8_u(cb + i), middle);
    const b1 = i16x8.sub(v128.load8x8_u(cb + i, 8), middle);
    const r0 = i16x8.sub(v128.load8x8_u(cr + i), middle);
    const r1 = i16x8.sub(v128.load8x8_u(cr + i, 8), middle);
    const red = i8x16.narrow_i16x8_u(
      i16x8.add(y0, inline.always(scaled(r0, CR_R))),
      i16x8.add(y1, inline.always(scaled(r1, CR_R))),
    );
    const blue = i8x16.narrow_i16x8_u(
      i16x8.add(y0, inline.always(scaled(b0, CB_B))),
      i16x8.add(y1, inline.always(scaled(b1, CB_B))),
    );
    const greens = i8x16.narrow_i16x8_u(
      i16x8.add(y0, inline.always(green(b0, r0))),
      i16x8.add(y1, inline.always(green(b1, r1))),
    );
    inline.always(storePixels(to, red, greens, blue));
    to += 48;
  }
}

function plainRow(r: usize, g: usize, b: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 16) {
    inline.always(storePixels(to, v128.load(r + i), v128.load(g + i), v128.load(b + i)));
    to += 48;
  }
}

/**
 * Pillow's CMYK to RGB of `count` pixels in place: ink times black. Samples are the light that is left, as in Adobe's files; those that
 * were YCbCr are the ink.
 */
function inkRow(to: usize, black: usize, count: i32, ycc: bool): void {
  for (let i = 0; i < 3 * count; i++) {
    const light = <i32>load<u8>(black + i / 3);
    const sample = <i32>load<u8>(to + i);
    const product = (ycc ? sample : 255 - sample) * light + 128;
    store<u8>(to + i, light - (((product >> 8) + product) >> 8));
  }
}

/**
 * Pixels left ≤ x < left + count of the rows begin ≤ y < end, one after the other, in 1 byte if grey, otherwise in 3. Writes up to 48 bytes
 * after the last.
 */
export function colourRows(state: usize, left: i32, count: i32, to: usize, begin: i32, end: i32): void {
  const s = changetype<Jpeg>(state);
  const colours = s.colours;
  for (let y = begin; y < end; y++) {
    const a = rowOf(s, 0, left, y, count);
    if (colours == COLOURS_GREY) {
      memory.copy(to, a, count);
      to += count;
      continue;
    }
    const b = rowOf(s, 1, left, y, count);
    const c = rowOf(s, 2, left, y, count);
    if (colours == COLOURS_YCC || colours == COLOURS_YCCK) yccRow(a, b, c, to, count);
    else plainRow(a, b, c, to, count);
    if (colours >= COLOURS_CMYK) inkRow(to, rowOf(s, 3, left, y, count), count, colours == COLOURS_YCCK);
    to += 3 * count;
  }
}
