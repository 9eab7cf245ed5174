// VGG: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition (2014), arXiv
// 1409.1556, table 1, with and without batch normalisation, as torchvision has it.

import { checkKinds } from "../errors/options.js";
import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { DownscaledDropout, fanOut, gaussian } from "./blocks.js";
import { Network } from "./head.js";
import { times } from "./layers.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const WIDTHS = [64, 128, 256, 512, 512];

/** Images of ≥ 32 pixels. */
export class VGG extends Network {
  /**
   * depths: convolutions before each of the five poolings. For small images the classifier sees one pixel, 512 wide.
   * paddle: PaddleClas's form, whose convolutions have no bias, and whose dropout scales in evaluation.
   */
  constructor(depths: readonly number[], batchNorm: boolean, options: ModelOptions = {}, paddle = false) {
    super(options);
    checkKinds(new.target.name, { depths, batchNorm }, { depths: "numbers", batchNorm: "flag" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.5 } = options;
    let channels = inChannels;
    const conv = (width: number): nn.Module[] => {
      const start = { weightInit: fanOut, biasInit: init.zeros };
      const layer = new nn.Conv2d(channels, width, 3, { padding: 1, bias: !paddle, ...start });
      channels = width;
      return batchNorm ? [layer, new nn.BatchNorm2d(width), new nn.ReLU()] : [layer, new nn.ReLU()];
    };
    const features = depths.flatMap((depth, stage) => [
      ...times(depth, () => conv(WIDTHS[stage]!)).flat(),
      new nn.MaxPool2d(2),
    ]);
    const [side, width] = smallImages ? [1, 512] : [7, 4096];
    const linear = (from: number, to: number): nn.Linear =>
      new nn.Linear(from, to, { weightInit: gaussian(0.01), biasInit: init.zeros });
    const Drop = paddle ? DownscaledDropout : nn.Dropout;
    this.side = side;
    const classifier = new nn.Sequential(
      linear(512 * side * side, width),
      new nn.ReLU(),
      new Drop(dropout),
      linear(width, width),
      new nn.ReLU(),
      new Drop(dropout),
      linear(width, numClasses),
    );
    this.build({ features: new nn.Sequential(...features) }, { classifier });
  }
}

function register(layers: number, depths: readonly number[], batchNorm: boolean) {
  const name = `vgg${layers}${batchNorm ? "_bn" : ""}`;
  return defineModel(name, imagenet(), (o) => new VGG(depths, batchNorm, o), { series: "VGG", ...PLAIN });
}

export const vgg11 = register(11, [1, 1, 2, 2, 2], false);
export const vgg13 = register(13, [2, 2, 2, 2, 2], false);
export const vgg16 = register(16, [2, 2, 3, 3, 3], false);
export const vgg19 = register(19, [2, 2, 4, 4, 4], false);
export const vgg11_bn = register(11, [1, 1, 2, 2, 2], true);
export const vgg13_bn = register(13, [2, 2, 2, 2, 2], true);
export const vgg16_bn = register(16, [2, 2, 3, 3, 3], true);
export const vgg19_bn = register(19, [2, 2, 4, 4, 4], true);

const registerPaddle = (layers: number, depths: readonly number[]) =>
  defineModel(`paddle_vgg${layers}`, imagenet(), (o) => new VGG(depths, false, o, true), { series: "VGG", aliases: [`VGG${layers}`], ...PLAIN }); // prettier-ignore

export const paddle_vgg11 = registerPaddle(11, [1, 1, 2, 2, 2]);
export const paddle_vgg13 = registerPaddle(13, [2, 2, 2, 2, 2]);
export const paddle_vgg16 = registerPaddle(16, [2, 2, 3, 3, 3]);
export const paddle_vgg19 = registerPaddle(19, [2, 2, 4, 4, 4]);
