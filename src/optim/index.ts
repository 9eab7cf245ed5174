export { clipGradNorm, clipGradValue } from "./clip.js";
export { noDecay } from "./groups.js";
export { Optimizer, type OptimizerState, type ParameterGroup } from "./optimizer.js";
export * from "./optimizers.js";
export * from "./schedules.js";
