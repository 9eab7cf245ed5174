// y[i] = f(x[i]) and y[i] = f(a[i], b[i]), the latter with NumPy's broadcasting.

import { erfc } from "./erf.js";
import { indexOf, stridesOf, values, type Values } from "./values.js";

interface Unary {
  x: Values;
}
interface Binary {
  a: Values;
  b: Values;
}

const map =
  (f: (x: number) => number) =>
  ({ x }: Unary): Values =>
    values(x.shape, (i) => f(x.data[i]!));

export const relu = map((x) => (x < 0 ? 0 : x));
export const sigmoid = map((x) => 1 / (1 + Math.exp(-x)));
export const tanh = map(Math.tanh);
export const logSigmoid = map((x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))));
export const exp = map(Math.exp);
export const log = map(Math.log);
export const sqrt = map(Math.sqrt);
export const abs = map(Math.abs);
export const neg = map((x) => -x);
const cut6 = (x: number): number => (x < 0 ? 0 : x > 6 ? 6 : x);
export const silu = map((x) => x / (1 + Math.exp(-x)));
export const gelu = map((x) => (x * erfc(-x / Math.SQRT2)) / 2);
export const geluTanh = map(
  (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
);
export const hardsigmoid = map((x) => cut6(x + 3) / 6);
export const hardswish = map((x) => (x * cut6(x + 3)) / 6);
export const relu6 = map(cut6);

export function leakyRelu({ x }: Unary, { negativeSlope }: { negativeSlope: number }): Values {
  return values(x.shape, (i) => (x.data[i]! > 0 ? x.data[i]! : x.data[i]! * negativeSlope));
}

export function elu({ x }: Unary, { alpha }: { alpha: number }): Values {
  return values(x.shape, (i) => (x.data[i]! > 0 ? x.data[i]! : alpha * Math.expm1(x.data[i]!)));
}

export function clamp({ x }: Unary, { min, max }: { min: number; max: number }): Values {
  return values(x.shape, (i) => Math.min(Math.max(x.data[i]!, min), max));
}

export function pow({ x }: Unary, { exponent }: { exponent: number }): Values {
  return values(x.shape, (i) => x.data[i]! ** exponent);
}

export function prelu({ x, weight }: { x: Values; weight: Values }): Values {
  const slope = (i: number): number => weight.data[i % weight.data.length]!;
  return values(x.shape, (i) => (x.data[i]! > 0 ? x.data[i]! : x.data[i]! * slope(i)));
}

export function affine({ x }: Unary, { scale, shift }: { scale: number; shift: number }): Values {
  return values(x.shape, (i) => x.data[i]! * scale + shift);
}

/** Position in x of the element that broadcasting puts at `index` of the result. */
function position(x: Values, index: readonly number[]): number {
  const lead = index.length - x.shape.length;
  const strides = stridesOf(x.shape);
  return x.shape.reduce((at, n, axis) => at + (n === 1 ? 0 : index[lead + axis]! * strides[axis]!), 0);
}

const zip =
  (f: (a: number, b: number) => number) =>
  ({ a, b }: Binary): Values => {
    const rank = Math.max(a.shape.length, b.shape.length);
    const shape = Array.from({ length: rank }, (_, axis) => {
      const m = a.shape[a.shape.length - rank + axis] ?? 1;
      const n = b.shape[b.shape.length - rank + axis] ?? 1;
      return m === 1 ? n : m;
    });
    return values(shape, (i) => {
      const index = indexOf(i, shape);
      return f(a.data[position(a, index)]!, b.data[position(b, index)]!);
    });
  };

export const add = zip((a, b) => a + b);
export const sub = zip((a, b) => a - b);
export const mul = zip((a, b) => a * b);
export const div = zip((a, b) => a / b);
export const maximum = zip(Math.max);
export const minimum = zip(Math.min);
export const greaterEqual = zip((a, b) => (a >= b ? 1 : 0));
export const greater = zip((a, b) => (a > b ? 1 : 0));
export const equal = zip((a, b) => (a === b ? 1 : 0));
export const keepWhere = zip((a, b) => (b !== 0 ? a : 0));

/** 32 bits of element i of the stream `seed`: MurmurHash3's finaliser applied twice to a seeded counter. */
function hash(i: number, seed: number): number {
  let x = (Math.imul(i, 0x9e3779b9) + seed) | 0;
  for (let round = 0; round < 2; round++) {
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
  }
  return x >>> 0;
}

/** Kept where 24 bits of the hash reach p. */
export function dropout({ x }: Unary, { p, seed }: { p: number; seed: number }): Values {
  const threshold = Math.floor(Math.fround(p) * 2 ** 24);
  return values(x.shape, (i) => (hash(i, seed) >>> 8 >= threshold ? x.data[i]! / (1 - p) : 0));
}
