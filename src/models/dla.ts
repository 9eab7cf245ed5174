// DLA: Yu, Wang, Shelhamer and Darrell, Deep Layer Aggregation (2017), arXiv 1707.06484, figure 2c and table 1, as in timm:
// stages are trees of blocks, whose roots join their children.

import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { cat, maxPool2d } from "../ops/index.js";
import { channels, convNorm, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { Apply, Residual, sequence, type Layers } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";
import { conv } from "./resnet-block.js";

/** The differences between the DLAs. */
export interface DLAShape {
  /** Levels of the trees of the last four stages. */
  levels: readonly number[];
  /** Channels of the six stages. */
  widths: readonly number[];
  /** Blocks of 1×1, 3×3, 1×1 instead of two 3×3. */
  bottleneck?: boolean;
  /** Groups of the bottleneck's 3×3 convolution. Default 1. */
  groups?: number;
  /** Width of each group, in parts of a 64-channel stage. Default 64. */
  widthPerGroup?: number;
  /** Whether roots add their last child to their output. */
  rootAdds?: boolean;
}

type Place = readonly [from: number, to: number, stride: number];

function blockOf([from, to, stride]: Place, shape: DLAShape, drop: number): Residual {
  const { bottleneck = false, groups = 1, widthPerGroup = 64 } = shape;
  const width = bottleneck ? (Math.floor((to * widthPerGroup) / 64) * groups) / 2 : to;
  const norm = (n: number): nn.Module => new nn.BatchNorm2d(n);
  const [conv1, bn1] = [bottleneck ? conv(from, width, 1) : conv(from, width, 3, stride), norm(width)];
  const conv2 = bottleneck ? conv(width, width, 3, stride, groups) : conv(width, to, 3);
  const layers = { conv1, bn1, act1: new nn.ReLU(), conv2, bn2: norm(width) };
  const last = bottleneck ? { act2: new nn.ReLU(), conv3: conv(width, to, 1), bn3: norm(to) } : {};
  return new Residual({ ...layers, ...last }, { relu: true, drop });
}

/** One 1×1 convolution over all children, the last child first. */
function rootOf(from: number, to: number, adds: boolean): nn.Module {
  const layers = { conv: conv(from, to, 1), bn: new nn.BatchNorm2d(to) };
  if (!adds) return sequence({ ...layers, relu: new nn.ReLU() });
  return new Residual(layers, { shortcut: { first: new Apply((x) => channels(x, 0, to)) }, relu: true });
}

/** Two trees one after the other, or two blocks and a root. */
class Tree extends nn.Module {
  readonly project: nn.Sequential | undefined;
  readonly tree1: Tree | Residual;
  readonly tree2: Tree | Residual;
  readonly root: nn.Module | undefined;
  readonly #down: (x: Tensor) => Tensor;
  readonly #joinsInput: boolean;

  /** joined: channels that earlier trees pass to the root, in addition to those of its own blocks. */
  // prettier-ignore
  constructor(levels: number, place: Place, shape: DLAShape, joined: number, joinsInput: boolean, drop: () => number) {
    super();
    const [from, to, stride] = place;
    const all = joined + (joinsInput ? from : 0);
    this.#down = (x) => (stride > 1 ? maxPool2d(x, stride) : x);
    this.#joinsInput = joinsInput;
    const tree = (at: Place, more: number) => levels === 1 ? blockOf(at, shape, drop()) : new Tree(levels - 1, at, shape, more, false, drop);
    if (levels === 1 && from !== to) this.project = convNorm(from, to, 1, { activation: null });
    this.tree1 = tree(place, 0);
    this.tree2 = tree([to, to, 1], all + to);
    if (levels === 1) this.root = rootOf(2 * to + all, to, shape.rootAdds ?? false);
  }

  forward(x: Tensor): Tensor {
    return this.above(x, []);
  }

  /** Its root's output for its own children and these. */
  above(x: Tensor, children: readonly Tensor[]): Tensor {
    const bottom = this.#down(x);
    const before = this.#joinsInput ? [...children, bottom] : children;
    if (this.tree1 instanceof Residual) {
      const first = this.tree1.beside(x, this.project?.forward(bottom) ?? bottom);
      return this.root!.forward(cat([this.tree2.forward(first), first, ...before]));
    }
    const first = this.tree1.forward(x);
    return (this.tree2 as Tree).above(first, [...before, first]);
  }
}

/** Images whose sides are multiples of 32: trees pool whole windows. */
export class DLA extends Network {
  constructor(shape: DLAShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { levels: "numbers", widths: "numbers" });
    const { levels, widths } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const [a, b, ...wide] = widths as [number, number, ...number[]];
    const drop = rising(dropPath, sum(levels.map((level) => 2 ** level)) - 1);
    const baseLayer = convNorm(inChannels, a, 7);
    const [level0, level1] = [convNorm(a, a, 3), convNorm(a, b, 3, { stride: smallImages ? 1 : 2 })];
    const trees = wide.map((to, i) => [`level${i + 2}`, new Tree(levels[i]!, [wide[i - 1] ?? b, to, 2], shape, 0, i > 0, drop)]); // prettier-ignore
    const fc = new nn.Conv2d(wide.at(-1)!, numClasses, 1);
    const features: Layers = { baseLayer, level0, level1, ...Object.fromEntries(trees) };
    this.build(features, { dropout: new nn.Dropout(dropout), fc });
  }
}

const COMPACT = [16, 32, 64, 64, 128, 256];
const WIDE = [16, 32, 128, 256, 512, 1024];
const deep = { bottleneck: true };
const deepX = { ...deep, groups: 32, widthPerGroup: 4 };

/** In names, x stands for ResNeXt's blocks, c for compact. */
function dla(name: string, levels: readonly number[], widths: readonly number[], more: Partial<DLAShape>) {
  const traits = { series: "DLA", aliases: [name.replace("dla", "DLA")] };
  return defineModel(name, imagenet(), (o) => new DLA({ levels, widths, ...more }, o), traits);
}

/** DLA: 15.7 M parameters, for images of 224 × 224 pixels. Also known as DLA34. */
export const dla34 = dla("dla34", [1, 2, 2, 1], [16, 32, 64, 128, 256, 512], {});
/** DLA: 1.30 M parameters, for images of 224 × 224 pixels. Also known as DLA46_c. */
export const dla46_c = dla("dla46_c", [1, 2, 2, 1], COMPACT, deep);
/** DLA: 1.07 M parameters, for images of 224 × 224 pixels. Also known as DLA46x_c. */
export const dla46x_c = dla("dla46x_c", [1, 2, 2, 1], COMPACT, deepX);
/** DLA: 22.0 M parameters, for images of 224 × 224 pixels. Also known as DLA60. */
export const dla60 = dla("dla60", [1, 2, 3, 1], WIDE, deep);
/** DLA: 17.4 M parameters, for images of 224 × 224 pixels. Also known as DLA60x. */
export const dla60x = dla("dla60x", [1, 2, 3, 1], WIDE, deepX);
/** DLA: 1.32 M parameters, for images of 224 × 224 pixels. Also known as DLA60x_c. */
export const dla60x_c = dla("dla60x_c", [1, 2, 3, 1], COMPACT, deepX);
/** DLA: 33.3 M parameters, for images of 224 × 224 pixels. Also known as DLA102. */
export const dla102 = dla("dla102", [1, 3, 4, 1], WIDE, { rootAdds: true, ...deep });
/** DLA: 26.3 M parameters, for images of 224 × 224 pixels. Also known as DLA102x. */
export const dla102x = dla("dla102x", [1, 3, 4, 1], WIDE, { rootAdds: true, ...deepX });
/** DLA: 41.3 M parameters, for images of 224 × 224 pixels. Also known as DLA102x2. */
export const dla102x2 = dla("dla102x2", [1, 3, 4, 1], WIDE, { rootAdds: true, ...deepX, groups: 64 });
/** DLA: 53.4 M parameters, for images of 224 × 224 pixels. Also known as DLA169. */
export const dla169 = dla("dla169", [2, 3, 5, 1], WIDE, { rootAdds: true, ...deep });
