export * from "./average-precision.js";
export * from "./calibration-error.js";
export * from "./confusion-matrix.js";
export { readRow, type ClassScores, type Metric, type MetricBatch, type RowGuess } from "./metric.js";
export { topK, topKOfAny } from "./top-k.js";
export * from "./worst-mistakes.js";
