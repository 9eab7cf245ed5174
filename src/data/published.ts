// Weights that torchvision publishes for networks of src/models, and how images are prepared for each file: the same architecture
// has weights for images of 256, 255 or 232 pixels. Extracted from torchvision 0.29.1.

import { checkKinds } from "../errors/options.js";
import { DataError, short } from "../errors.js";
import { imagenet, type Preprocessing } from "./preprocessing.js";

/** A published file of weights. All have ImageNet-1k's 1,000 classes, in torchvision's order. */
export interface PublishedWeights {
  /** The name for fetchWeights(): "resnet50@V2". */
  readonly name: string;
  /** The architecture's name. */
  readonly model: string;
  /** "V1" is torchvision's IMAGENET1K_V1. */
  readonly version: string;
  /** "resnet50-11ad3fa6.pth". */
  readonly file: string;
  /** Address of the file. */
  readonly url: string;
  /** Beginning of the file's SHA-256: eight hexadecimal digits, or ten. */
  readonly sha256: string;
  /** In MiB, to three decimals. */
  readonly fileSize: number;
  /** As torchvision counts them: GoogLeNet without its auxiliary classifiers, Inception V3 with its one. */
  readonly parameters: number;
  /** Published accuracies on ImageNet's validation images, as fractions; missing if there is no classifier. */
  readonly top1?: number;
  /** Share of images whose class is among the five best guesses. */
  readonly top5?: number;
  /** How images are prepared for these weights. */
  readonly preprocessing: Preprocessing;
  /** Whether the file has no trained classifier, only the layers before it. */
  readonly featuresOnly: boolean;
  /** SPDX name of the weights' licence. */
  readonly licence: string;
  /** Address of a description of the training. */
  readonly recipe: string;
}

const LICENCE =
  "BSD-3-Clause (torchvision); trained on ImageNet, whose pictures are for non-commercial research and education";

/** Model, version, file, resize, crop, filter, top-1 and top-5 in percent, parameters, MiB, recipe below github.com. */
const TABLE = `
alexnet V1 alexnet-owt-7be5be79 256 224 bilinear 56.522 79.066 61100840 233.087 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
densenet121 V1 densenet121-a639ec97 256 224 bilinear 74.434 91.972 7978856 30.845 pytorch/vision/pull/116
densenet161 V1 densenet161-8d451a50 256 224 bilinear 77.138 93.56 28681000 110.369 pytorch/vision/pull/116
densenet169 V1 densenet169-b2777c0a 256 224 bilinear 75.6 92.806 14149480 54.708 pytorch/vision/pull/116
densenet201 V1 densenet201-c1103571 256 224 bilinear 76.896 93.37 20013928 77.373 pytorch/vision/pull/116
efficientnet_b0 V1 efficientnet_b0_rwightman-7f5810bc 256 224 bicubic 77.692 93.532 5288548 20.451 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b1 V1 efficientnet_b1_rwightman-bac287d4 256 240 bicubic 78.642 94.186 7794184 30.134 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b1 V2 efficientnet_b1-c27df63c 255 240 bilinear 79.838 94.934 7794184 30.136 pytorch/vision/issues/3995#new-recipe-with-lr-wd-crop-tuning
efficientnet_b2 V1 efficientnet_b2_rwightman-c35c1473 288 288 bicubic 80.608 95.31 9109994 35.174 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b3 V1 efficientnet_b3_rwightman-b3899882 320 300 bicubic 82.008 96.054 12233232 47.184 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b4 V1 efficientnet_b4_rwightman-23ab8bcd 384 380 bicubic 83.384 96.594 19341616 74.489 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b5 V1 efficientnet_b5_lukemelas-1a07897c 456 456 bicubic 83.444 96.628 30389784 116.864 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b6 V1 efficientnet_b6_lukemelas-24a108a5 528 528 bicubic 84.008 96.916 43040704 165.362 pytorch/vision/tree/main/references/classification#efficientnet-v1
efficientnet_b7 V1 efficientnet_b7_lukemelas-c5b4e57e 600 600 bicubic 84.122 96.908 66347960 254.675 pytorch/vision/tree/main/references/classification#efficientnet-v1
googlenet V1 googlenet-1378be20 256 224 bilinear 69.778 89.53 6624904 49.731 pytorch/vision/tree/main/references/classification#googlenet
inception_v3 V1 inception_v3_google-0cc3c7bd 342 299 bilinear 77.294 93.45 27161264 103.903 pytorch/vision/tree/main/references/classification#inception-v3
mobilenet_v2 V1 mobilenet_v2-b0353104 256 224 bilinear 71.878 90.286 3504872 13.555 pytorch/vision/tree/main/references/classification#mobilenetv2
mobilenet_v2 V2 mobilenet_v2-7ebf99e0 232 224 bilinear 72.154 90.822 3504872 13.598 pytorch/vision/issues/3995#new-recipe-with-reg-tuning
mobilenet_v3_large V1 mobilenet_v3_large-8738ca79 256 224 bilinear 74.042 91.34 5483032 21.114 pytorch/vision/tree/main/references/classification#mobilenetv3-large--small
mobilenet_v3_large V2 mobilenet_v3_large-5c1a4163 232 224 bilinear 75.274 92.566 5483032 21.107 pytorch/vision/issues/3995#new-recipe-with-reg-tuning
mobilenet_v3_small V1 mobilenet_v3_small-047dcff4 256 224 bilinear 67.668 87.402 2542856 9.829 pytorch/vision/tree/main/references/classification#mobilenetv3-large--small
resnet101 V1 resnet101-63fe2227 256 224 bilinear 77.374 93.546 44549160 170.511 pytorch/vision/tree/main/references/classification#resnet
resnet101 V2 resnet101-cd907fc2 232 224 bilinear 81.886 95.78 44549160 170.53 pytorch/vision/issues/3995#new-recipe
resnet152 V1 resnet152-394f9c45 256 224 bilinear 78.312 94.046 60192808 230.434 pytorch/vision/tree/main/references/classification#resnet
resnet152 V2 resnet152-f82ba261 232 224 bilinear 82.284 96.002 60192808 230.474 pytorch/vision/issues/3995#new-recipe
resnet18 V1 resnet18-f37072fd 256 224 bilinear 69.758 89.078 11689512 44.661 pytorch/vision/tree/main/references/classification#resnet
resnet34 V1 resnet34-b627a593 256 224 bilinear 73.314 91.42 21797672 83.275 pytorch/vision/tree/main/references/classification#resnet
resnet50 V1 resnet50-0676ba61 256 224 bilinear 76.13 92.862 25557032 97.781 pytorch/vision/tree/main/references/classification#resnet
resnet50 V2 resnet50-11ad3fa6 232 224 bilinear 80.858 95.434 25557032 97.79 pytorch/vision/issues/3995#issuecomment-1013906621
resnext101_32x8d V1 resnext101_32x8d-8ba56ff5 256 224 bilinear 79.312 94.526 88791336 339.586 pytorch/vision/tree/main/references/classification#resnext
resnext101_32x8d V2 resnext101_32x8d-110c445d 232 224 bilinear 82.834 96.228 88791336 339.673 pytorch/vision/issues/3995#new-recipe-with-fixres
resnext101_64x4d V1 resnext101_64x4d-173b62eb 232 224 bilinear 83.246 96.454 83455272 319.318 pytorch/vision/pull/5935
resnext50_32x4d V1 resnext50_32x4d-7cdf4587 256 224 bilinear 77.618 93.698 25028904 95.789 pytorch/vision/tree/main/references/classification#resnext
resnext50_32x4d V2 resnext50_32x4d-1a0047aa 232 224 bilinear 81.198 95.34 25028904 95.833 pytorch/vision/issues/3995#new-recipe
shufflenet_v2_x0_5 V1 shufflenetv2_x0.5-f707e7126e 256 224 bilinear 60.552 81.746 1366792 5.282 ericsun99/Shufflenet-v2-Pytorch
shufflenet_v2_x1_0 V1 shufflenetv2_x1-5666bf0f80 256 224 bilinear 69.362 88.316 2278604 8.791 ericsun99/Shufflenet-v2-Pytorch
shufflenet_v2_x1_5 V1 shufflenetv2_x1_5-3c479a10 232 224 bilinear 72.996 91.086 3503624 13.557 pytorch/vision/pull/5906
shufflenet_v2_x2_0 V1 shufflenetv2_x2_0-8be3c8ee 232 224 bilinear 76.23 93.006 7393996 28.433 pytorch/vision/pull/5906
squeezenet1_0 V1 squeezenet1_0-b66bff10 256 224 bilinear 58.092 80.42 1248424 4.778 pytorch/vision/pull/49#issuecomment-277560717
squeezenet1_1 V1 squeezenet1_1-b8a52dc0 256 224 bilinear 58.178 80.624 1235496 4.729 pytorch/vision/pull/49#issuecomment-277560717
vgg11 V1 vgg11-8a719046 256 224 bilinear 69.02 88.628 132863336 506.84 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg11_bn V1 vgg11_bn-6002323d 256 224 bilinear 70.37 89.81 132868840 506.881 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg13 V1 vgg13-19584684 256 224 bilinear 69.928 89.246 133047848 507.545 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg13_bn V1 vgg13_bn-abd245e5 256 224 bilinear 71.586 90.374 133053736 507.59 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg16 V1 vgg16-397923af 256 224 bilinear 71.592 90.382 138357544 527.796 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg16 FEATURES vgg16_features-amdegroot-88682ab5 256 224 bilinear - - 138357544 527.802 amdegroot/ssd.pytorch#training-ssd
vgg16_bn V1 vgg16_bn-6c64b313 256 224 bilinear 73.36 91.516 138365992 527.866 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg19 V1 vgg19-dcbb9e9d 256 224 bilinear 72.376 90.876 143667240 548.051 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
vgg19_bn V1 vgg19_bn-c79401a0 256 224 bilinear 74.218 91.842 143678248 548.143 pytorch/vision/tree/main/references/classification#alexnet-and-vgg
wide_resnet101_2 V1 wide_resnet101_2-32ee1156 256 224 bilinear 78.848 94.284 126886696 242.896 pytorch/vision/pull/912#issue-445437439
wide_resnet101_2 V2 wide_resnet101_2-d733dc28 232 224 bilinear 82.51 96.02 126886696 484.747 pytorch/vision/issues/3995#new-recipe
wide_resnet50_2 V1 wide_resnet50_2-95faca4d 256 224 bilinear 78.468 94.086 68883240 131.82 pytorch/vision/pull/912#issue-445437439
wide_resnet50_2 V2 wide_resnet50_2-9ba9bcbe 232 224 bilinear 81.602 95.758 68883240 263.124 pytorch/vision/issues/3995#new-recipe-with-fixres
`;

/**
 * Mean and deviation for images of these weights, if they are not ImageNet's. torchvision's GoogLeNet and Inception V3 have
 * transform_input set: they begin with x·(std/0.5) + (mean − 0.5)/0.5, which turns values normalised with ImageNet's numbers
 * into ones normalised with 0.5 and 0.5. Here this is done in one step.
 */
const NORMALIZATIONS: Readonly<Record<string, { mean: readonly number[]; std: readonly number[] }>> = {
  "googlenet@V1": { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  "inception_v3@V1": { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  "vgg16@FEATURES": { mean: [0.48235, 0.45882, 0.40784], std: [1 / 255, 1 / 255, 1 / 255] },
};

function read(line: string): PublishedWeights {
  const [model, version, stem, resize, crop, filter, top1, top5, parameters, fileSize, recipe] = line.split(
    " ",
  ) as [string, string, string, string, string, "bilinear" | "bicubic", ...string[]];
  const name = `${model}@${version}`;
  const accuracy = (percent: string): number => Number((Number(percent) / 100).toFixed(5));
  return {
    name,
    model,
    version,
    file: `${stem}.pth`,
    url: `https://download.pytorch.org/models/${stem}.pth`,
    sha256: stem.split("-").at(-1)!,
    fileSize: Number(fileSize),
    parameters: Number(parameters),
    ...(top1 !== "-" && { top1: accuracy(top1!), top5: accuracy(top5!) }),
    preprocessing: { ...imagenet(Number(crop), Number(resize), filter), ...NORMALIZATIONS[name] },
    featuresOnly: top1 === "-",
    licence: LICENCE,
    recipe: `https://github.com/${recipe}`,
  };
}

/** Every published file of weights, by model and version. */
export const publishedWeights: readonly PublishedWeights[] = TABLE.trim().split("\n").map(read);

/**
 * The published weights of a name: a model's ("resnet50": its V1), or with a version: "resnet50@V2", "resnet50@IMAGENET1K_V2",
 * "resnet50@DEFAULT" for the newest.
 * @throws DataError listing the known names
 */
export function publishedByName(name: string): PublishedWeights {
  checkKinds("publishedByName", { name }, { name: "text" });
  const [model, version = "V1"] = name.split("@") as [string, string?];
  const all = publishedWeights.filter((weights) => weights.model === model);
  if (all.length === 0) {
    const known = [...new Set(publishedWeights.map((weights) => weights.model))].join(", ");
    throw new DataError(
      `fetchWeights: torchvision has no '${short(model)}'; known: ${known}, or owner/repository`,
    );
  }
  const plain = version.replace(/^IMAGENET1K_/, "");
  const found =
    plain === "DEFAULT"
      ? all.filter(({ featuresOnly }) => !featuresOnly).at(-1)
      : all.find((weights) => weights.version === plain);
  if (found) return found;
  const known = all.map((weights) => weights.version).join(", ");
  throw new DataError(`fetchWeights: ${model} has no version '${short(version)}'; known: ${known}`);
}

/**
 * The published weights of a file with this name: "resnet50-11ad3fa6.pth", with any extension, or with the number that
 * browsers add to the name of a second copy.
 */
export function publishedByFile(path: string): PublishedWeights | undefined {
  checkKinds("publishedByFile", { path }, { path: "path" });
  const [, stem] = /^([\w.-]+-[0-9a-f]{8,10})( ?\(\d+\))?(\.\w+)*$/.exec(path.replace(/^.*[/\\]/, "")) ?? [];
  return publishedWeights.find(({ file }) => file === `${stem}.pth`);
}
