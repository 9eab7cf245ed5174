// Writes the bodies of depthwise convolutions that do several outputs at once: a pixel is loaded once for all windows that
// contain it, which touches(…) lists; for four outputs with three taps and stride 1 the lines of pixel 2 are
//
//   a = v128.load(from);
//   v0 = madd(a, w2, v0);
//   v1 = madd(a, w1, v1);
//   v2 = madd(a, w0, v2);
//
// Sums are in the order of depthwise/rows.ts. channels ≥ 4: the last vector may repeat some channels of the one before, which is
// faster than to store fewer.

export const list = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** For each pixel (or row) of x, the outputs and their taps that it meets: pixel v meets tap v − stride·j of output j. */
export function touches(stride, outputs, taps) {
  const all = Array.from({ length: outputs }, (_, j) => j);
  return Array.from({ length: stride * (outputs - 1) + taps }, (_, v) =>
    all.map((j) => [j, v - stride * j]).filter(([, tap]) => tap >= 0 && tap < taps),
  );
}

const imports = `import { at, cut, madd } from "../../simd";
import { CUT, most, Sliding } from "../sliding";
`;

const bias = (names) => `let ${names[0]} = bias ? v128.load(at(bias, c)) : f32x4.splat(0);
      ${names
        .slice(1)
        .map((name) => `let ${name} = ${names[0]};`)
        .join("\n")}`;

/**
 * Stores sums by lines(value), with value(name) cut where `test` says so: two copies of the stores, as V8 would have vectors that
 * are changed in some cases only wait in memory.
 */
const stores = (test, lines) => `if (${test}) {
        const high = inline.always(most(s));
        ${lines((name) => `inline.always(cut(${name}, high))`)}
      } else {
        ${lines((name) => name)}
      }`;

/**
 * The pixels that four outputs with TAPS = 3 or 5 taps to a row meet, by line(output, tap): the lines of one pixel. EDGE: of the first and last
 * TAPS/2 columns only those with a bit in `columns` lie in the image. `next` moves on by a pixel.
 */
export function pixels(stride, load, line, next) {
  const few = touches(stride, 4, 3).length;
  const guard = (v) =>
    v < 2
      ? `if (${v ? "TAPS == 3 || " : ""}!EDGE || columns & ${1 << v})`
      : v === few - 1
        ? `if (TAPS > 3 || !EDGE || columns & ${1 << v})`
        : v >= few
          ? `if (TAPS > 3 && (!EDGE || columns & ${1 << v}))`
          : "";
  return touches(stride, 4, 5)
    .map(
      (to, v) => `${v ? `${v < few ? "" : "if (TAPS > 3) "}${next}` : ""}
        ${guard(v)} {
          ${load}
          ${to.map(([j, t]) => `${t > 2 && v < few ? "if (TAPS > 3) " : ""}${line(j, t)}`).join("\n")}
        }`,
    )
    .join("\n");
}

/**
 * The pixels that four outputs of stride 1 meet with any number of taps from 4 on, by line(output, register): registers r0 … r3 hold four
 * taps, the next of which take(register) loads, after leave() of the one before. \`next\` moves on by \`step\`. EDGE: only pixels with a
 * bit in \`columns\` lie in the image.
 */
export function manyPixels(load, line, take, leave) {
  const pixel = (bit, meets) => `if (!EDGE || bits & ${1 << bit}) {
          ${load}
          ${meets.map(([j, r]) => line(j, `r${r}`)).join("\n")}
        }
        next += step;`;
  /** The pixel that the first output's tap in register r meets, and the last output's in the next. */
  const inside = (bit, r) => `${take(`r${r}`)}
        ${pixel(bit, [0, 1, 2, 3].map((j) => [j, (r + 4 - j) % 4]))}
        ${leave(`r${(r + 1) % 4}`)}`; // prettier-ignore
  return `let bits = columns;
        let r0: v128, r1: v128, r2: v128, r3: v128;
        ${[0, 1, 2].map((v) => `${take(`r${v}`)}\n${pixel(v, [0, 1, 2].slice(0, v + 1).map((j) => [j, v - j]))}`).join("\n")}
        bits >>= 3;
        let u = 3;
        for (; u + 4 <= taps; u += 4) {
          ${[3, 0, 1, 2].map((r, bit) => inside(bit, r)).join("\n")}
          bits >>= 4;
        }
        for (; u < taps; u++) {
          ${inside(0, 3)}
          r0 = r1;
          r1 = r2;
          r2 = r3;
          bits >>= 1;
        }
        ${[0, 1, 2].map((v) => `${pixel(v, [1, 2, 3].slice(v).map((j) => [j, v + 3 - j]))}\n${leave(`r${v}`)}`).join("\n")}`; // prettier-ignore
}

/** Four outputs of a row, `blocks` times, with 3 or 5 taps to a row of x. */
const fours = (stride) => `
${fourOutputs(
  `fours${stride}(TAPS: i32, EDGE: bool, `,
  stride,
  `const w0 = v128.load(tap);
        const w1 = v128.load((tap += wStep));
        const w2 = v128.load((tap += wStep));
        let w3 = w2, w4 = w2;
        if (TAPS > 3) w3 = v128.load((tap += wStep));
        if (TAPS > 3) w4 = v128.load(tap + wStep);
        let from = xp;
        ${pixels(stride, "a = v128.load(from);", (j, t) => `v${j} = madd(a, w${t}, v${j});`, "from += xStep;")}`,
)}
${[3, 5]
  .map(
    (taps) => `
function row${stride}x${taps}(s: Sliding, x: usize, y: usize, blocks: i32): void {
  inline.always(fours${stride}(${taps}, false, s, x, 0, y, blocks));
}
function edge${stride}x${taps}(s: Sliding, x: usize, y: usize, columns: i32): void {
  inline.always(fours${stride}(${taps}, true, s, x, columns, y, 1));
}
`,
  )
  .join("")}`;

/** As many taps as s says, from 4 on. */
const many = `${fourOutputs(
  "foursOfMany(EDGE: bool, ",
  1,
  `const taps = s.taps;
        const step = xStep;
        let next = xp;
        ${manyPixels(
          "a = v128.load(next);",
          (j, r) => `v${j} = madd(a, ${r}, v${j});`,
          (r) => `${r} = v128.load(tap);\ntap += wStep;`,
          () => "",
        )}`,
)}
function rowOfMany(s: Sliding, x: usize, y: usize, blocks: i32): void {
  inline.always(foursOfMany(false, s, x, 0, y, blocks));
}
function edgeOfMany(s: Sliding, x: usize, y: usize, columns: i32): void {
  inline.always(foursOfMany(true, s, x, columns, y, 1));
}
`;

/** Four outputs of a row, \`blocks\` times: what a row of x does to their sums v0 … v3, from \`xp\` and \`tap\` on. */
function fourOutputs(head, stride, rowOfTaps) {
  return `function ${head}s: Sliding, x: usize, columns: i32, y: usize, blocks: i32): void {
  const channels = s.channels;
  const xRow = s.xRow;
  const w = s.w;
  const wStep = s.wStep;
  const wRow = s.wRow;
  const bias = s.bias;
  const yStep = s.yStep;
  const xStep = at(0, channels);
  const xRows = xRow * s.rows;
  const last4 = channels - 4;
  for (; blocks > 0; blocks--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      ${bias(["v0", "v1", "v2", "v3"])}
      let wp = at(w, c);
      let xp = at(x, c);
      const end = xp + xRows;
      for (; xp != end; xp += xRow) {
        let tap = wp;
        wp += wRow;
        let a: v128;
        ${rowOfTaps}
      }
      // V8 does not take multiples of yStep out of a loop.
      let to = at(y, c);
      ${stores(
        "s.cuts",
        (v) => `v128.store(to, ${v("v0")});
      v128.store((to += yStep), ${v("v1")});
      v128.store((to += yStep), ${v("v2")});
      v128.store(to + yStep, ${v("v3")});`,
      )}
      if (c == last4) break;
    }
    x += ${4 * stride} * xStep;
    y += 4 * yStep;
  }
}`;
}

/**
 * `count` blocks of 2 rows of outputs, each \`width\` wide, with 3 × 3 taps: they share the loads of the weights too, and no tap needs a
 * test of its own. A row of x outside the image is left out by one test for all its taps; EDGE: the first and the last column count
 * only if \`first\` and \`last\` say so.
 */
function blocks(stride, width) {
  const columns = touches(stride, width, 3);
  const outputs = list(width, (j) => j);
  /** Lines of pixel v of a row of x that meets tap p of output row i for each of `rows`. */
  const pixel = (rows, v) => {
    const from = v === 0 ? "from" : v < columns.length - 1 ? "(from += pixel)" : "from + pixel";
    const byRow = rows.map(([i, p]) =>
      columns[v].map(
        ([j, q]) =>
          (a) =>
            `v${i}${j} = madd(${a}, w${p}${q}, v${i}${j});`,
      ),
    );
    // The order was measured: column by column in blocks of 2 × 2, row by row in wider ones.
    const lines = width > 2 ? byRow.flat() : columns[v].flatMap((_, j) => byRow.map((row) => row[j]));
    if (width > 2) return `a = v128.load(${from});\n${lines.map((line) => line("a")).join("\n")}`;
    const test = v === 0 ? "if (!EDGE || first)" : v === columns.length - 1 ? "if (!EDGE || last)" : "";
    if (lines.length === 1) return `${test} ${lines[0](`v128.load(${from})`)}`;
    return `${test} {\na = v128.load(${from});\n${lines.map((line) => line("a")).join("\n")}\n}`;
  };
  const store = (i, value) =>
    list(width, (j) => {
      const place = j === 0 ? "to" : j < width - 1 ? "(to += pixel)" : "to + pixel";
      return `v128.store(${place}, ${value(`v${i}${j}`)});`;
    });
  return `
function blocks2x${width}s${stride}(
  EDGE: bool, s: Sliding, x: usize, w: usize, y: usize, first: bool, last: bool, count: i32,
): void {
  const channels = s.chunk;
  const pixel = at(0, s.channels);
  const xRow = s.xRow;
  const rows = s.inside;
  const wStep = s.wStep;
  const bias = s.chunkBias;
  const yRow = s.yRow;
  const last4 = channels - 4;
  for (; count > 0; count--) {
    for (let c = 0; ; c = min(c + 4, last4)) {
      ${bias([
        "v00",
        ...outputs.split("\n").map((j) => `v1${j}`),
        ...outputs
          .split("\n")
          .slice(1)
          .map((j) => `v0${j}`),
      ])}
      let tap = at(w, c);
      ${touches(stride, 2, 3)
        .map(
          (to, r) => `
      ${r < 3 ? list(3, (q) => `const w${r}${q} = v128.load(${r + q ? "(tap += wStep)" : "tap"});`) : ""}
      ${r === 0 ? "let row = at(x, c);" : r < stride + 2 ? "row += xRow;" : ""}
      if (rows & ${1 << r}) {
        let from = row${r < stride + 2 ? "" : " + xRow"};
        let a: v128;
        ${columns.map((_, v) => pixel(to, v)).join("\n")}
      }`,
        )
        .join("\n")}
      let to = at(y, c);
      const second = to + yRow;
      ${stores("rows & CUT", (v) => `${store(0, v)}\nto = second;\n${store(1, v)}`)}
      if (c == last4) break;
    }
    x += ${width * stride} * pixel;
    y += ${width} * pixel;
  }
}

export function block2x${width}s${stride}(s: Sliding, x: usize, w: usize, y: usize, count: i32): void {
  inline.always(blocks2x${width}s${stride}(false, s, x, w, y, true, true, count));
}
${
  width > 2
    ? ""
    : `
export function edge2x${width}s${stride}(s: Sliding, x: usize, w: usize, y: usize, first: bool, last: bool): void {
  inline.always(blocks2x${width}s${stride}(true, s, x, w, y, first, last, 1));
}
`
}`;
}

/**
 * A row of dx for a stride of 2. Two neighbouring columns of dx reach the same pixels of dy: output o meets pixel v through tap
 * kernel − 2 + o − 2v, so that doing six at once shares the loads of dy.
 */
function gradientRow(kernel) {
  const outputs = [0, 1, 2, 3, 4, 5];
  const meets = (v) =>
    outputs.map((o) => [o, kernel - 2 + o - 2 * v]).filter(([, t]) => t >= 0 && t < kernel);
  const pixels = Array.from({ length: (kernel + 5) >> 1 }, (_, v) => meets(v));
  const to = (o) => `to${o >> 1 || ""}${o & 1 ? " + pixel" : ""}`;
  return `
/** dx: count ≥ 3 pairs of columns, of which the last three may repeat some of those before. w: the last tap of the first row. */
export function gradientRow${kernel}(s: Sliding, dy: usize, w: usize, dx: usize, count: i32): void {
  const channels = s.channels;
  const pixel = at(0, channels);
  const pair = 2 * pixel;
  const dyRow = s.xRow;
  const dyRows = dyRow * s.rows;
  const wRow = s.wRow;
  for (;;) {
    for (let c = 0; c < channels; c += 4) {
      ${list(6, (o) => `let v${o} = f32x4.splat(0);`)}
      let wp = at(w, c);
      let from = at(dy, c);
      const end = from + dyRows;
      for (; from != end; from += dyRow) {
        let tap = wp;
        ${list(kernel, (t) => `const w${kernel - 1 - t} = v128.load(${t ? "(tap -= pixel)" : "tap"});`)}
        wp += wRow;
        let next = from;
        let d: v128;
        ${pixels.map((line, v) => `d = v128.load(${v ? "(next += pixel)" : "next"});\n${line.map(([o, t]) => `v${o} = madd(d, w${t}, v${o});`).join("\n")}`).join("\n")}
      }
      const to = at(dx, c);
      const to1 = to + pair;
      const to2 = to1 + pair;
      const left = channels - c;
      if (left >= 4) {
        ${list(6, (o) => `v128.store(${to(o)}, v${o});`)}
      } else {
        ${list(6, (o) => `storeLanes(${to(o)}, v${o}, left);`)}
      }
    }
    count -= 3;
    if (count <= 0) return;
    const next = min(count, 3);
    dy += next * pixel;
    dx += next * pair;
  }
}
`;
}

/** One call for the bodies of stride and taps. */
export const choice = (name, args) => `
  if (s.taps > 5) ${name}OfMany(s, x, ${args});
  else if (s.stride == 1 && s.taps == 3) ${name}1x3(s, x, ${args});
  else if (s.stride == 1) ${name}1x5(s, x, ${args});
  else if (s.taps == 3) ${name}2x3(s, x, ${args});
  else ${name}2x5(s, x, ${args});`;

export default {
  fours: `${imports}${fours(1)}${fours(2)}${many}
export function rowFour(s: Sliding, x: usize, y: usize, blocks: i32): void {${choice("row", "y, blocks")}
}

export function edgeFour(s: Sliding, x: usize, y: usize, columns: i32): void {${choice("edge", "y, columns")}
}
`,
  blocks: imports + blocks(1, 4) + blocks(1, 2) + blocks(2, 2),
  "gradient-row":
    imports.replace("cut, madd", "madd, storeLanes").replace("CUT, most, ", "") +
    gradientRow(3) +
    gradientRow(5),
};
