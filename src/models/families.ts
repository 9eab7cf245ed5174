// Every family of networks, by year of its paper.

export * from "./lenet.js";
export * from "./alexnet.js";
export * from "./vgg.js";
export * from "./googlenet.js";
export * from "./inception-v3.js";
export * from "./inception-v4.js";
export * from "./resnet.js";
export * from "./resnets.js";
export * from "./resnext.js";
export * from "./senet.js";
export * from "./res2net.js";
export * from "./resnest.js";
export * from "./resnet-cifar.js";
export * from "./squeezenet.js";
export * from "./densenet.js";
export * from "./xception.js";
export * from "./mobilenet.js";
export * from "./mobilenet-v3.js";
export {
  EfficientNet,
  efficientnet_b0,
  efficientnet_b1,
  efficientnet_b2,
  efficientnet_b3,
  efficientnet_b4,
  efficientnet_b5,
  efficientnet_b6,
  efficientnet_b7,
} from "./efficientnet.js";
export * from "./efficientnet-v2.js";
export { MBConvNet } from "./mobile-net.js";
export * from "./efficientnet-tf.js";
export * from "./hardnet.js";
export * from "./hrnet.js";
export * from "./regnet.js";
export * from "./repvgg.js";
export * from "./dpn.js";
export * from "./dla.js";
export * from "./hgnet.js";
export * from "./hgnets.js";
export * from "./mobileone.js";
export { Reparametrised, type RepBlockShape, type RepShape } from "./reparametrised.js";
export * from "./mobilenets.js";
export * from "./tinynet.js";
export * from "./mixnet.js";
export * from "./lcnet.js";
export * from "./mobilenet-v4.js";
export * from "./darknet.js";
export * from "./peleenet.js";
export * from "./starnet.js";
export * from "./shufflenet.js";
export * from "./rexnet.js";
export * from "./mobilenext.js";
export * from "./ghostnet.js";
export * from "./esnet.js";
export * from "./lcnetv2.js";
export * from "./fasternet.js";
export * from "./micronet.js";
