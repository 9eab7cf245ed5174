// The public API: re-exports only. Everything here runs in Node, browsers, Deno and Bun; code that needs a file system is in
// "fovea/node".

import "./tensor-methods.js";

export { backward, type BackwardOptions } from "./core/autograd.js";
export { arange, eye, linspace, rand, randn } from "./core/create.js";
export type { FlatGradients } from "./core/flat-gradients.js";
export type { Group, PendingSum } from "./core/group.js";
export { noGrad } from "./core/grad-mode.js";
export { manualSeed, Random, type RandomState } from "./core/random.js";
export { keep, tidy } from "./core/scope.js";
export type { Shape } from "./core/shape.js";
export {
  full,
  leakReport,
  type LeakReport,
  ones,
  tensor,
  Tensor,
  zeros,
  type AnyTensor,
  type ArrayOf,
  type DType,
  type DTypeOf,
  type Nested,
  type NumberArray,
  type TensorOptions,
  type TypedArray,
} from "./core/tensor.js";
export type { StateDict, StateTensor } from "./core/state.js";
export * from "./entries/data.js";
export { DataError, FoveaError, ShapeError, WasmError } from "./errors.js";
export { decodeSafetensors, encodeSafetensors } from "./io/safetensors.js";
export { adaptNames } from "./io/weight-names.js";
export { decodeWeights, type ReadOptions } from "./io/weights.js";
export * from "./models/index.js";
export * from "./compile/index.js";
export * from "./nn/index.js";
export * from "./ops/index.js";
export * from "./optim/index.js";
export * from "./entries/train.js";
export type { MemoryStats } from "./wasm/heap.js";
export {
  init,
  initFrom,
  memoryStats,
  type Binary,
  type InitOptions,
  type KernelSource,
  type RuntimeInfo,
} from "./wasm/runtime.js";
