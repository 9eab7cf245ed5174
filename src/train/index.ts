export { ModelEma, type ModelEmaOptions, type ModelEmaState } from "./ema.js";
export * from "./evaluate.js";
export * from "./fit.js";
export * from "./metrics.js";
