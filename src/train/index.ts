export * from "./checkpoint.js";
export { classify, type ClassifyOptions, type AnyPicture, type Label } from "./classify.js";
export * from "./ema.js";
export * from "./evaluate.js";
export * from "./fit.js";
export * from "./grad-cam.js";
export * from "./lr-finder.js";
export * from "./parameter-groups.js";
export * from "./metrics/index.js";
export * from "./neighbours.js";
export * from "./position.js";
export {
  NonFiniteLossError,
  type BatchReport,
  type GradientSum,
  type StageReport,
  type StepHooks,
} from "./step.js";
export { taskOf, type LossName, type Task, type Verdict } from "./task.js";
export * from "./top-classes.js";
export type { Tta } from "./tta.js";
