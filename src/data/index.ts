export * from "./dataset.js";
export * from "./idx.js";
export * from "./loader.js";
export * from "./mnist.js";
