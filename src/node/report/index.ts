export { collectReport, judge, type CollectOptions, type JudgedModel } from "./collect.js";
export * from "./data.js";
export { renderReport, writeReport } from "./write.js";
export type { Judged, Judgement } from "./judgement.js";
