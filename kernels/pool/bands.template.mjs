// Writes max pooling with windows of 3 × 3 taps two pixels apart, all inside the image: some rows of outputs at once, a column of
// windows after the other, down each column. The maxima along every other row of x then serve two windows. Eight
// channels at a time, so that which tap a maximum is, small numbers, takes half a vector's work.

/**
 * Four channels of the three pixels of a window along a row: to `mid` goes their maximum, to `second` if `where` the number of the
 * first tap that holds it, as 0, −1 or −2, which is known when the next four channels (h = 16) are.
 */
const along = (where, h) => `
        v = v128.load(row, ${h});
        w = v128.load(from, ${h});
        u = v128.load(last, ${h});
        ${h ? "sum = f32x4.add(sum, f32x4.add(part, f32x4.add(w, u)));" : "part = f32x4.add(w, u);"}
        mid = f32x4.pmax(v, w);
        ${where ? number(h) : ""}
        mid = f32x4.pmax(mid, u);`;
const number = (h) =>
  h
    ? `second = i16x8.narrow_i32x4_s(second, f32x4.gt(w, v));
        third = i16x8.narrow_i32x4_s(third, f32x4.gt(u, mid));
        second = i16x8.min_s(second, i16x8.add(third, third));`
    : `second = f32x4.gt(w, v);
        third = f32x4.gt(u, mid);`;

/** A row, or the next one: where its pixels are. */
const pixelsOf = (next) => `${next ? "row += xRow;" : ""}
        from = row + pixel;
        last = from + pixel;`;

const band = (name, where) => {
  const ifWhere = (lines) => (where ? lines : "");
  return `
/**
 * \`rows\` × \`columns\` outputs${ifWhere(", and in taps the first tap that holds each maximum")}. x: the first pixel of the first window. channels:
 * a multiple of eight. Returns a vector that holds a NaN if any of the pixels is one; then results are not what they should be.
 */
export function ${name}(s: Window, x: usize, y: usize, taps: usize, rows: i32, columns: i32): v128 {
  const channels = s.channels;
  const pixel = at(0, channels);
  const xRow = pixel * s.width;
  const yRow = pixel * s.outWidth;
  // −1 by a number from memory: V8 builds constants anew at each use.
  const minus1 = i16x8.splat(<i16>(2 - s.kernelHeight));
  const minus3 = i16x8.add(i16x8.add(minus1, minus1), minus1);
  const tapsRow = yRow >> 2;
  // The first column of pixels; all others are the second or the third of a window.
  let sum = f32x4.splat(0);
  for (let c = 0; c < channels; c += 4) {
    let row = at(x, c);
    for (let p = 0; p <= 2 * rows; p++) {
      sum = f32x4.add(sum, v128.load(row));
      row += xRow;
    }
  }
  for (; columns > 0; columns--) {
    for (let c = 0; c < channels; c += 8) {
      let row = at(x, c), to = at(y, c), tapTo = taps + c;
      let from: usize, last: usize;
      let v: v128, w: v128, u: v128, part: v128, mid: v128, second: v128, third: v128, better: v128;
      ${pixelsOf(false)}
      ${along(where, 0)}
      let best0 = mid;
      ${along(where, 16)}
      let best1 = mid;
      ${ifWhere("let where = second;")}
      for (let i = rows; i > 0; i--) {
        ${pixelsOf(true)}
        ${along(where, 0)}
        ${ifWhere("better = f32x4.gt(mid, best0);")}
        best0 = f32x4.pmax(best0, mid);
        ${along(where, 16)}
        ${ifWhere(`better = i16x8.narrow_i32x4_s(better, f32x4.gt(mid, best1));
        where = i16x8.min_s(where, v128.and(better, i16x8.add(second, minus3)));`)}
        best1 = f32x4.pmax(best1, mid);
        // The row that the next window begins with.
        ${pixelsOf(true)}
        ${along(where, 0)}
        ${ifWhere("better = f32x4.gt(mid, best0);")}
        v128.store(to, f32x4.pmax(best0, mid));
        best0 = mid;
        ${along(where, 16)}
        ${ifWhere(`better = i16x8.narrow_i32x4_s(better, f32x4.gt(mid, best1));
        third = i16x8.add(i16x8.add(second, minus3), minus3);
        where = i16x8.abs(i16x8.min_s(where, v128.and(better, third)));
        v128.store64_lane(tapTo, i8x16.narrow_i16x8_u(where, where), 0);
        tapTo += tapsRow;
        where = second;`)}
        v128.store(to, f32x4.pmax(best1, mid), 16);
        best1 = mid;
        to += yRow;
      }
    }
    x += 2 * pixel;
    y += pixel;
    ${ifWhere("taps += channels;")}
  }
  return sum;
}
`;
};

export default {
  bands: `import { Window } from "../../shapes";
import { at } from "../../simd";
${band("bandWithTaps", true)}${band("bandAlone", false)}`,
};
