export * from "./checkpoint.js";
export * from "./evaluate.js";
export * from "./fit.js";
export * from "./metrics/index.js";
export * from "./position.js";
export * from "./top-classes.js";
export type { Tta } from "./tta.js";
export { NonFiniteLossError } from "./step.js";
export { findLr, type FindLrOptions, type FoundLr, type LrRow } from "./lr-finder.js";
