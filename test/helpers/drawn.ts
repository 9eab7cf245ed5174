// Numbers and weights that the scripts in test/golden draw by the same formula.

import type { StateDict } from "../../src/index.js";
import { Dropout, StochasticDepth, type Module } from "../../src/nn/index.js";

/** Element i is a hash of (seed, i), in [−1, 1), a whole number of 2⁻²³: float32 holds it as it is. */
export function drawInto(seed: number, out: Float32Array): Float32Array {
  const start = (Math.imul(seed, 0x85ebca77) + 12345) | 0;
  for (let i = 0; i < out.length; i++) {
    let x = (Math.imul(i, 0x9e3779b1) + start) | 0;
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    x ^= x >>> 15;
    out[i] = (x >>> 8) / 2 ** 23 - 1;
  }
  return out;
}

/** The seed of a tensor of this name: FNV-1a. */
export function seedOf(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h & 0xffff;
}

interface Entry {
  name: string;
  shape: number[];
}

/** Names and shapes of all that a model's files hold. */
export function entriesOf(model: Module): Entry[] {
  const tensors = [...model.namedParameters(), ...model.namedBuffers()];
  return tensors.map(([name, t]) => ({
    name,
    shape: t.fileAxes ? t.fileAxes.map((a) => t.shape[a]!) : [...t.shape],
  }));
}

/**
 * Weights within ±√(6 / inputs of an output); normalisation near the identity, for training with values far from 0, where
 * ReLUs have their kink: fill() of models.py, which says more.
 */
export function drawnState(model: Module, training = false): StateDict {
  return drawnTensors(entriesOf(model), training);
}

/** drawnState() of tensors by their names and shapes. */
export function drawnTensors(entries: readonly Entry[], training = false): StateDict {
  const state: StateDict = new Map();
  const names = new Set(entries.map(({ name }) => name));
  const vectorOf = (name: string): ((v: number) => number) => {
    if (name.endsWith("running_var")) return (v) => 1 + 0.5 * v;
    if (training && name.endsWith("weight")) return (v) => 0.25 + 0.05 * v;
    if (training && names.has(name.replace(/bias$/, "running_mean")) && name.endsWith("bias")) {
      const allAbove = /(bn2|bn3|downsample\.\d)\.bias$/.test(name);
      return (v) => (v < -0.5 && !allAbove ? -1 : 1) + 0.2 * v;
    }
    const shift = name.endsWith("weight") ? 1 : 0;
    return (v) => shift + 0.2 * v;
  };
  for (const { name, shape } of entries) {
    if (name.endsWith("num_batches_tracked")) continue;
    const size = shape[0] ?? 1;
    const data =
      shape.length > 1
        ? weight(name, shape)
        : drawInto(seedOf(name), new Float32Array(size)).map(vectorOf(name));
    state.set(name, { dtype: "F32", shape, data });
  }
  return state;
}

const kept = new Map<string, Float32Array>();

/** Within ±√(6 / inputs of an output). The largest is kept: the VGG have the same hundred million in their first linear layer. */
function weight(name: string, shape: readonly number[]): Float32Array {
  const title = `${name} ${shape}`;
  const before = kept.get(title);
  if (before) return before;
  const size = shape.reduce((a, b) => a * b);
  const data = drawInto(seedOf(name), new Float32Array(size));
  multiply(data, Math.sqrt(6 / (size / shape[0]!)));
  if (size > 1e8) kept.set(title, data);
  return data;
}

/** A function of its own, which stays a fast loop whatever its caller does. */
function multiply(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}

/** Switches off what is random in training. */
export function dropoutOff(model: Module): void {
  for (const m of model.modules()) {
    if (m instanceof Dropout || m instanceof StochasticDepth) (m as { p: number }).p = 0;
  }
}
