export * from "./checkpoint.js";
export * from "./evaluate.js";
export * from "./fit.js";
export * from "./metrics.js";
export * from "./position.js";
export { NonFiniteLossError } from "./step.js";
