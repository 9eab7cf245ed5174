export * from "./dataset.js";
export * from "./idx.js";
export * from "./image.js";
export * from "./loader.js";
export * from "./mnist.js";
export * from "./transform.js";
export * from "./presets.js";
export * from "./transforms/index.js";
