// The networks that a JavaScript peer trains, described once in terms of its operations. They are fovea's own (src/models):
// the same layers, and parameters in the order of model.parameters(). check.ts compares them.

import { randomFloats } from "../workload.js";
import { sizeOf } from "./library.js";

/** A peer's operations on images of its own layout. In jax-js an operation consumes its arguments. */
export interface Operations<T> {
  /** Takes over a parameter in fovea's layout, [kh, kw, in, out] or [out, in] or one axis; what it returns gives it for one use. */
  parameter(shape: readonly number[], values: Float32Array): () => T;
  /** x for one more use. */
  keep(x: T): T;
  conv(x: T, w: T, stride: number, padding: number): T;
  /** Adds b, one number per channel. */
  bias(x: T, b: T): T;
  /** Batch norm, in training with the batch's statistics. Running ones, a hundred numbers per layer, are not kept. */
  norm(x: T, weight: T, bias: T): T;
  /** x·wᵀ + b */
  linear(x: T, w: T, b: T): T;
  relu(x: T): T;
  add(x: T, y: T): T;
  /** For values ≥ 0, so padding may be 0. */
  maxPool(x: T, kernel: number, stride: number, padding: number): T;
  /** Every second row and column, `more` zero channels before and as many after. */
  subsample(x: T, more: number): T;
  globalPool(x: T): T;
  /** [n, features], channels outermost. */
  flatten(x: T): T;
}

export type Forward<T> = (x: T) => T;

/** Layers with their own parameters, in PyTorch's initial range. */
class Layers<T> {
  readonly ops: Operations<T>;
  #seed = 10;

  constructor(ops: Operations<T>) {
    this.ops = ops;
  }

  #uniform(shape: readonly number[], bound: number): () => T {
    const values = randomFloats(sizeOf(shape), this.#seed++);
    return this.ops.parameter(
      shape,
      values.map((v) => v * bound),
    );
  }

  conv(from: number, to: number, kernel: number, stride = 1, padding = (kernel - 1) / 2): Forward<T> {
    const w = this.#uniform([kernel, kernel, from, to], 1 / Math.sqrt(kernel * kernel * from));
    return (x) => this.ops.conv(x, w(), stride, padding);
  }

  bias(channels: number, fan: number): Forward<T> {
    const b = this.#uniform([channels], 1 / Math.sqrt(fan));
    return (x) => this.ops.bias(x, b());
  }

  norm(channels: number): Forward<T> {
    const weight = this.ops.parameter([channels], new Float32Array(channels).fill(1));
    const bias = this.ops.parameter([channels], new Float32Array(channels));
    return (x) => this.ops.norm(x, weight(), bias());
  }

  linear(from: number, to: number): Forward<T> {
    const w = this.#uniform([to, from], 1 / Math.sqrt(from));
    const b = this.#uniform([to], 1 / Math.sqrt(from));
    return (x) => this.ops.linear(x, w(), b());
  }

  /** Two convolutions beside a shortcut: a projection, or where `project` is not, every second pixel (option A). */
  block(from: number, to: number, stride: number, project: boolean): Forward<T> {
    const { ops } = this;
    const first = sequence(this.conv(from, to, 3, stride), this.norm(to), ops.relu);
    const second = sequence(this.conv(to, to, 3), this.norm(to));
    let shortcut: Forward<T> = (x) => x;
    if (from !== to) {
      shortcut = project
        ? sequence(this.conv(from, to, 1, stride), this.norm(to))
        : (x) => ops.subsample(x, (to - from) / 2);
    }
    return (x) => ops.relu(ops.add(second(first(ops.keep(x))), shortcut(x)));
  }

  /** Stages of `depth` blocks, each at half the size of the one before, and the classifier. */
  stages(widths: readonly number[], depth: number, project: boolean, classes: number): Forward<T> {
    const blocks = widths.flatMap((width, stage) =>
      Array.from({ length: depth }, (_, i) => {
        const enters = stage > 0 && i === 0;
        return this.block(enters ? widths[stage - 1]! : width, width, enters ? 2 : 1, project);
      }),
    );
    return sequence(...blocks, this.ops.globalPool, this.linear(widths.at(-1)!, classes));
  }
}

function sequence<T>(...layers: Forward<T>[]): Forward<T> {
  return (x) => layers.reduce((y, layer) => layer(y), x);
}

function lenet5<T>(layers: Layers<T>, classes: number): Forward<T> {
  const { relu, flatten, maxPool } = layers.ops;
  const pool: Forward<T> = (x) => maxPool(x, 2, 2, 0);
  const conv = (from: number, to: number, padding: number): Forward<T> =>
    sequence(layers.conv(from, to, 5, 1, padding), layers.bias(to, 25 * from), relu, pool);
  const features = sequence(conv(1, 6, 2), conv(6, 16, 0), flatten);
  return sequence(features, layers.linear(400, 120), relu, layers.linear(120, 84), relu, layers.linear(84, classes));
} // prettier-ignore

function resnet20<T>(layers: Layers<T>, classes: number): Forward<T> {
  const stem = sequence(layers.conv(3, 16, 3), layers.norm(16), layers.ops.relu);
  return sequence(stem, layers.stages([16, 32, 64], 3, false, classes));
}

function resnet18<T>(layers: Layers<T>, classes: number): Forward<T> {
  const { relu, maxPool } = layers.ops;
  const stem = sequence(layers.conv(3, 64, 7, 2), layers.norm(64), relu, (x: T) => maxPool(x, 3, 2, 1));
  return sequence(stem, layers.stages([64, 128, 256, 512], 2, true, classes));
}

/** The network, making its parameters at once, or the reason why there is none. */
export function network<T>(ops: Operations<T>, model: string, classes: number): Forward<T> | string {
  const layers = new Layers(ops);
  switch (model) {
    case "lenet5":
      return lenet5(layers, classes);
    case "resnet20_cifar":
      return resnet20(layers, classes);
    case "resnet18":
      return resnet18(layers, classes);
    default:
      return `${model} is not written for it`;
  }
}
