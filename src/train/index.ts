export * from "./checkpoint.js";
export * from "./evaluate.js";
export * from "./fit.js";
export * from "./metrics/index.js";
export * from "./position.js";
export { NonFiniteLossError } from "./step.js";
export type { Tta } from "./tta.js";
export * from "./top-classes.js";
