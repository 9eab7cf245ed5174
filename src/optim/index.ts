export * from "./adam.js";
export { Optimizer } from "./optimizer.js";
export * from "./sgd.js";
export * from "./schedule.js";
