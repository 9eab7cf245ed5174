// Writes the element-wise operations: each is a row of a table, with its expression for four values. Outputs may be
// the same array as an input. Reads whole vectors, up to three floats past the end of each array.

const typed = (names, type) => names.replace(/\w+/g, `$&: ${type},`);

/** A loop over contiguous arrays, X or DY and X, of which `value` computes y, with numbers that it has as vectors: x or dy, scale. */
const alike = ([name, what, value, arrays = "X", numbers = ""]) => {
  const loads = arrays.replace(/\w+/g, (p) => `const ${p.toLowerCase()} = v128.load(at(${p}, i));`);
  const long = /elu/.test(value); // one body is enough
  return `
/** y = ${what}. */
export function ${name}(${typed(arrays, "usize")} y: usize, ${typed(numbers, "f32")} begin: i32, end: i32): void {
  ${/gelu/.test(value) ? "setGelu();" : /sigmoid4|siluSlope/.test(value) ? "setSigmoid();" : ""}
  ${numbers.replace(/\w+/g, (n) => `const ${n.toLowerCase()} = f32x4.splat(${n});`)}
  let i = begin;
  ${
    long
      ? ""
      : `for (; i + 4 <= end; i += 4) {
    ${loads}
    v128.store(at(y, i), ${value});
  }`
  }
  ${long ? "for (; i < end; i += 4)" : "if (i < end)"} {
    ${loads}
    storeLanes(at(y, i), ${value}, end - i);
  }
}
`;
};

/** y is dx; x is the operation's input, or its output. */
const gradient = ([name, what, value]) => alike([`${name}Backward`, what, value, "DY X"]);

/**
 * Contiguous arrays (broadcast = 0), or rows of an array: a and b advance aRow and bRow floats from one row to the next, and aStep
 * and bStep (1, or 0 to repeat one value) from one column to the next. y is contiguous.
 */
const binary = ([name, what, value]) => `
/** y = ${what}; broadcast is 0 or the address of a Broadcast. */
export function ${name}(A: usize, B: usize, y: usize, broadcast: usize, begin: i32, end: i32): void {
  let columns = end, aRow = 0, bRow = 0, aStep = 1, bStep = 1;
  if (broadcast) {
    const s = changetype<Broadcast>(broadcast);
    columns = s.columns;
    aRow = s.aRow;
    bRow = s.bRow;
    aStep = s.aStep;
    bStep = s.bStep;
  }
  let row = columns ? begin / columns : 0;
  let i = begin - row * columns;
  y = at(y, row * columns);
  for (; begin < end; row++) {
    const P = at(A, row * aRow);
    const Q = at(B, row * bRow);
    const last = min(columns, i + end - begin);
    begin += last - i;
    if (aStep && bStep) {
      for (; i + 4 <= last; i += 4) {
        const a = v128.load(at(P, i)), b = v128.load(at(Q, i));
        v128.store(at(y, i), ${value});
      }
    } else {
      const one = v128.load32_splat(P);
      const other = v128.load32_splat(Q);
      for (; i + 4 <= last; i += 4) {
        const a = aStep ? v128.load(at(P, i)) : one, b = bStep ? v128.load(at(Q, i)) : other;
        v128.store(at(y, i), ${value});
      }
    }
    if (i < last) {
      const a = aStep ? v128.load(at(P, i)) : v128.load32_splat(P);
      const b = bStep ? v128.load(at(Q, i)) : v128.load32_splat(Q);
      storeLanes(at(y, i), ${value}, last - i);
    }
    i = 0;
    y = at(y, columns);
  }
}
`;

const UNARY = [
  ["relu", "max(x, 0); NaN stays NaN", "f32x4.pmax(x, f32x4.splat(0))"],
  ["sigmoid", "1 / (1 + e⁻ˣ)", "sigmoid4(x)"],
  ["tanh", "tanh(x)", "tanh4(x)"],
  ["exp", "eˣ", "exp4(x)"],
  ["log", "ln(x)", "log4(x)"],
  ["sqrt", "√x", "f32x4.sqrt(x)"],
  ["abs", "|x|", "f32x4.abs(x)"],
  ["neg", "−x", "f32x4.neg(x)"],
  ["relu6", "min(max(x, 0), 6)", "cut(x, f32x4.splat(6))"],
  ["silu", "x / (1 + e⁻ˣ)", "f32x4.mul(x, sigmoid4(x))"],
  ["gelu", "x·Φ(x)", "gelu4(x)"],
  ["geluTanh", "x·Φ(x) by way of tanh", "f32x4.mul(x, sigmoid4(geluCurve(x)))"],
  ["hardsigmoid", "min(max(x + 3, 0), 6) / 6", "gate(x)"],
  ["hardswish", "x · min(max(x + 3, 0), 6) / 6", "f32x4.mul(x, gate(x))"],
];

const GRADIENTS = [
  ["relu", "dy where relu's output is positive, else 0", "v128.and(dy, f32x4.gt(x, f32x4.splat(0)))"],
  [
    "sigmoid",
    "dy·s·(1 − s) of sigmoid's output s",
    "f32x4.mul(f32x4.mul(dy, x), f32x4.sub(f32x4.splat(1), x))",
  ],
  ["tanh", "dy·(1 − t²) of tanh's output t", "f32x4.mul(dy, f32x4.sub(f32x4.splat(1), f32x4.mul(x, x)))"],
  ["abs", "dy·sign(x), 0 at 0", "signed(dy, x)"],
  ["relu6", "dy where 0 < x < 6, else 0", "v128.and(dy, between(x, 0, 6))"],
  ["silu", "dy·s·(1 + x·(1 − s)) with s = 1 / (1 + e⁻ˣ)", "f32x4.mul(dy, siluSlope(x))"],
  ["gelu", "dy·(Φ(x) + x·Φ′(x))", "f32x4.mul(dy, geluSlope4(x))"],
  ["geluTanh", "dy times the slope of geluTanh", "f32x4.mul(dy, geluTanhSlope(x))"],
  [
    "hardsigmoid",
    "dy/6 where −3 < x < 3, else 0",
    "v128.and(f32x4.mul(dy, f32x4.splat(1.0 / 6.0)), between(x, -3, 3))",
  ],
  ["hardswish", "0 where x < −3, dy where x > 3, else dy·(x/3 + ½)", "hardswishGradient(dy, x)"],
];

const WITH_NUMBERS = [
  ["affine", "x·scale + shift", "madd(x, scale, shift)", "X", "SCALE SHIFT"],
  ["leakyRelu", "x where it is positive, else x·slope; NaN stays NaN", "leak(x, x, slope)", "X", "SLOPE"],
  ["leakyReluBackward", "dy where x is positive, else dy·slope", "leak(dy, x, slope)", "DY X", "SLOPE"],
  ["elu", "x where it is positive, else alpha·(eˣ − 1)", "elu4(x, alpha)", "X", "ALPHA"],
  ["eluBackward", "dy where x is positive, else dy·alpha·eˣ", "eluGradient(dy, x, alpha)", "DY X", "ALPHA"],
  ["fill", "value", "value", "", "VALUE"],
  ["clamp", "x cut to [low, high]; NaN stays NaN", "f32x4.min(f32x4.max(x, low), high)", "X", "LOW HIGH"],
];

const BINARY = [
  ["add", "a + b", "f32x4.add(a, b)"],
  ["sub", "a − b", "f32x4.sub(a, b)"],
  ["mul", "a · b", "f32x4.mul(a, b)"],
  ["div", "a / b", "f32x4.div(a, b)"],
  ["maximum", "max(a, b), NaN if either is", "f32x4.max(a, b)"],
  ["minimum", "min(a, b), NaN if either is", "f32x4.min(a, b)"],
  ["prelu", "a where it is positive, else a·b; NaN stays NaN", "leak(a, a, b)"],
  ["greaterEqual", "1 where a ≥ b, else 0", "v128.and(f32x4.splat(1), f32x4.ge(a, b))"],
  ["greater", "1 where a > b, else 0", "v128.and(f32x4.splat(1), f32x4.gt(a, b))"],
  ["equal", "1 where a = b, else 0", "v128.and(f32x4.splat(1), f32x4.eq(a, b))"],
  ["keepWhere", "a where b is not 0, else 0", "v128.and(a, f32x4.ne(b, f32x4.splat(0)))"],
];

/** Functions of kernels/elementwise/slopes.ts, and cut(), are parts of the loops. */
const inlined = (text) =>
  text.replace(
    /\b(cut|gate|sigmoid4|signed|between|leak|elu4|eluGradient|siluSlope|gelu4|geluSlope4|geluCurve|geluTanhSlope|hardswishGradient)\(((?:[^()]|\([^()]*\))*)\)/g,
    "inline.always($&)",
  );

export default {
  maps: inlined(`import { Broadcast } from "../../arguments";
import { exp4, gelu4, geluSlope4, log4, setGelu, setSigmoid, sigmoid4, tanh4 } from "../../math";
import { at, cut, madd, storeLanes } from "../../simd";
import { between, elu4, eluGradient, gate, geluCurve, geluTanhSlope, hardswishGradient, leak, signed, siluSlope } from "../slopes";
${[...UNARY, ...WITH_NUMBERS].map(alike).join("")}${GRADIENTS.map(gradient).join("")}${BINARY.map(binary).join("")}`),
};
