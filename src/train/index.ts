export * from "./evaluate.js";
export * from "./fit.js";
export * from "./metrics/index.js";
export type { Tta } from "./tta.js";
