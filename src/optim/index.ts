export * from "./adam.js";
export * from "./clip.js";
export * from "./create.js";
export { noDecay } from "./groups.js";
export * from "./lamb.js";
export * from "./lars.js";
export * from "./one-cycle.js";
export { Optimizer, type OptimizerState, type ParameterGroup } from "./optimizer.js";
export * from "./plateau.js";
export * from "./rmsprop.js";
export {
  constant,
  cosine,
  exponential,
  multiStep,
  polynomial,
  stepDecay,
  type CosineOptions,
  type ExponentialOptions,
  type MultiStepOptions,
  type PolynomialOptions,
  type Schedule,
  type ScheduleOptions,
  type StepOptions,
} from "./schedule.js";
export * from "./sgd.js";
