// VGG: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition (2014), arXiv
// 1409.1556, table 1, with and without batch normalisation, as in torchvision.

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
    const stage = (depth: number, i: number) => [...times(depth, () => conv(WIDTHS[i]!)).flat(), new nn.MaxPool2d(2)]; // prettier-ignore
    const features = new nn.Sequential(...depths.flatMap(stage));
    const [side, width] = smallImages ? [1, 512] : [7, 4096];
    const linear = (from: number, to: number): nn.Linear =>
      new nn.Linear(from, to, { weightInit: gaussian(0.01), biasInit: init.zeros });
    const drop = () => [new nn.ReLU(), new (paddle ? DownscaledDropout : nn.Dropout)(dropout)];
    const wide = [linear(512 * side * side, width), ...drop(), linear(width, width), ...drop()];
    this.side = side;
    this.build({ features }, { classifier: new nn.Sequential(...wide, linear(width, numClasses)) });
  }
}

const D11 = [1, 1, 2, 2, 2];
const D13 = [2, 2, 2, 2, 2];
const D16 = [2, 2, 3, 3, 3];
const D19 = [2, 2, 4, 4, 4];

function vgg(name: string, depths: readonly number[], alias?: string) {
  const traits = { series: "VGG", ...(alias && { aliases: [alias] }), ...PLAIN };
  return defineModel(name, imagenet(), (o) => new VGG(depths, name.endsWith("_bn"), o, alias !== undefined), traits); // prettier-ignore
}

/** VGG: 133 M parameters, for images of 224 × 224 pixels. */
export const vgg11 = vgg("vgg11", D11);
/** VGG: 133 M parameters, for images of 224 × 224 pixels. */
export const vgg13 = vgg("vgg13", D13);
/** VGG: 138 M parameters, for images of 224 × 224 pixels. */
export const vgg16 = vgg("vgg16", D16);
/** VGG: 144 M parameters, for images of 224 × 224 pixels. */
export const vgg19 = vgg("vgg19", D19);
/** VGG: 133 M parameters, for images of 224 × 224 pixels. */
export const vgg11_bn = vgg("vgg11_bn", D11);
/** VGG: 133 M parameters, for images of 224 × 224 pixels. */
export const vgg13_bn = vgg("vgg13_bn", D13);
/** VGG: 138 M parameters, for images of 224 × 224 pixels. */
export const vgg16_bn = vgg("vgg16_bn", D16);
/** VGG: 144 M parameters, for images of 224 × 224 pixels. */
export const vgg19_bn = vgg("vgg19_bn", D19);
/** VGG as PaddleClas builds it: 133 M parameters, for images of 224 × 224 pixels. Also known as VGG11. */
export const paddle_vgg11 = vgg("paddle_vgg11", D11, "VGG11");
/** VGG as PaddleClas builds it: 133 M parameters, for images of 224 × 224 pixels. Also known as VGG13. */
export const paddle_vgg13 = vgg("paddle_vgg13", D13, "VGG13");
/** VGG as PaddleClas builds it: 138 M parameters, for images of 224 × 224 pixels. Also known as VGG16. */
export const paddle_vgg16 = vgg("paddle_vgg16", D16, "VGG16");
/** VGG as PaddleClas builds it: 144 M parameters, for images of 224 × 224 pixels. Also known as VGG19. */
export const paddle_vgg19 = vgg("paddle_vgg19", D19, "VGG19");
