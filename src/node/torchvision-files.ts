// Where torchvision's weights for ImageNet-1k are: https://download.pytorch.org/models/<file>.pth, by model and version
// (IMAGENET1K_V1, IMAGENET1K_V2). https://github.com/pytorch/vision/blob/v0.20.0/torchvision/models. The eight digits at a
// name's end are the first of the file's SHA-256.

export const TORCHVISION_URL = "https://download.pytorch.org/models";

export const TORCHVISION_LICENCE =
  "BSD-3-Clause (torchvision); trained on ImageNet, whose pictures are for non-commercial research and education";

export const torchvisionFiles: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  alexnet: { V1: "alexnet-owt-7be5be79" },
  densenet121: { V1: "densenet121-a639ec97" },
  densenet161: { V1: "densenet161-8d451a50" },
  densenet169: { V1: "densenet169-b2777c0a" },
  densenet201: { V1: "densenet201-c1103571" },
  efficientnet_b0: { V1: "efficientnet_b0_rwightman-7f5810bc" },
  efficientnet_b1: { V1: "efficientnet_b1_rwightman-bac287d4", V2: "efficientnet_b1-c27df63c" },
  efficientnet_b2: { V1: "efficientnet_b2_rwightman-c35c1473" },
  efficientnet_b3: { V1: "efficientnet_b3_rwightman-b3899882" },
  efficientnet_b4: { V1: "efficientnet_b4_rwightman-23ab8bcd" },
  efficientnet_b5: { V1: "efficientnet_b5_lukemelas-1a07897c" },
  efficientnet_b6: { V1: "efficientnet_b6_lukemelas-24a108a5" },
  efficientnet_b7: { V1: "efficientnet_b7_lukemelas-c5b4e57e" },
  googlenet: { V1: "googlenet-1378be20" },
  mobilenet_v2: { V1: "mobilenet_v2-b0353104", V2: "mobilenet_v2-7ebf99e0" },
  mobilenet_v3_large: { V1: "mobilenet_v3_large-8738ca79", V2: "mobilenet_v3_large-5c1a4163" },
  mobilenet_v3_small: { V1: "mobilenet_v3_small-047dcff4" },
  resnet18: { V1: "resnet18-f37072fd" },
  resnet34: { V1: "resnet34-b627a593" },
  resnet50: { V1: "resnet50-0676ba61", V2: "resnet50-11ad3fa6" },
  resnet101: { V1: "resnet101-63fe2227", V2: "resnet101-cd907fc2" },
  resnet152: { V1: "resnet152-394f9c45", V2: "resnet152-f82ba261" },
  resnext50_32x4d: { V1: "resnext50_32x4d-7cdf4587", V2: "resnext50_32x4d-1a0047aa" },
  resnext101_32x8d: { V1: "resnext101_32x8d-8ba56ff5", V2: "resnext101_32x8d-110c445d" },
  squeezenet1_0: { V1: "squeezenet1_0-b66bff10" },
  squeezenet1_1: { V1: "squeezenet1_1-b8a52dc0" },
  vgg11: { V1: "vgg11-8a719046" },
  vgg11_bn: { V1: "vgg11_bn-6002323d" },
  vgg13: { V1: "vgg13-19584684" },
  vgg13_bn: { V1: "vgg13_bn-abd245e5" },
  vgg16: { V1: "vgg16-397923af" },
  vgg16_bn: { V1: "vgg16_bn-6c64b313" },
  vgg19: { V1: "vgg19-dcbb9e9d" },
  vgg19_bn: { V1: "vgg19_bn-c79401a0" },
  wide_resnet50_2: { V1: "wide_resnet50_2-95faca4d", V2: "wide_resnet50_2-9ba9bcbe" },
  wide_resnet101_2: { V1: "wide_resnet101_2-32ee1156", V2: "wide_resnet101_2-d733dc28" },
};
