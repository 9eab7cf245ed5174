export * from "./augmentations.js";
export * from "./auto-augment.js";
export { oneHot, registerBatchTransform, type BatchTransform } from "./batch.js";
export { augmentByName, augmentNames } from "./by-name.js";
export type { OpName, OpOptions } from "./ops.js";
export type { PolicyName } from "./policies.js";
export * from "./rand-augment.js";
export * from "./random-choice.js";
export * from "./trivial-augment.js";
