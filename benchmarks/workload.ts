// The suites' workloads, described so that fovea and its peers can each build them.

import { Random } from "../src/index.js";

/** A convolution of NHWC images; padding is (kernel − 1) / 2, so stride 1 keeps the size. */
export interface ConvSpec {
  op:
    | "conv2d"
    | "conv2dBackwardData"
    | "conv2dBackwardWeight"
    | "depthwise"
    | "depthwiseBackwardData"
    | "depthwiseBackwardWeight";
  batch: number;
  height: number;
  width: number;
  channels: number;
  outChannels: number;
  kernel: number;
  stride: number;
  padding: number;
  groups: number;
}

/** A model from the registry on one batch: forward, backward and the optimizer's update, or only forward. */
export interface ModelSpec {
  model: string;
  batch: number;
  inputSize: readonly [height: number, width: number, channels: number];
  classes: number;
  optimizer: "adam" | "sgd";
}

export type Workload =
  | { kind: "gemm"; n: number }
  | ({ kind: "conv" } & ConvSpec)
  | ({ kind: "train" | "infer" } & ModelSpec)
  | { kind: "own" }; // only for fovea

/** Work ready to be timed. */
export interface Prepared {
  /** Does the work once. Its result goes to the sink, so that no engine can leave the work out. */
  run(): number;
  dispose(): void;
}

export interface Algorithms {
  /** The default algorithm. */
  chosen: string;
  /** All that can do it, in the table's order. */
  fitting: string[];
}

export interface Case {
  suite: string;
  name: string;
  workload: Workload;
  /** Floating-point operations of one run, counted as the textbook does, whatever the algorithm. */
  flops?: number;
  /** Bytes that one run reads and writes at least. */
  bytes?: number;
  /** For convolutions: the rows of src/ops/conv/table.ts that can compute it. */
  algorithms?(): Algorithms;
  /** fovea's implementation; `algorithm`: the one of `algorithms` to use instead of the default. */
  prepare(algorithm?: string): Prepared;
  /** Other ways in fovea to the same result, by their rows' names. */
  also?: Readonly<Record<string, () => Prepared>>;
}

/** The same numbers for all libraries: uniform in [−1, 1). */
export function randomFloats(size: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: size }, () => random.uniform(-1, 1));
}

/** Labels in [0, classes). */
export function randomLabels(size: number, classes: number, seed: number): Int32Array {
  const random = new Random(seed);
  return Int32Array.from({ length: size }, () => random.integer(classes));
}

export function outputSize(size: number, { kernel, stride, padding }: ConvSpec): number {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}
