export { collectReport, type CollectOptions } from "./collect.js";
export * from "./data.js";
export { renderReport, writeReport } from "./write.js";
