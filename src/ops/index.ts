export * from "./conv.js";
export * from "./elementwise.js";
export * from "./loss.js";
export * from "./matmul.js";
export * from "./movement.js";
export * from "./norm.js";
export * from "./pool.js";
export * from "./reduce.js";
export type { Pair } from "./window.js";
