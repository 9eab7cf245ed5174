export { Classifier } from "./classifier.js";
export * from "./families.js";
export type { Variant as ResNetVariant } from "./resnet-variant.js";
export type { ModelFunction, ModelInfo, ModelLimits, ModelOptions, ModelTraits } from "./model.js";
export {
  createModel,
  findModel,
  likeModel,
  modelInfo,
  modelNames,
  preparationOf,
  registerModel,
  type ModelName,
  type ModelOf,
} from "./registry.js";
