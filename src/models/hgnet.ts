// PP-HGNet: PaddleClas's networks for GPUs (2022, 2023), https://github.com/PaddlePaddle/PaddleClas, pp_hgnet.py and
// pp_hgnet_v2.py, as in timm: convolutions one after the other, followed by the concatenation of their outputs.

import type { Tensor } from "../core/tensor.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { cat, sigmoid } from "../ops/index.js";
import { fanOut, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { Affine, convAffine, stemV1, stemV2 } from "./hgnet-stem.js";
import { Apply, Gate, repeat, Residual, sequence, times, unnamed } from "./layers.js";
import type { ModelOptions } from "./model.js";

/** Numbers of each stage: channels inside a block, channels, blocks. */
type Stage = readonly [width: number, to: number, blocks: number];

/** The differences between the PP-HGNets. */
export interface HGNetShape {
  /** Widths of the stem: three in the first version, two in the second. */
  stem: readonly [number, number, number] | readonly [number, number];
  /** For each stage: channels inside a block, channels, blocks. */
  stages: readonly (readonly [width: number, to: number, blocks: number])[];
  /** Convolutions of each block. */
  layers: number;
  /** Whether activations are followed by one scale and shift for all channels. */
  affine?: boolean;
  /** Whether the stem's pooling ignores positions beyond the edge, instead of reading zeros: PaddleClas's second version. */
  bare?: boolean;
}

/** Layers one after the other, and the concatenation of their outputs. */
class Collected extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    const all = [x];
    for (const layer of unnamed(this)) all.push(layer.forward(all.at(-1)!));
    return cat(all);
  }
}

/** The common parameters of a stage's blocks. light: 1×1, then 5×5 for each channel, as in the second version's later stages. */
type Kind = Readonly<{ stage: Stage; layers: number; light: boolean; second: boolean; affine: boolean }>;

/** drop: probability of leaving it out in training; undefined for the first of a stage, which has no shortcut. */
function blockOf(from: number, { stage: [width, to], layers, light, second, affine }: Kind, drop?: number) {
  const made = times(layers, (i) => {
    const channels = i ? width : from;
    if (!light) return convAffine(channels, width, 3, { affine });
    const conv1 = convAffine(channels, width, 1, { activation: null });
    return sequence({ conv1, conv2: convAffine(width, width, 5, { groups: width, affine }) });
  });
  const first = convAffine(from + layers * width, second ? to / 2 : to, 1, { affine: second && affine });
  const last = second
    ? convAffine(to / 2, to, 1, { affine })
    : new Gate({ conv: new nn.Conv2d(to, to, 1, { weightInit: fanOut }), sigmoid: new Apply(sigmoid) });
  const parts = { layers: new Collected(...made), aggregation: new nn.Sequential(first, last) };
  return new Residual(parts, { adds: drop !== undefined, drop: drop ?? 0 });
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class HGNet extends Network {
  constructor(shape: HGNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { stem: "numbers", stages: "list", layers: "number" });
    const { stem, stages, layers, affine = false, bare = false } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const second = stem.length === 2;
    const first = second ? stemV2(inChannels, stem, { affine, bare, small: smallImages }) : stemV1(inChannels, stem, smallImages); // prettier-ignore
    const drop = rising(dropPath, sum(stages.map(([, , blocks]) => blocks)) - 1);
    let from = stem.at(-1)!;
    const made = stages.map((stage, i) => {
      const down = { stride: 2, groups: from, activation: null };
      const downsample = i ? convAffine(from, from, 3, down) : undefined;
      const kind = { stage, layers, light: second && i > 1, second, affine };
      const blocks = repeat(stage[2], (k) => {
        const [before, probability] = [from, drop()];
        from = stage[1];
        return blockOf(before, kind, k ? probability : undefined);
      });
      return sequence({ downsample, blocks });
    });
    const conv = new nn.Conv2d(from, 2048, 1, { bias: false, weightInit: fanOut });
    const lastConv = new nn.Sequential(conv, new nn.ReLU(), ...(affine ? [new Affine()] : []));
    const fc = new nn.Linear(2048, numClasses, { biasInit: init.zeros });
    const head = sequence({ lastConv, flatten: new nn.Flatten(), dropout: new nn.Dropout(dropout), fc });
    this.build({ stem: first, stages: new nn.Sequential(...made) }, { head });
  }
}
