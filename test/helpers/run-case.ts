// From a row of the case table to numbers, to the op's result, and to the reference's.

import { expect } from "vitest";
import { leakReport, tensor, tidy, type AnyTensor, type DType } from "../../src/index.js";
import { registeredOps } from "../../src/core/op.js";
import { memoryStats } from "../../src/wasm/runtime.js";
import type { Case, OpCases } from "../cases/index.js";
import type { Input } from "../cases/types.js";
import { referenceOf, type Values } from "../reference/index.js";
import { sizeOf } from "../reference/values.js";
import { draw, drawIntegers } from "./random.js";

/** The numbers of one tensor, as f32 or i32 holds them. */
export interface Numbers {
  shape: readonly number[];
  dtype: DType;
  data: Float32Array | Int32Array;
}

export interface Drawn {
  inputs: Record<string, Numbers>;
  state: Record<string, Numbers>;
}

function numbersOf(suite: OpCases, c: Case, name: string, input: Input): Numbers {
  const spec = "shape" in input ? input : { shape: input };
  const dtype = suite.dtypes?.[name] ?? "f32";
  const seed = `${suite.op} ${c.name} ${name}`;
  const n = sizeOf(spec.shape);
  if (dtype === "i32") {
    const x = c.inputs["x"]!;
    const axis = suite.labelsBelow === "axis" ? (c.attrs!["axis"] as number) : suite.labelsBelow!;
    const below = ("shape" in x ? x.shape : x)[axis]!;
    return { shape: spec.shape, dtype, data: Int32Array.from(drawIntegers(seed, n, below)) };
  }
  const values = spec.values ?? draw(spec.draw ?? suite.draw?.[name] ?? "normal", seed, n);
  return { shape: spec.shape, dtype, data: Float32Array.from(values) };
}

/** The numbers of a case: the same on every call, to be read only. */
export const drawCase = once((suite: OpCases, c: Case): Drawn => {
  const all = (inputs: Case["inputs"]): Record<string, Numbers> =>
    Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, numbersOf(suite, c, name, x)]));
  return { inputs: all(c.inputs), state: all(c.state ?? {}) };
});

function mapValues<T, U>(record: Record<string, T>, f: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}

export interface Result {
  y: Numbers;
  /** What the op left in its state. */
  state: Record<string, Float32Array | Int32Array>;
  /** By input; those that were asked for. */
  gradients: Record<string, Float32Array>;
}

/** Applies the op, and, given dy, differentiates it with respect to every differentiable input. */
export function applyOp(suite: OpCases, c: Case, { inputs, state }: Drawn, dy?: Float32Array): Result {
  const op = registeredOps().get(suite.op)!;
  const before = memoryStats();
  const result = tidy((): { result: Result } => {
    const requires = (name: string): boolean => dy !== undefined && op.differentiable.includes(name);
    const tensors = mapValues(inputs, (x, name) => tensor(x.data, x.shape, { requiresGrad: requires(name) }));
    const states = mapValues(state, (x) => tensor(x.data, x.shape));
    const y = op.apply(tensors, { ...c.attrs, ...states });
    if (dy) y.backward(tensor(dy, y.shape));
    const copy = (t: AnyTensor) => t.data() as Float32Array | Int32Array;
    const gradients = Object.entries(tensors).filter(([, t]) => t.grad);
    for (const [name, t] of gradients) {
      expect(t.grad!.shape, `shape of the gradient of ${name}`).toEqual(t.shape);
    }
    return {
      result: {
        y: { shape: y.shape, dtype: y.dtype, data: copy(y) },
        state: mapValues(states, copy),
        gradients: Object.fromEntries(gradients.map(([name, t]) => [name, t.grad!.data() as Float32Array])),
      },
    };
  });
  const { bytesInUse } = memoryStats();
  expect(bytesInUse, `bytes in use; live: ${JSON.stringify(leakReport().live)}`).toBe(before.bytesInUse);
  return result.result;
}

/** The same numbers in float64. */
export function toValues({ shape, data }: Numbers): Values {
  return { shape, data: Float64Array.from(data) };
}

/** The reference's result, and what it leaves in its state. */
export function applyReference(
  suite: OpCases,
  c: Case,
  inputs: Record<string, Values>,
  { state }: Drawn,
): { y: Values; state: Record<string, Values> } {
  const states = mapValues(state, toValues);
  const y = referenceOf(suite.op)(inputs, { ...c.attrs, ...states });
  return { y, state: states };
}

/** f, computed once for each case of each op. */
export function once<T>(f: (suite: OpCases, c: Case) => T): (suite: OpCases, c: Case) => T {
  const known = new Map<string, T>();
  return (suite, c) => {
    const key = `${suite.op} ${c.name}`;
    if (!known.has(key)) known.set(key, f(suite, c));
    return known.get(key)!;
  };
}

/** The reference's result of a case. */
export const expected = once((suite: OpCases, c: Case) => {
  const drawn = drawCase(suite, c);
  return applyReference(suite, c, mapValues(drawn.inputs, toValues), drawn);
});
