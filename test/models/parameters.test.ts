// Every registered model has the number of parameters that its authors publish.

import { beforeAll, describe, expect, it } from "vitest";
import { findModel, init, modelInfo } from "../../src/index.js";
import { PADDLECLAS } from "../golden/paddleclas.js";

/**
 * Trainable parameters, and billions of multiply-accumulates where they are published. torchvision's and timm's code;
 * LeNet-5: counted by hand; CIFAR: He et al. (2015), table 6, to the digits of the implementation that is followed.
 * Those of PaddleClas are in paddleclas.ts, those that only timm has in golden/zoo.
 */
const PUBLISHED = `
alexnet 61100840 0.71
densenet121 7978856 2.83
densenet161 28681000 7.73
densenet169 14149480 3.36
densenet201 20013928 4.29
efficientnet_b0 5288548 0.39
efficientnet_b1 7794184 0.69
efficientnet_b2 9109994 1.09
efficientnet_b3 12233232 1.83
efficientnet_b4 19341616 4.39
efficientnet_b5 30389784 10.27
efficientnet_b6 43040704 19.07
efficientnet_b7 66347960 37.75
googlenet 13004888 1.5
lenet5 61706 0
mobilenet_v1 4231976 0.57
mobilenet_v2 3504872 0.3
mobilenet_v3_large 5483032 0.22
mobilenet_v3_small 2542856 0.06
resnet18 11689512 1.81
resnet34 21797672 3.66
resnet50 25557032 4.09
resnet101 44549160 7.8
resnet152 60192808 11.51
resnet18_vd 11708744 2.05
resnet34_vd 21816904 3.9
resnet50_vd 25576264 4.33
resnet101_vd 44568392 8.04
resnet152_vd 60212040 11.75
resnet20_cifar 269722 0.04
resnet32_cifar 464154 0.07
resnet44_cifar 658586 0.1
resnet56_cifar 853018 0.13
resnet110_cifar 1727962 0.25
resnext50_32x4d 25028904 4.23
resnext101_32x8d 88791336 16.41
resnext101_64x4d 83455272 15.46
squeezenet1_0 1248424 0.82
squeezenet1_1 1235496 0.35
vgg11 132863336 7.61
vgg13 133047848 11.31
vgg16 138357544 15.47
vgg19 143667240 19.63
vgg11_bn 132868840 7.61
vgg13_bn 133053736 11.31
vgg16_bn 138365992 15.47
vgg19_bn 143678248 19.63
wide_resnet50_2 68883240 11.4
wide_resnet101_2 126886696 22.75
densenet264 33337704
`;

const rows = PUBLISHED.trim()
  .split("\n")
  .map((line) => line.split(" ") as [name: string, parameters: string, gmacs?: string]);

/** Series that are not complete yet. */
const UNBUILT = "RedNet ConvNeXt VAN MobileNetV4".split(" ");

beforeAll(() => init({ threads: 1 }));

it.each(rows)("%s has %s parameters", (name, parameters, gmacs) => {
  const info = modelInfo(name);
  expect(info.parameters).toBe(Number(parameters));
  if (gmacs !== undefined) expect(Math.abs(info.macs / 1e9 - Number(gmacs))).toBeLessThan(0.0051);
});

describe("PaddleClas's networks", () => {
  it.each(PADDLECLAS.filter(({ name }) => findModel(name)))("$name has $parameters parameters", (row) => {
    expect(findModel(row.name)!.parameters).toBe(row.parameters);
  });

  it("are all listed except for these", () => {
    const missing = PADDLECLAS.filter(({ name }) => !findModel(name)).map(({ series }) => series);
    expect([...new Set(missing)]).toEqual(UNBUILT);
  });
});
