// HRNet: Wang et al., Deep High-Resolution Representation Learning for Visual Recognition (2019), arXiv 1908.07919, figures 2 to 4,
// as in timm: branches of several resolutions side by side, which exchange their maps after every few blocks.

import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { add, relu } from "../ops/index.js";
import { convNorm, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { repeat, sequence, times, unnamed } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";
import { blockOf, conv } from "./resnet-block.js";

/** The differences between the HRNets. */
export interface HRNetShape {
  /** Channels of the branch of the highest resolution; each further one has twice as many. */
  width: number;
  /** Blocks of the first stage, which has one branch, and the width of their 3×3 convolutions. Default 4, 64. */
  first?: readonly [blocks: number, width: number];
  /** Number of exchanges in each of the other three stages. Default 1, 4, 3. */
  exchanges?: readonly number[];
  /** Blocks of a branch before each exchange. Default 4. */
  blocks?: number;
  /** PaddleClas's form: no biases before the final normalisations. */
  paddle?: boolean;
  /** Whether channels are weighed at the end of each block. */
  se?: boolean;
}

type Blocks = (from: number, to: number, drops: readonly number[], bottleneck?: boolean) => nn.Sequential;

const halving = (from: number, to: number, options: { activation?: null } = {}): nn.Sequential => convNorm(from, to, 3, { stride: 2, ...options }); // prettier-ignore

/** Converts branch j's maps for branch i: enlarged, or halved once or several times. */
function exchanged(j: number, i: number, widths: readonly number[]): nn.Module {
  const [from, to] = [widths[j]!, widths[i]!];
  if (j > i) {
    const upsample = new nn.Upsample({ scaleFactor: 2 ** (j - i) });
    return new nn.Sequential(conv(from, to, 1), new nn.BatchNorm2d(to), upsample);
  }
  const before = times(i - j - 1, () => halving(from, from));
  return new nn.Sequential(...before, halving(from, to, { activation: null }));
}

/** Blocks in each branch, then all branches see all. */
class Exchange extends nn.Sequential {
  constructor(widths: readonly number[], blocks: Blocks, drops: readonly number[]) {
    const branches = new nn.Sequential(...widths.map((width) => blocks(width, width, drops)));
    const all = [...widths.keys()];
    const others = (i: number) => sequence(Object.fromEntries(all.map((j) => [j, j === i ? undefined : exchanged(j, i, widths)]))); // prettier-ignore
    super({ branches, fuseLayers: new nn.Sequential(...all.map(others)) });
  }

  /** Maps of the images at each resolution. */
  all(images: readonly Tensor[]): Tensor[] {
    const [branches, fuseLayers] = unnamed(this).map(unnamed);
    const seen = branches!.map((branch, j) => branch.forward(images[j]!));
    return fuseLayers!.map((list) => {
      const layers = new Map(list.namedChildren());
      return relu(seen.map((y, j) => layers.get(String(j))?.forward(y) ?? y).reduce((a, b) => add(a, b)));
    });
  }
}

/** Images with sizes that are multiples of 32. */
export class HRNet extends Network {
  constructor(shape: HRNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { width: "number" });
    const { width, first = [4, 64], exchanges = [1, 4, 3], blocks: depth = 4, paddle = false, se = false } = shape; // prettier-ignore
    const { numClasses = 1000, inChannels = 3, smallImages, dropout = 0, dropPath = 0 } = options;
    // Blocks side by side are left out with the same probability.
    const drop = rising(dropPath, first[0] + sum(exchanges) - 1);
    const drops = (): number[] => new Array<number>(depth).fill(drop());
    const blocks: Blocks = (from, to, drops, bottleneck = false) => {
      const place = (i: number) => ({ from: i ? to : from, to, stride: 1, first: false, drop: drops[i]! });
      return repeat(drops.length, (i) => blockOf({ bottleneck, paddle, se }, place(i)));
    };
    const stride = smallImages ? 1 : 2;
    // prettier-ignore
    const stem = {
      conv1: conv(inChannels, 64, 3, stride), bn1: new nn.BatchNorm2d(64), act1: new nn.ReLU(),
      conv2: conv(64, 64, 3, stride), bn2: new nn.BatchNorm2d(64), act2: new nn.ReLU(),
      layer1: blocks(64, 4 * first[1], times(first[0], drop), true),
    };
    const widths = times(4, (i) => width * 2 ** i);
    const stages = exchanges.flatMap((often, k): [string, nn.Module][] => {
      const own = widths.slice(0, k + 2);
      const last = new nn.Sequential(halving(k ? widths[k]! : 4 * first[1], widths[k + 1]!));
      const transition = new nn.Sequential({
        ...(!k && { 0: convNorm(4 * first[1], width, 3) }),
        [k + 1]: last,
      });
      const stage = repeat(often, () => new Exchange(own, blocks, drops()));
      return [[`transition${k + 1}`, transition], [`stage${k + 2}`, stage]]; // prettier-ignore
    });
    const ends = [128, 256, 512, 1024];
    const down = (to: number, i: number) => convNorm(ends[i]!, to, 3, { stride: 2, bias: !paddle });
    const features = {
      ...stem,
      ...Object.fromEntries(stages),
      increModules: new nn.Sequential(...ends.map((to, i) => blocks(widths[i]!, to, [0], true))),
      downsampModules: new nn.Sequential(...ends.slice(1).map(down)),
      finalLayer: convNorm(1024, 2048, 1, { bias: !paddle }),
    };
    this.build(features, { dropout: new nn.Dropout(dropout), classifier: new nn.Linear(2048, numClasses) });
  }

  override forwardFeatures(x: Tensor): Tensor {
    const layers = this.body.namedChildren();
    const parts = Object.fromEntries(layers) as Record<string, nn.Module>;
    let images = [layers.slice(0, 7).reduce((y, [, layer]) => tidy(() => layer.forward(y)), x)];
    for (const k of [1, 2, 3]) {
      const transition = new Map(parts[`transition${k}`]!.namedChildren());
      const lowest = images.at(-1)!;
      images = times(k + 1, (i) => transition.get(String(i))?.forward(lowest) ?? images[i]!);
      for (const exchange of unnamed(parts[`stage${k + 1}`]!) as Exchange[]) {
        const before = images;
        images = tidy(() => exchange.all(before));
      }
    }
    const downs = unnamed(parts.downsampModules!);
    const seen = unnamed(parts.increModules!).map((incre, i) => incre.forward(images[i]!));
    return parts.finalLayer!.forward(seen.reduce((y, next, i) => add(next, downs[i - 1]!.forward(y))));
  }
}

const bicubic = imagenet(224, 256, "bicubic");
const timm = (name: string, shape: HRNetShape, prepared = imagenet()) =>
  defineModel(name, prepared, (o) => new HRNet(shape, o), { series: "HRNet" });
function paddled(width: number, aliases: string[] = [], se = false) {
  const traits = { series: "HRNet", aliases: [`${se ? "SE_" : ""}HRNet_W${width}_C`, ...aliases] };
  return defineModel(`paddle_${se ? "se_" : ""}hrnet_w${width}`, imagenet(), (o) => new HRNet({ width, paddle: true, se }, o), traits); // prettier-ignore
}

/** HRNet: 13.2 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w18_small = timm("hrnet_w18_small", { width: 16, first: [1, 32], exchanges: [1, 1, 1], blocks: 2 }, bicubic); // prettier-ignore
/** HRNet: 15.6 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w18_small_v2 = timm("hrnet_w18_small_v2", { width: 18, first: [2, 64], exchanges: [1, 3, 2], blocks: 2 }, bicubic); // prettier-ignore
/** HRNet: 21.3 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w18 = timm("hrnet_w18", { width: 18 }, imagenet(224, 235));
/** HRNet: 37.7 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w30 = timm("hrnet_w30", { width: 30 });
/** HRNet: 41.2 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w32 = timm("hrnet_w32", { width: 32 });
/** HRNet: 57.6 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w40 = timm("hrnet_w40", { width: 40 });
/** HRNet: 67.1 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w44 = timm("hrnet_w44", { width: 44 });
/** HRNet: 77.5 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w48 = timm("hrnet_w48", { width: 48 });
/** HRNet: 128 M parameters, for images of 224 × 224 pixels. */
export const hrnet_w64 = timm("hrnet_w64", { width: 64 });
/** HRNet as PaddleClas builds it: 21.3 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W18_C, hrnet_w18_ssld. */
export const paddle_hrnet_w18 = paddled(18, ["hrnet_w18_ssld"]);
/** HRNet as PaddleClas builds it: 37.7 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W30_C. */
export const paddle_hrnet_w30 = paddled(30);
/** HRNet as PaddleClas builds it: 41.2 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W32_C. */
export const paddle_hrnet_w32 = paddled(32);
/** HRNet as PaddleClas builds it: 57.6 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W40_C. */
export const paddle_hrnet_w40 = paddled(40);
/** HRNet as PaddleClas builds it: 67.1 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W44_C. */
export const paddle_hrnet_w44 = paddled(44);
/** HRNet as PaddleClas builds it: 77.5 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W48_C, hrnet_w48_ssld. */
export const paddle_hrnet_w48 = paddled(48, ["hrnet_w48_ssld"]);
/** HRNet as PaddleClas builds it: 114 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W60_C. */
export const paddle_hrnet_w60 = paddled(60);
/** HRNet as PaddleClas builds it: 128 M parameters, for images of 224 × 224 pixels. Also known as HRNet_W64_C. */
export const paddle_hrnet_w64 = paddled(64);
/** HRNet as PaddleClas builds it: 129 M parameters, for images of 224 × 224 pixels. Also known as SE_HRNet_W64_C. */
export const paddle_se_hrnet_w64 = paddled(64, [], true);
