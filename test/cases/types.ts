// The case table: for every op the shapes and attributes that forward tests, gradient tests and benchmarks run.

import type { DType } from "../../src/core/tensor.js";
import type { Draw } from "../helpers/random.js";

/** A shape, drawn as the op says; or a shape with its own draw, or with its values. */
export type Input = readonly number[] | Spec;

export interface Spec {
  shape: readonly number[];
  draw?: Draw;
  values?: readonly number[];
}

/** Which algorithm runs each pass of an op that has several. */
export interface Algorithms {
  /** Forward while gradients are recorded. */
  forward: string;
  /** Forward without: transformed weights are kept. */
  inference: string;
  /** The gradient of the input. */
  data: string;
  weight: string;
}

export interface Case {
  name: string;
  inputs: Readonly<Record<string, Input>>;
  attrs?: Readonly<Record<string, unknown>>;
  /** Tensors among the attributes, which the op may overwrite. */
  state?: Readonly<Record<string, Input>>;
  /** What this row is there to run; the row fails where something else runs. */
  algorithms?: Algorithms;
  /** false: values at which there is no derivative to compare with. */
  gradient?: false;
}

export interface OpCases {
  op: string;
  cases: readonly Case[];
  /** How inputs are drawn; "normal" by default. */
  draw?: Readonly<Record<string, Draw>>;
  /** dtypes other than f32. */
  dtypes?: Readonly<Record<string, DType>>;
  /** i32 inputs are drawn below the size of this axis of x; "axis": of the one that attrs name. */
  labelsBelow?: number | "axis";
  /** Largest error of the forward, in units of |expected| + rms(expected). */
  tolerance: number;
  /** The same with Winograd's algorithm, for the op that has it. */
  fastTolerance?: number;
  /** The op runs on the register tiles, each of which is tested. */
  tiled?: true;
}

/** Sizes around a tile or vector of n elements. */
export function around(n: number): number[] {
  return [1, n - 1, n, n + 1, 2 * n + 3];
}
