export * from "./augment/index.js";
export { disposeBatch, type Batch } from "./batch.js";
export * from "./cifar.js";
export type { OnError, Skipped } from "./collate.js";
export * from "./dataset.js";
export * from "./decode/bitmap.js";
export * from "./decode/index.js";
export { jpegJsDecoder } from "./decode/jpeg-js.js";
export * from "./encode.js";
export { makeBatchTransform, makeTransform } from "./from-spec.js";
export * from "./idx.js";
export * from "./image.js";
export * from "./imagenet-classes.js";
export * from "./loader.js";
export * from "./mnist.js";
export { fromPixels, rawImageOf, toImageData, type PixelSource, type RgbaImage } from "./pixels.js";
export * from "./preprocessing.js";
export { preprocessingFromJSON, preprocessingToJSON } from "./preprocessing-json.js";
export * from "./presets.js";
export * from "./published.js";
export * from "./sampler.js";
export * from "./split.js";
export * from "./concat.js";
export * from "./tar.js";
export { emptyTargets, firstClasses } from "./targets.js";
export {
  registerTransform,
  specsOf,
  type PictureSize,
  type Transform,
  type TransformSpec,
} from "./transform.js";
export * from "./transforms/index.js";
export * from "./webdataset.js";
