// Writes the transforms of Winograd's algorithms. Each is linear and goes one dimension at a time, four channels in a vector:
// first all lines of a tile in one direction, to scratch, then those in the other.
//
//   lift    Bᵀ  values of the input to values at the points       widen   G   taps of the kernel to values at the points
//   spread  A   values of a gradient to values at the points      narrow  Gᵀ  sums at the points to taps of a gradient
//   gather  Aᵀ  products at the points to values of the output
//
// Points 0, 1, −1, 2, −2, ∞. Where a direction of a tile is cut by one (three outputs instead of four), point −2 is left out; by
// two, 2 and −2. Rows of Bᵀ are M(x)/(x − p) for the points' polynomial M, times what makes all of them share the weights.
// The phases of stride 2 (winograd/points.ts) have points 0, 1, −1, 2, ∞, and where they are cut 2 is left out; an odd phase has no ∞.

/** Line by line `name = value`; d0, d1, … are what is read and y0, y1, … what is written. even: only unless the phase is odd. */
const lift = [
  `a = nmadd(four, d2, d4); b = nmadd(four, d1, d3); e = sub(d4, d2); f = sub(d3, d1);
   y0 = madd(four, d0, nmadd(five, d2, d4)); y1 = add(a, b); y2 = sub(a, b); y3 = madd(two, f, e); y4 = nmadd(two, f, e);
   y5 = madd(four, d1, nmadd(five, d3, d5))`,
  `a = mul(two, sub(d3, d1)); y0 = madd(four, sub(d0, d2), a); y1 = mul(three, sub(sub(d3, d2), add(d1, d1)));
   y2 = sub(madd(two, d1, d3), mul(three, d2)); y3 = add(a, a); y5 = sub(sub(d4, d2), a)`,
  `y0 = mul(four, sub(d0, d2)); y1 = mul(three, neg(add(d1, d2))); y2 = mul(three, sub(d1, d2)); y5 = sub(d3, d1)`,
];
const phaseLift = [
  `a = sub(d0, d2); u = sub(d1, d3); y0 = madd(half, u, a); y1 = madd(two, d1, sub(d2, d3));
   y2 = madd(third, madd(two, d1, d3), d2); y3 = u; even y4 = madd(two, u, sub(d4, d2))`,
  `y0 = sub(d0, d2); y1 = add(d1, d2); y2 = sub(d2, d1); even y4 = sub(d3, d1)`,
];
const spread = [
  `a = add(d0, d2); b = add(d1, d3); e = madd(four, d2, d0); f = madd(four, d3, d1);
   y0 = d0; y1 = add(a, b); y2 = sub(a, b); y3 = madd(two, f, e); y4 = nmadd(two, f, e); y5 = d3`,
  `a = add(d0, d2); y0 = d0; y1 = add(a, d1); y2 = sub(a, d1); y3 = madd(two, d1, madd(four, d2, d0)); y5 = d2`,
  `y0 = d0; y1 = add(d0, d1); y2 = sub(d0, d1); y5 = d1`,
];
const phaseSpread = [
  `a = add(d0, d2); b = add(d1, d3);
   y0 = d0; y1 = add(a, b); y2 = sub(a, b); y3 = madd(two, madd(four, d3, d1), madd(four, d2, d0)); y4 = d3`,
  `a = add(d0, d2); y0 = d0; y1 = add(a, d1); y2 = sub(a, d1); y4 = d2`,
];
const stemSpread = `a = add(d0, d2); e = madd(four, d2, d0); f = mul(two, d1);
  y0 = d0; y1 = add(a, d1); y2 = sub(a, d1); y3 = add(e, f); y4 = sub(e, f); y5 = d2`;
/** The middle of all outputs gets b if there is a bias. */
const middle = (b) =>
  `p = ${b ? `add(add(d1, d2), ${b})` : "add(d1, d2)"}; d = ${b ? `add(sub(d1, d2), ${b})` : "sub(d1, d2)"};`;
const gather = (b) => [
  `${middle(b)} r = add(d3, d4); e = sub(d3, d4); y0 = add(d0, add(p, r));
   y1 = madd(two, e, d); y2 = madd(four, r, p); y3 = add(madd(eight, e, d), d5)`,
  `${middle(b)} y0 = add(d0, add(p, d3)); y1 = madd(two, d3, d); y2 = add(madd(four, d3, p), d5)`,
  `${middle(b)} y0 = add(d0, p); y1 = add(d, d5)`,
];
const stemGather = (b) => `${middle(b)} r = add(d3, d4); e = sub(d3, d4); y0 = add(d0, add(p, r));
  y1 = madd(two, e, d); y2 = add(madd(four, r, p), d5)`;
const phaseGather = (b) => [
  `${middle(b)} y0 = add(d0, add(p, d3)); y1 = madd(two, d3, d); y2 = madd(four, d3, p);
   even y3 = add(madd(eight, d3, d), d4); odd y3 = madd(eight, d3, d)`,
  `${middle(b)} y0 = add(d0, p); y1 = d; even y2 = add(p, d4); odd y2 = p`,
];
const widen = `g = mul(sixth, add(d0, d2)); h = mul(sixth, d1); far = mul(twelfth, madd(quarter, d0, d2)); v = add(far, far);
  t = mul(twelfth, d1); y0 = mul(quarter, d0); y1 = add(g, h); y2 = sub(g, h); y3 = add(v, t); y4 = sub(v, t); y5 = d2`;
/** At 0, 1, −1 and ∞ only: small tiles have no other points. */
const smallWiden = `g = mul(sixth, add(d0, d2)); h = mul(sixth, d1); y0 = mul(quarter, d0); y1 = add(g, h); y2 = sub(g, h);
  y3 = d2`;
const stemWiden = `g = mul(sixth, add(d0, d2)); h = mul(sixth, add(d1, d3)); v = mul(far, madd(four, d2, d0));
  t = mul(far, mul(two, madd(four, d3, d1))); y0 = mul(quarter, d0); y1 = add(g, h); y2 = sub(g, h); y3 = add(v, t);
  y4 = sub(v, t); y5 = d3`;
/** Of the taps 0 and 2, the even phase, to 0 … 4; of tap 1, the odd one, to 5 … 8. */
const phaseWiden = `h = mul(half, d1); y0 = d0; y1 = mul(half, add(d0, d2)); y2 = mul(half, sub(d0, d2));
  y3 = mul(sixth, madd(two, d2, d0)); y4 = d2; y5 = d1; y6 = h; y7 = h; y8 = mul(sixth, d1)`;
const narrow = `near = mul(sixth, add(d1, d2)); far = mul(sixth, add(d3, d4)); y0 = add(near, mul(quarter, sub(d0, far)));
  y1 = madd(sixth, sub(d1, d2), mul(twelfth, sub(d3, d4))); y2 = add(sub(near, far), d5)`;
const stemNarrow = `a = mul(sixth, add(d1, d2)); d = mul(sixth, sub(d1, d2)); v = mul(far, add(d3, d4));
  e = mul(two, mul(far, sub(d3, d4))); y0 = add(madd(quarter, d0, a), v); y1 = add(d, e); y2 = madd(four, v, a);
  even y3 = add(madd(four, e, d), d5)`;
const phaseNarrow = `y0 = madd(half, add(d1, d2), madd(sixth, d3, d0));
  even y1 = madd(half, sub(d1, d2), madd(third, d3, d4))`;

const VALUES = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  eight: 8,
  quarter: 0.25,
  twelfth: "1 / 12",
  sixth: "-1 / 6",
};

/** Places of the values of a line: bytes apart in scratch, `step` apart, or offset from the addresses of a table. */
const spaced = (p, bytes) => ({
  load: (i) => `v128.load(${p}, ${i * bytes})`,
  store: (i, value) => `v128.store(${p}, ${value}, ${i * bytes});`,
});
const apart = (p, step) => {
  const place = (i) => (i ? `${p} + ${i} * ${step}` : p);
  return { load: (i) => `v128.load(${place(i)})`, store: (i, value) => `v128.store(${place(i)}, ${value});` };
};
const listed = (table, offset, bytes = 20) => {
  const place = (i) => `<usize>load<u32>(${table}, ${bytes * i}) + ${offset}`;
  return { load: (i) => `v128.load(${place(i)})`, store: (i, value) => `v128.store(${place(i)}, ${value});` };
};
/** As apart, address by address: V8 computes each multiple anew. */
const walked = (p, step) => {
  const place = (i) => (i ? `(walk += ${step})` : "walk");
  return {
    start: `let walk = ${p};`,
    load: (i) => `v128.load(${place(i)})`,
    store: (i, value) => `v128.store(${place(i)}, ${value});`,
  };
};
/** As apart, added to the existing values if `accumulate`. */
const added = (p, step) => {
  const { load, store } = apart(p, step);
  const sum = (i, value) => `let v${i} = ${value};\nif (accumulate) v${i} = f32x4.add(${load(i)}, v${i});\n`;
  return { load, store: (i, value) => `{\n${sum(i, value)}${store(i, `v${i}`)}\n}` };
};

/** The code of one line. `odd`: the variable that says whether the phase is. */
function line(formulas, from, to, odd) {
  const code = [from.start ?? "", to.start ?? ""];
  const read = new Set();
  const reading = (text) =>
    [...new Set(text.match(/\bd\d\b/g))]
      .sort()
      .filter((d) => !read.has(d))
      .map((d) => (read.add(d), `const ${d} = ${from.load(Number(d[1]))};`));
  if (from.start ?? to.start) code.push(...reading(formulas));
  for (const formula of formulas.split(";")) {
    const [, when, name, value] = /^\s*(even |odd |)(\w+) = (.*)$/s.exec(formula);
    const text = value.replace(/\b(add|sub|mul|neg)\(/g, "f32x4.$1(");
    const use = name[0] === "y" ? to.store(Number(name[1]), text) : `const ${name} = ${text};`;
    if (!when) code.push(...reading(value), use);
    else if (when === "odd ") code.push(`if (${odd}) ${use}`);
    else {
      const known = new Set(read);
      code.push(`if (!${odd}) {`, ...reading(value), use, "}");
      read.clear();
      known.forEach((d) => read.add(d));
    }
  }
  return code.filter(Boolean).join("\n");
}

/** Lines of which each may be cut by `cut`: the formulas' number. */
function lines(cut, formulas, from, to, odd) {
  if (typeof formulas === "string") return line(formulas, from, to, odd);
  const last = formulas.length - 1;
  const choice = (text, i) => `${i < last ? `if (${cut} == ${i}) ` : ""}{\n${line(text, from, to, odd)}\n}`;
  return formulas.map(choice).join(" else ");
}

const constants = (formulas) =>
  Object.entries({ ...VALUES, ...(formulas.values ?? {}) })
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(JSON.stringify(formulas)))
    .map(([name, value], i) => `const ${name} = constant(scratch, ${i}, ${value});`)
    .join("\n");

const CUTS = "cutRows: i32, cutColumns: i32, scratch: usize";

/** Whether a phase is odd, the table of places, and what lies between these and the phase's values. */
const PHASE = `const oddRow = phase >> 1;
  const oddColumn = phase & 1;
  const table = tableOf(points);
  let offset = <usize>(phasePlace(phase) * points.phaseBytes);`;

const STEPS = (of) => `const step = <usize>${of}.stepBytes;\nconst step6: usize = 6 * step;`;

/** For each column of points, but for those that cut tiles are without; without phases `next` goes from one to the next. */
const eachColumn = (cut, phases, next, then) => `
    for (let q: usize = 0; q < ${phases ? "<usize>(80 - 16 * oddColumn)" : 96}; q += 16${phases ? "" : `, ${next} += step`}) {
      ${cut ? `if (inline.always(leavesOut(${phases ? 5 : 6}, cutColumns, <i32>q >> 4))) continue;` : ""}
      const column = scratch + q;
      ${phases ? "const places = table + (q >> 2);" : ""}
      ${then}
    }`;

/** From the pixels of a tile to the points: those at the listed places, of one phase, or step bytes apart from `to` on. */
const toPoints = (name, rows, formulas, cut, phases) => {
  const far = rows === 6 && !cut ? walked : apart;
  const out = phases ? listed("places", "offset") : far("out", "step6");
  const stride = phases ? " * strip.stride" : "";
  return `
export function ${name}(x: usize, strip: Strip, channels: i32, ${phases ? "points: Points, phase: i32" : "v: Tiles, to: usize"}, ${cut ? CUTS : "scratch: usize"}): void {
  ${constants(formulas)}
  const rowBytes = <usize>(strip.rowBytes${stride});
  const pixel = <usize>(strip.pixelBytes${stride});
  const quad = <usize>${phases ? "points" : "v"}.quadBytes;
  ${phases ? PHASE : STEPS("v")}
  ${phases ? "x += <usize>(oddRow * strip.rowBytes + oddColumn * strip.pixelBytes);" : ""}
  for (let c = 0; c < channels; c += 4) {
    let from = x;
    for (let r: usize = 0; r < ${cut ? `<usize>(${rows} - cutRows${phases ? " - oddRow" : ""})` : rows} * 96; r += 96) {
      const row = scratch + r;
      ${lines("cutColumns", formulas, far("from", "pixel"), spaced("row", 16), "oddColumn")}
      from += rowBytes;
    }
    ${phases ? "" : "let out = to;"}
    ${eachColumn(cut, phases, "out", lines("cutRows", formulas, spaced("column", 96), out, "oddRow"))}
    x += 16;
    ${phases ? "offset" : "to"} += quad;
  }
}`;
};

/** From products to the pixels of a tile: of one phase, those at the listed places, or those step bytes apart from m on. */
const toPixels = (name, rows, formulas, cut, phases) => {
  const m = phases ? "offset" : "m";
  const params = phases
    ? `points: Points, phase: i32, y: usize, ${CUTS}`
    : `m: usize, y: usize${cut ? `, ${CUTS}` : ", scratch: usize"}`;
  const [first, second] = formulas;
  const from = phases ? listed("places", "offset") : apart("from", "step6");
  const stride = phases ? " * o.stride" : "";
  return `
export function ${name}(o: Outputs, ${params}): void {
  ${constants(second)}
  ${cut && !phases ? "const zero = f32x4.splat(0);" : ""}
  const row = <usize>(o.rowBytes${stride});
  const pixel = <usize>(o.pixelBytes${stride});
  const jump = <usize>(o.panelBytes - (o.panelChannels << 2));
  const channels = o.channels;
  const bias = o.bias;
  ${phases ? PHASE : STEPS("o")}
  let b = f32x4.splat(0);
  let lane = 0;
  for (let c = 0; c < channels; c += 4) {
    ${phases ? "" : "let from = m;"}
    ${eachColumn(cut, phases, "from", lines("cutRows", first, from, spaced("column", 96), "oddRow"))}
    if (bias) b = v128.load(at(bias, c));
    let to = at(y, c);
    let line = scratch;
    for (let h = 0; h < ${rows}${cut ? " - cutRows" : ""}; h++) {
      ${lines("cutColumns", second, spaced("line", 16), apart("to", "pixel"), "oddColumn")}
      line += 96;
      to += row;
    }
    ${m} += 16;
    lane += 4;
    if (lane == o.panelChannels) {
      lane = 0;
      ${m} += jump;
    }
  }
}`;
};

/** From T×T taps, tap bytes apart, to P×P points, step bytes apart. */
const weightsToPoints = (name, T, P, formulas) => `
export function ${name}(taps: usize, tap: usize, u: usize, step: usize, vectors: i32, scratch: usize): void {
  ${constants(formulas)}
  for (let k = 0; k < vectors; k++) {
    let from = at(taps, 4 * k);
    for (let q: usize = 0; q < ${16 * T}; q += 16, from += tap) {
      const to = scratch + q;
      ${line(formulas.line, apart("from", `${T} * tap`), spaced("to", 16 * T))}
    }
    let out = at(u, 4 * k);
    for (let r: usize = 0; r < ${P * 16 * T}; r += ${16 * T}, out += ${P} * step) {
      const row = scratch + r;
      ${line(formulas.line, spaced("row", 16), apart("out", "step"))}
    }
  }
}`;

/** From 3×3 taps to the places of the points of all four phases. */
const weightsToPhases = (name, formulas) => {
  const [even, odd] = [listed("places", "even", 4), listed("places", "odd", 4)];
  const to = { store: (i, value) => (i < 5 ? even.store(i, value) : odd.store(i - 5, value)) };
  return `
export function ${name}(taps: usize, tap: usize, points: Points, offset: usize, vectors: i32, scratch: usize): void {
  ${constants(formulas)}
  const table = tableOf(points);
  for (let k = 0; k < vectors; k++) {
    for (let q: usize = 0; q < 3; q++) {
      const from = taps + q * tap;
      const to = scratch + 16 * q;
      ${line(formulas.line, apart("from", "3 * tap"), spaced("to", 48))}
    }
    for (let r = 0; r < 9; r++) {
      const oddRow = i32(r > 4);
      const places = table + <usize>(20 * (r - 5 * oddRow));
      const even = offset + <usize>(inline.always(phasePlace(2 * oddRow)) * points.phaseBytes);
      const odd = offset + <usize>(inline.always(phasePlace(2 * oddRow + 1)) * points.phaseBytes);
      const row = scratch + <usize>(48 * r);
      ${line(formulas.line, spaced("row", 16), to)}
    }
    taps += 16;
    offset += 16;
  }
}`;
};

/** From sums at P×P points, step bytes apart, to the taps of a weight gradient: one phase of them, the first at dw. */
const sumsToTaps = (name, P, T, kernel, formulas) => {
  const apartTaps = kernel === T ? 1 : 2;
  const [oddRow, oddColumn] = apartTaps === 2 ? [" - oddRow", " - oddColumn"] : ["", ""];
  return `
export function ${name}(s: Winograd, sums: usize, step: usize, dw: usize, ${apartTaps === 2 ? "phase: i32, " : ""}vectors: i32, scratch: usize): void {
  ${constants(formulas)}
  const tap = <usize>(${apartTaps} * ((s.channels * s.outChannels) << 2));
  ${apartTaps === 2 ? "const oddRow = phase >> 1;\nconst oddColumn = phase & 1;" : ""}
  ${P === 5 ? "const accumulate = s.accumulate;" : ""}
  for (let k = 0; k < vectors; k++) {
    let from = at(sums, 4 * k);
    ${P === 6 ? "if (s.groups > 1) addGroups(s, from, step);" : ""}
    for (let q: usize = 0; q < <usize>(${P}${P === 5 ? oddColumn : ""}); q++, from += step) {
      const to = scratch + 16 * q;
      ${line(formulas.line, apart("from", `${P} * step`), spaced("to", 96), "oddRow")}
    }
    let out = at(dw, 4 * k);
    for (let p = 0; p < ${T}${oddRow}; p++, out += ${kernel} * tap) {
      const row = scratch + <usize>(96 * p);
      ${line(formulas.line, spaced("row", 16), (P === 5 ? added : apart)("out", "tap"), "oddColumn")}
    }
  }
}`;
};

const phaseValues = { half: -0.5, third: "-1 / 3" };
const stemValues = { far: "1 / 24" };

export default {
  transforms: `// See ../transforms.template.mjs.

import { Winograd } from "../../shapes";
import { at, madd, nmadd } from "../../simd";
import { constant, Outputs, Points, tableOf, Tiles } from "../places";
import { leavesOut, phasePlace } from "../points";
import { addGroups } from "../tile-products";
import { Strip } from "../strip";
${[
  toPoints("liftFullTile", 6, lift[0]),
  toPoints("liftCutTile", 6, lift, true),
  toPoints("spreadFullTile", 4, spread[0]),
  toPoints("spreadCutTile", 4, spread, true),
  toPoints("spreadStemTile", 3, stemSpread),
  toPoints("liftPhase", 5, Object.assign(phaseLift, { values: phaseValues }), true, true),
  toPoints("spreadPhase", 4, phaseSpread, true, true),
  toPixels("gatherFullTile", 4, [gather("")[0], gather("b")[0]]),
  toPixels("gatherCutTile", 4, [gather("zero"), gather("b")], true),
  toPixels("gatherStemTile", 3, [stemGather(""), stemGather("b")]),
  toPixels("gatherPhase", 4, [phaseGather(""), phaseGather("b")], true, true),
  weightsToPoints("widenTaps", 3, 6, { line: widen }),
  weightsToPoints("widenSmallTaps", 3, 4, { line: smallWiden }),
  weightsToPoints("widenStemTaps", 4, 6, { line: stemWiden, values: stemValues }),
  weightsToPhases("widenPhases", { line: phaseWiden, values: { half: 0.5 } }),
  sumsToTaps("narrowSums", 6, 3, 3, { line: narrow }),
  sumsToTaps("narrowStemSums", 6, 4, 7, { line: stemNarrow, values: stemValues }),
  sumsToTaps("narrowPhase", 5, 2, 3, { line: phaseNarrow, values: { half: 0.5, third: "-1 / 3" } }),
].join("\n")}
`,
};
