// Every family of networks, by year of its paper.

export * from "./lenet.js";
export * from "./alexnet.js";
export * from "./vgg.js";
export * from "./googlenet.js";
export * from "./resnet.js";
export * from "./resnets.js";
export * from "./resnext.js";
export * from "./senet.js";
export * from "./res2net.js";
export * from "./resnest.js";
export * from "./resnet-cifar.js";
export * from "./squeezenet.js";
export * from "./densenet.js";
export * from "./mobilenet.js";
export * from "./mobilenet-v3.js";
export * from "./efficientnet.js";
