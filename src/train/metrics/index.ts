export * from "./average-precision.js";
export * from "./calibration-error.js";
export * from "./confusion-matrix.js";
export type { ClassScores, Metric, MetricBatch } from "./metric.js";
export { topK, topKOfAny } from "./top-k.js";
export * from "./worst-mistakes.js";
