export * from "./augment/index.js";
export * from "./dataset.js";
export * from "./idx.js";
export * from "./image.js";
export * from "./loader.js";
export * from "./mnist.js";
export * from "./transform.js";
export * from "./decode/index.js";
