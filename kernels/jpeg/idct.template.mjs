// The inverse DCT of a block: libjpeg's "islow" (C. Loeffler, A. Ligtenberg, G. Moschytz, Practical fast 1-D DCT algorithms with 11
// multiplications, ICASSP 1989; jidctint.c), in the arithmetic of libjpeg-turbo's vectors (jidctint-sse2.asm), which is that of C but in what no
// encoder writes: products with the quantisation table and sums of two inputs keep 16 bits, results of the first pass are cut to 16 bits.
//
// A pass takes eight vectors, one for each frequency, and turns eight lines at once. A line's odd part is a sum of products of four inputs;
// where the upper four frequencies are zero, its constants are added up beforehand.

/** 13 bits after the point. */
const fix = (x) => Math.round(x * 8192);
const [c0298, c0390, c0541, c0765, c0899, c1175, c1501, c1847, c1961, c2053, c2562, c3072] = [
  0.298631336, 0.390180644, 0.541196100, 0.765366865, 0.899976223, 1.175875602, 1.501321110, 1.847759065,
  1.961570560, 2.053119869, 2.562915447, 3.072711026,
].map(fix); // prettier-ignore

const low = [0, 1, 2, 3].flatMap((i) => [2 * i, 2 * i + 1, 16 + 2 * i, 17 + 2 * i]);
const high = low.map((i) => i + 8);
const HALVES = { L: low, H: high };

/** Lane pairs (a, b) of a half as i16x8. */
const pairs = (a, b, half) => `i8x16.shuffle(${a}, ${b}, ${HALVES[half].join(", ")})`;
/** The constant pair as i16x8. */
const pair = (a, b) => `i32x4.splat(${(b << 16) | (a & 0xffff)})`;
const dot = (v, a, b) => `i32x4.dot_i16x8_s(${v}, ${pair(a, b)})`;
const sum = (...terms) => terms.reduce((a, b) => `i32x4.add(${a}, ${b})`);

/**
 * A pass over the i16x8 x0 … x7 (x0 … x3 if sparse): its results in the i16x8 y0 … y7, with the bits after the point that `shift` leaves.
 * halves: "LH", or "L" where only the lower four lanes count.
 */
function pass({ x, y, name, sparse, halves, shift }) {
  const lines = [];
  const add = (variable, text) => lines.push(`  const ${name}${variable} = ${text};`);
  const at = (variable) => `${name}${variable}`;
  if (!sparse) {
    add("Sum", `i16x8.add(${x}0, ${x}4)`);
    add("Difference", `i16x8.sub(${x}0, ${x}4)`);
    add("Z3", `i16x8.add(${x}3, ${x}7)`);
    add("Z4", `i16x8.add(${x}1, ${x}5)`);
  }
  for (const half of halves) {
    const extend = `i32x4.extend_${half === "L" ? "low" : "high"}_i16x8_s`;
    const scaled = (v) => `i32x4.add(i32x4.shl(${extend}(${v}), 13), i32x4.splat(${1 << (shift - 1)}))`;
    add(`Even${half}`, scaled(sparse ? `${x}0` : at("Sum")));
    if (!sparse) add(`Other${half}`, scaled(at("Difference")));
    const [even, other] = [at(`Even${half}`), at(`${sparse ? "Even" : "Other"}${half}`)];
    add(`Two${half}`, pairs(`${x}2`, sparse ? `${x}2` : `${x}6`, half));
    const two = at(`Two${half}`);
    add(`T3${half}`, dot(two, c0541 + c0765, sparse ? 0 : c0541));
    add(`T2${half}`, dot(two, c0541, sparse ? 0 : c0541 - c1847));
    add(`E0${half}`, sum(even, at(`T3${half}`)));
    add(`E3${half}`, `i32x4.sub(${even}, ${at(`T3${half}`)})`);
    add(`E1${half}`, sum(other, at(`T2${half}`)));
    add(`E2${half}`, `i32x4.sub(${other}, ${at(`T2${half}`)})`);
    if (sparse) {
      add(`One${half}`, pairs(`${x}1`, `${x}3`, half));
      const one = at(`One${half}`);
      add(`O0${half}`, dot(one, c1175 - c0899, c1175 - c1961));
      add(`O1${half}`, dot(one, c1175 - c0390, c1175 - c2562));
      add(`O2${half}`, dot(one, c1175, c3072 - c2562 + c1175 - c1961));
      add(`O3${half}`, dot(one, c1501 - c0899 + c1175 - c0390, c1175));
    } else {
      add(`Z${half}`, pairs(at("Z3"), at("Z4"), half));
      add(`Y3${half}`, dot(at(`Z${half}`), c1175 - c1961, c1175));
      add(`Y4${half}`, dot(at(`Z${half}`), c1175, c1175 - c0390));
      add(`Seven${half}`, pairs(`${x}7`, `${x}1`, half));
      add(`Five${half}`, pairs(`${x}5`, `${x}3`, half));
      const [seven, five, y3, y4] = ["Seven", "Five", "Y3", "Y4"].map((v) => at(v + half));
      add(`O0${half}`, sum(dot(seven, c0298 - c0899, -c0899), y3));
      add(`O1${half}`, sum(dot(five, c2053 - c2562, -c2562), y4));
      add(`O2${half}`, sum(dot(five, -c2562, c3072 - c2562), y3));
      add(`O3${half}`, sum(dot(seven, -c0899, c1501 - c0899), y4));
    }
  }
  for (let i = 0; i < 8; i++) {
    const [even, odd, op] = i < 4 ? [i, 3 - i, "add"] : [7 - i, i - 4, "sub"];
    const half = (h) => `i32x4.shr_s(i32x4.${op}(${at(`E${even}${h}`)}, ${at(`O${odd}${h}`)}), ${shift})`;
    lines.push(`  const ${y}${i} = i16x8.narrow_i32x4_s(${half("L")}, ${half(halves.at(-1))});`);
  }
  return lines;
}

const lanes = (width, first) => {
  const count = 8 / width;
  return Array.from({ length: count }, (_, i) => i + first * count).flatMap((i) =>
    [i, i + 16 / width].flatMap((unit) => Array.from({ length: width }, (_, b) => unit * width + b)),
  );
};
const interleave = (a, b, width, first) => `i8x16.shuffle(${a}, ${b}, ${lanes(width, first).join(", ")})`;

/** The rows y of i16x8, transposed, as rows x: three times row i and row i + 4 are interleaved, a perfect shuffle of 64. */
function transposed(y, x) {
  const lines = [];
  let from = Array.from({ length: 8 }, (_, i) => `${y}${i}`);
  for (const name of ["s", "t", x]) {
    from = from.map((_, i) => {
      lines.push(`  const ${name}${i} = ${interleave(from[i >> 1], from[(i >> 1) + 4], 2, i & 1)};`);
      return `${name}${i}`;
    });
  }
  return lines;
}

/** Columns z of samples to the rows of the picture. */
function stored() {
  const lines = [];
  for (let i = 0; i < 4; i++) {
    lines.push(`  const b${i} = i8x16.narrow_i16x8_s(z${2 * i}, z${2 * i + 1});`);
  }
  // Bytes of two columns, of four, of eight.
  const within = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => [i, i + 8]);
  for (let i = 0; i < 4; i++)
    lines.push(`  const c${i} = i8x16.shuffle(b${i}, b${i}, ${within.join(", ")});`);
  for (let i = 0; i < 4; i++) {
    lines.push(`  const d${i} = ${interleave(`c${2 * (i >> 1)}`, `c${2 * (i >> 1) + 1}`, 2, i & 1)};`);
  }
  for (let i = 0; i < 4; i++) {
    const text = interleave(`d${i >> 1}`, `d${(i >> 1) + 2}`, 4, i & 1);
    lines.push(`  const rows${i} = v128.xor(${text}, half);`);
  }
  for (let i = 0; i < 8; i++) {
    lines.push(`  v128.store64_lane(to, rows${i >> 1}, ${i & 1});`);
    if (i < 7) lines.push("  to += stride;");
  }
  return lines;
}

const load = (i) => `  const r${i} = v128.load(from, ${16 * i});`;
const product = (i) => `  const x${i} = i16x8.mul(r${i}, v128.load(quantisation, ${16 * i}));`;
const each = (count, text) => Array.from({ length: count }, (_, i) => text(i));

const signature = `(from: usize, quantisation: usize, to: usize, stride: usize): void`;
const full = [
  "/** Any block. */",
  `function fullBlock${signature} {`,
  "  const half = i8x16.splat(-128);",
  ...each(8, load),
  ...each(8, product),
  ...pass({ x: "x", y: "y", name: "p", sparse: false, halves: "LH", shift: 11 }),
  ...transposed("y", "u"),
  ...pass({ x: "u", y: "z", name: "q", sparse: false, halves: "LH", shift: 18 }),
  ...stored(),
  "}",
];
const quarter = [
  "/** A block whose coefficients are in the first four rows and columns. */",
  `function quarterBlock${signature} {`,
  "  const half = i8x16.splat(-128);",
  ...each(4, load),
  ...each(4, product),
  ...pass({ x: "x", y: "y", name: "p", sparse: true, halves: "L", shift: 11 }),
  ...transposed("y", "u"),
  ...pass({ x: "u", y: "z", name: "q", sparse: true, halves: "LH", shift: 18 }),
  ...stored(),
  "}",
];
const entry = [
  "/** Writes the 8×8 samples of a block of coefficients (i16, row by row), rows `stride` bytes apart. */",
  `export function idct${signature} {`,
  ...each(8, load),
  "  const upper = v128.or(v128.or(r1, r2), r3);",
  "  const lower = v128.or(v128.or(r4, r5), v128.or(r6, r7));",
  "  const all = v128.or(upper, lower);",
  "  if (!v128.any_true(all)) {",
  "    if (!v128.any_true(v128.and(r0, i32x4(-65536, -1, -1, -1)))) return flatBlock(from, quantisation, to, stride);",
  "    return firstRow(from, quantisation, to, stride);",
  "  }",
  "  if (v128.any_true(lower) || i64x2.extract_lane(v128.or(all, r0), 1) != 0) fullBlock(from, quantisation, to, stride);",
  "  else quarterBlock(from, quantisation, to, stride);",
  "}",
];
const flat = [
  "/** A block of nothing but its mean: all samples are equal. As in the vectors of libjpeg-turbo, 16 bits are kept of it. */",
  `function flatBlock${signature} {`,
  "  const mean = <i32>load<i16>(from) * <i32>load<i16>(quantisation);",
  "  const value = (<i32>(<i16>(mean << 2)) + 16) >> 5;",
  "  const row = i8x16.splat(<i8>(min(max(value, -128), 127) + 128));",
  "  for (let i = 0; i < 8; i++) {",
  "    v128.store64_lane(to, row, 0);",
  "    to += stride;",
  "  }",
  "}",
  "",
  "/** A block whose coefficients are in the first row: all rows of samples are equal. */",
  `function firstRow${signature} {`,
  "  const half = i8x16.splat(-128);",
  "  const row = i16x8.shl(i16x8.mul(v128.load(from), v128.load(quantisation)), 2);",
  ...each(8, (i) => `  const u${i} = i16x8.splat(i16x8.extract_lane_s(row, ${i}));`),
  ...pass({ x: "u", y: "z", name: "q", sparse: false, halves: "LH", shift: 18 }),
  ...stored(),
  "}",
];
export default { idct: [...full, "", ...quarter, "", ...flat, "", ...entry, ""].join("\n") };
