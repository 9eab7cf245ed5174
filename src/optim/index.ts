export * from "./adam.js";
export { Optimizer, type OptimizerState, type ParameterGroup } from "./optimizer.js";
export * from "./sgd.js";
export * from "./schedule.js";
