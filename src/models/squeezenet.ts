// SqueezeNet: Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters (2016), arXiv 1602.07360, and
// its version 1.1 (https://github.com/forresti/SqueezeNet), as in torchvision.

import { checkFields } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { flatten } from "../ops/index.js";
import { DownscaledDropout, gaussian } from "./blocks.js";
import { Network } from "./head.js";
import { Branches, Flat, sequence } from "./layers.js";
import { imagenet } from "../data/preprocessing.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const start = { weightInit: init.kaimingUniform, biasInit: init.zeros };

/** Few channels, then half of the output by 1×1 and half by 3×3 convolutions. */
function fireOf(from: number, squeeze: number, expand: number): nn.Module {
  const conv = (n: number, to: number, size: number): nn.Module =>
    sequence({ "": new nn.Conv2d(n, to, size, { ...start, padding: (size - 1) / 2 }), relu: new nn.ReLU() });
  const squeezed = conv(from, squeeze, 1);
  const both = new Branches({ "1x1": conv(squeeze, expand, 1), "3x3": conv(squeeze, expand, 3) });
  return new Flat(sequence({ squeeze: squeezed, expand: both }));
}

/** Stem: width and kernel. Fires: squeeze and expand; 0 is a pooling. */
interface Version {
  stem: readonly [number, number];
  /** PaddleClas's form: the image is padded, poolings ignore a remainder, dropout scales in evaluation. */
  paddle?: { padding: number };
  fires: readonly (readonly [number, number] | 0)[];
}

// prettier-ignore
const V1_0: Version = { stem: [96, 7], fires: [0, [16, 64], [16, 64], [32, 128], 0, [32, 128], [48, 192], [48, 192], [64, 256], 0, [64, 256]] };
// prettier-ignore
const V1_1: Version = { stem: [64, 3], fires: [0, [16, 64], [16, 64], 0, [32, 128], [32, 128], 0, [48, 192], [48, 192], [64, 256], [64, 256]] };

/** h, w ≥ 21 (version 1.1: 17; PaddleClas's forms: 35, 29). */
export class SqueezeNet extends Network {
  /** @hidden */
  constructor(version: Version, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "version", version, { stem: "numbers", fires: "list" });
    const { stem, fires, paddle } = version;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.5 } = options;
    const [width, size] = stem;
    let from = width;
    const layers = fires.map((fire) => {
      if (!fire) return new nn.MaxPool2d(3, { stride: 2, ceilMode: !paddle });
      const layer = fireOf(from, ...fire);
      from = 2 * fire[1];
      return layer;
    });
    const how = smallImages ? { padding: (size - 1) / 2 } : { stride: 2, padding: paddle?.padding ?? 0 };
    const first = new nn.Conv2d(inChannels, width, size, { ...start, ...how });
    const drop = new (paddle ? DownscaledDropout : nn.Dropout)(dropout);
    const head = new nn.Conv2d(512, numClasses, 1, { weightInit: gaussian(0.01), biasInit: init.zeros });
    const classifier = new nn.Sequential(drop, head, new nn.ReLU(), new nn.AdaptiveAvgPool2d(1));
    this.build({ features: new nn.Sequential(first, new nn.ReLU(), ...layers) }, { classifier });
    this.heads = ["classifier.1"];
  }

  /** Feature maps → logits [n, numClasses]. */
  override forwardHead(features: Tensor): Tensor {
    return flatten(this.getSubmodule("classifier").forward(features));
  }
}

function squeezenet(name: string, version: Version, ...aliases: string[]) {
  const traits = { series: "SqueezeNet", aliases, ...PLAIN };
  return defineModel(name, imagenet(), (o) => new SqueezeNet(version, o), traits);
}

/** SqueezeNet: 1.25 M parameters, for images of 224 × 224 pixels. */
export const squeezenet1_0 = squeezenet("squeezenet1_0", V1_0);
/** SqueezeNet: 1.24 M parameters, for images of 224 × 224 pixels. */
export const squeezenet1_1 = squeezenet("squeezenet1_1", V1_1);
/** SqueezeNet as PaddleClas builds it: 1.25 M parameters, for images of 224 × 224 pixels. Also known as SqueezeNet1_0. */
export const paddle_squeezenet1_0 = squeezenet("paddle_squeezenet1_0", { ...V1_0, paddle: { padding: 0 } }, "SqueezeNet1_0"); // prettier-ignore
/** SqueezeNet as PaddleClas builds it: 1.24 M parameters, for images of 224 × 224 pixels. Also known as SqueezeNet1_1. */
export const paddle_squeezenet1_1 = squeezenet("paddle_squeezenet1_1", { ...V1_1, paddle: { padding: 1 } }, "SqueezeNet1_1"); // prettier-ignore
