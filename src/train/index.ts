export * from "./evaluate.js";
export * from "./fit.js";
export * from "./metrics.js";
