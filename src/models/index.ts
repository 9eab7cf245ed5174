export * from "./alexnet.js";
export { Classifier } from "./classifier.js";
export * from "./densenet.js";
export * from "./efficientnet.js";
export * from "./googlenet.js";
export * from "./lenet.js";
export * from "./mobilenet.js";
export * from "./mobilenet-v3.js";
export * from "./published.js";
export {
  createModel,
  modelInfo,
  modelNames,
  preparationOf,
  registerModel,
  type ModelInfo,
  type ModelLimits,
  type ModelOptions,
} from "./registry.js";
export * from "./resnet-cifar.js";
export * from "./resnet.js";
export * from "./squeezenet.js";
export * from "./vgg.js";
