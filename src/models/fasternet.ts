// FasterNet: Chen et al., Run, Don't Walk: Chasing Higher FLOPS for Faster Neural Networks (2023), arXiv 2303.03667, table 7, as timm
// has it: 3×3 convolutions of a quarter of the channels.

import type { Tensor } from "../core/tensor.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { cat } from "../ops/index.js";
import { channels, gaussian, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, Residual, sequence } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { defineModel, type ModelOptions } from "./model.js";

type Act = new () => nn.Module;

const conv = (from: number, to: number, size: number, options: nn.Conv2dLayerOptions = {}) =>
  new nn.Conv2d(from, to, size, { bias: false, weightInit: gaussian(0.02), ...options });

/** Convolves a quarter of the channels. */
class PartialConv extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    const [quarter, all] = [x.shape[3]! / 4, x.shape[3]!];
    return cat([super.forward(channels(x, 0, quarter)), channels(x, quarter, all)]);
  }
}

function block(width: number, Activation: Act, drop: number): nn.Module {
  const wide = 2 * width;
  const spatialMixing = new PartialConv({ partialConv3: conv(width / 4, width / 4, 3, { padding: 1 }) });
  const mlp = new nn.Sequential(conv(width, wide, 1), new nn.BatchNorm2d(wide), new Activation(), conv(wide, width, 1)); // prettier-ignore
  return new Residual({ spatialMixing, mlp }, { drop });
}

/** The differences between the FasterNets. */
export interface FasterNetShape {
  /** Channels of the first stage; each further one has twice as many. */
  width: number;
  /** Blocks of each stage. */
  depths: readonly number[];
  /** The activation inside each block, and before the classifier. */
  activation: nn.ModuleClass;
  /** Default 0. */
  dropPath?: number;
}

/** h, w ≥ 32; with smallImages ≥ 8. */
export class FasterNet extends Network {
  constructor(shape: FasterNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { width: "number", depths: "numbers" });
    const { width, depths, activation: Activation } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0 } = options;
    const drop = rising(options.dropPath ?? shape.dropPath ?? 0, sum(depths) - 1);
    const patch = smallImages ? conv(inChannels, width, 3, { padding: 1 }) : conv(inChannels, width, 4, { stride: 4 }); // prettier-ignore
    const stages = depths.map((depth, stage) => {
      const to = width * 2 ** stage;
      const reduction = conv(to / 2, to, 2, { stride: 2 });
      const downsample = new nn.Sequential({ reduction, norm: new nn.BatchNorm2d(to) });
      const blocks = repeat(depth, () => block(to, Activation, drop()));
      return sequence({ downsample: stage ? downsample : undefined, blocks });
    });
    const patchEmbed = new nn.Sequential({ proj: patch, norm: new nn.BatchNorm2d(width) });
    const convHead = conv(width * 2 ** (depths.length - 1), 1280, 1);
    const drops = { act: new Activation(), flatten: new nn.Flatten(), dropout: new nn.Dropout(dropout) };
    const start = { weightInit: gaussian(0.02), biasInit: init.zeros };
    const classifier = new nn.Linear(1280, numClasses, start);
    this.build({ patchEmbed, stages: new nn.Sequential(...stages) }, { convHead, ...drops, classifier });
  }
}

function fasternet(
  size: string,
  width: number,
  dropPath: number,
  depths: number[],
  activation: Act = nn.ReLU,
) {
  const make = (o?: ModelOptions): FasterNet => new FasterNet({ width, depths, activation, dropPath }, o);
  const traits = { series: "FasterNet", aliases: [`FasterNet_${size}`] };
  return defineModel(`fasternet_${size.toLowerCase()}`, prepared(224, 1), make, traits);
}

/** FasterNet: 3.91 M parameters, for images of 224 × 224 pixels. Also known as FasterNet_T0. */
export const fasternet_t0 = fasternet("T0", 40, 0, [1, 2, 8, 2], nn.GELU);
/** FasterNet: 7.60 M parameters, for images of 224 × 224 pixels. Also known as FasterNet_T1. */
export const fasternet_t1 = fasternet("T1", 64, 0.02, [1, 2, 8, 2], nn.GELU);
/** FasterNet: 15.0 M parameters, for images of 224 × 224 pixels. Also known as FasterNet_T2. */
export const fasternet_t2 = fasternet("T2", 96, 0.05, [1, 2, 8, 2]);
/** FasterNet: 31.2 M parameters, for images of 224 × 224 pixels. Also known as FasterNet_S. */
export const fasternet_s = fasternet("S", 128, 0.1, [1, 2, 13, 2]);
/** FasterNet: 53.5 M parameters, for images of 224 × 224 pixels. Also known as FasterNet_M. */
export const fasternet_m = fasternet("M", 144, 0.2, [3, 4, 18, 3]);
/** FasterNet: 93.5 M parameters, for images of 224 × 224 pixels. Also known as FasterNet_L. */
export const fasternet_l = fasternet("L", 192, 0.3, [3, 4, 18, 3]);
