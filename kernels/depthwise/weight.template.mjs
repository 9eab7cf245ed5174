// Writes the bodies of the weight gradient of depthwise convolutions that do several outputs at once: a pixel is loaded once for all
// whose windows it lies in (see outputs.template.mjs), and goes, times the output's gradient d, to the sum of the tap where it lies. For
// four outputs with three taps and stride 1 the lines of pixel 2 are
//
//   v = v128.load(from);
//   a2 = madd(v, d0, a2);
//   a1 = madd(v, d1, a1);
//   a0 = madd(v, d2, a0);

import { choice, list, manyPixels, pixels, touches } from "./outputs.template.mjs";

const imports = `import { at, madd } from "../../simd";
`;

/** Four outputs of a row: their gradients stay in registers while the rows of taps pass, each of which gets its part of the sums. */
const fourOutputs = (head, rowOfTaps) => `
function ${head}s: WeightSums, x: usize, dy: usize, columns: i32, done: i32): void {
  const count = s.count;
  const pixel = s.pixel;
  const xRow = s.xRow;
  const rows = s.rows;
  const sumsNext = s.sumsNext;
  let sums = s.rowSums;
  for (let c = 0; c < count; c += 4) {
    let from = at(dy, c);
    let d0 = v128.load(from);
    let d1 = v128.load((from += pixel));
    let d2 = v128.load((from += pixel));
    const d3 = v128.load(from + pixel);
    if (EDGE && done > 0) d0 = f32x4.splat(0);
    if (EDGE && done > 1) d1 = f32x4.splat(0);
    if (EDGE && done > 2) d2 = f32x4.splat(0);
    let to = sums;
    let row = at(x, c);
    for (let p = 0; p < rows; p++) {
      let v: v128;
      ${rowOfTaps}
      row += xRow;
    }
    sums += sumsNext;
  }
}`;

const fours = (stride) => `${fourOutputs(
  `fours${stride}(TAPS: i32, EDGE: bool, `,
  `let a0 = v128.load(to);
      let a1 = v128.load(to, 16);
      let a2 = v128.load(to, 32);
      let a3 = a2, a4 = a2;
      if (TAPS > 3) a3 = v128.load(to, 48);
      if (TAPS > 3) a4 = v128.load(to, 64);
      from = row;
      ${pixels(stride, "v = v128.load(from);", (j, t) => `a${t} = madd(v, d${j}, a${t});`, "from += pixel;")}
      v128.store(to, a0);
      v128.store(to, a1, 16);
      v128.store(to, a2, 32);
      if (TAPS > 3) v128.store(to, a3, 48);
      if (TAPS > 3) v128.store(to, a4, 64);
      to += 16 * TAPS;`,
)}
${[3, 5]
  .map(
    (taps) => `
function four${stride}x${taps}(s: WeightSums, x: usize, dy: usize): void {
  inline.always(fours${stride}(${taps}, false, s, x, dy, 0, 0));
}
function edge${stride}x${taps}(s: WeightSums, x: usize, dy: usize, columns: i32, done: i32): void {
  inline.always(fours${stride}(${taps}, true, s, x, dy, columns, done));
}
`,
  )
  .join("")}`;

/** As many taps as s says, from 4 on: a sum is loaded where its first output comes, and stored after its last. */
const many = `${fourOutputs(
  "foursOfMany(EDGE: bool, ",
  `const taps = s.taps;
      const step = pixel;
      let next = row;
      let sum = to;
      ${manyPixels(
        "v = v128.load(next);",
        (j, r) => `${r} = madd(v, d${j}, ${r});`,
        (r) => `${r} = v128.load(sum);\nsum += 16;`,
        (r) => `v128.store(to, ${r});\nto += 16;`,
      )}`,
)}
function fourOfMany(s: WeightSums, x: usize, dy: usize): void {
  inline.always(foursOfMany(false, s, x, dy, 0, 0));
}
function edgeOfMany(s: WeightSums, x: usize, dy: usize, columns: i32, done: i32): void {
  inline.always(foursOfMany(true, s, x, dy, columns, done));
}
`;

/** A run of outputs of a row: the nine sums of 3 × 3 taps stay in registers while they pass, two outputs at a time. */
function run(stride) {
  const place = (p, v) => (v ? `x${p} + ${["", "pixel", "second", "third", "fourth"][v]}` : `x${p}`);
  const three = (line) => list(3, line);
  /** What one output gives whose columns first to last lie in the image. */
  const alone = (first, last) =>
    three((p) =>
      list(
        last - first,
        (v) => `a${3 * p + first + v} = madd(v128.load(${place(p, first + v)}), d0, a${3 * p + first + v});`,
      ),
    );
  const next = `dy += pixel;\n${three((p) => `x${p} += step;`)}`;
  const two = touches(stride, 2, 3);
  return `
/**
 * A run of outputs: one whose first column of x lies outside the image if \`left\`, \`inside\` within it, one whose last column lies
 * outside if \`right\`. k: bytes from where the rows of x that meet each row of taps begin to where the run does;
 * dy: the first output.
 */
export function weightRun${stride}(s: WeightSums, k: usize, dy: usize, left: bool, inside: i32, right: bool): void {
  const pixel = s.pixel;
  const channels = s.count;
  ${three((p) => `let s${p} = tapRow(s, ${p}).sums;\nconst from${p} = tapRow(s, ${p}).x + k;\nconst next${p} = tapRow(s, ${p}).next;`)}
  const first = dy;
  for (let c = 0; c < channels; c += 4) {
    let dy = at(first, c);
    let count = inside;
    ${three((p) => `let x${p} = at(from${p}, c);`)}
    ${list(9, (i) => `let a${i} = v128.load(s${(i / 3) | 0}, ${16 * (i % 3)});`)}
    const second = pixel + pixel;
    const third = second + pixel;
    const fourth = second + second;
    const step = ${stride === 1 ? "pixel" : "second"};
    const steps = ${stride === 1 ? "second" : "fourth"};
    if (left) {
      const d0 = v128.load(dy);
      ${alone(1, 3)}
      ${next}
    }
    for (; count > 1; count -= 2) {
      const d0 = v128.load(dy);
      const d1 = v128.load(dy + pixel);
      dy += second;
      let v: v128;
      ${three(
        (p) => `${two
          .map(
            (to, q) =>
              `v = v128.load(${place(p, q)});\n${to.map(([j, t]) => `a${3 * p + t} = madd(v, d${j}, a${3 * p + t});`).join("\n")}`,
          )
          .join("\n")}
      x${p} += steps;`,
      )}
    }
    // What is left: an output inside, and one whose last column is not.
    if (count > 0) {
      const d0 = v128.load(dy);
      ${alone(0, 3)}
      ${next}
    }
    if (right) {
      const d0 = v128.load(dy);
      ${alone(0, 2)}
    }
    ${list(9, (i) => `v128.store(s${(i / 3) | 0}, a${i}, ${16 * (i % 3)});`)}
    ${three((p) => `s${p} += next${p};`)}
  }
}
`;
}

export default {
  "weight-fours": `${imports}import { WeightSums } from "../sliding";
${fours(1)}${fours(2)}${many}
/**
 * Adds what four outputs give to the sums. Of the first and last taps/2 columns of x only those with a bit in \`columns\` lie in the
 * image (columns = 0: all do), and the first \`done\` outputs are in the sums already. x, dy: the first pixel.
 */
export function weightFour(s: WeightSums, x: usize, dy: usize, columns: i32, done: i32): void {
  if (columns == 0) {${choice("four", "dy")}
  } else {${choice("edge", "dy, columns, done")}
  }
}
`,
  "weight-run": `${imports}import { tapRow, WeightSums } from "../sliding";\n${run(1)}${run(2)}`,
};
