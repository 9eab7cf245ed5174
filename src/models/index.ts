export * from "./lenet.js";
export * from "./registry.js";
export * from "./resnet-cifar.js";
export * from "./resnet.js";
