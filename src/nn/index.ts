export * from "./activation.js";
export { outputsOf, withAuxiliary, type WeightedOutput } from "./auxiliary.js";
export * from "./batch-norm.js";
export * from "./conv2d.js";
export * from "./dropout.js";
export * from "./freeze.js";
export {
  calculateGain,
  fill,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
  type Initialiser,
  type KaimingOptions,
  type Nonlinearity,
  type XavierOptions,
} from "./init.js";
export type { ForwardHook, HookHandle } from "./hooks.js";
export { Linear, type LinearOptions } from "./linear.js";
export * from "./local-response-norm.js";
export * from "./loss.js";
export * from "./module.js";
export * from "./pool.js";
export * from "./regression-loss.js";
export * from "./sequential.js";
export * from "./squeeze-excitation.js";
export * from "./stochastic-depth.js";
export * from "./summary.js";
export { trace, type Graph, type GraphLayer, type GraphNode } from "./trace.js";
export * from "./upsample.js";
