// HarDNet: Chao, Kao, Ruan, Huang and Lin, HarDNet: A Low Memory Traffic Network (2019), arXiv 1909.00948, table 2 and section 3, as
// PaddleClas and the authors (https://github.com/PingoLH/Pytorch-HarDNet) have it.

import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { cat } from "../ops/index.js";
import { fanOut, sum } from "./blocks.js";
import { Network } from "./head.js";
import { sequence, times } from "./layers.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

const plain = (from: number, to: number, size: number, stride: number, groups = 1): nn.Module =>
  new nn.Conv2d(from, to, size, { stride, groups, padding: (size - 1) / 2, bias: false, weightInit: fanOut });
const conv = (from: number, to: number, size: number, stride = 1): nn.Module =>
  sequence({ conv: plain(from, to, size, stride), norm: new nn.BatchNorm2d(to), relu: new nn.ReLU6() });
const depthwise = (width: number, stride: number): nn.Module =>
  sequence({ dwconv: plain(width, width, 3, stride, width), norm: new nn.BatchNorm2d(width) });

/** Inputs of layer n: the layers 1, 2, 4, … before it, while these numbers divide n. 0 is the block's input. */
function linksOf(n: number): number[] {
  const links = [];
  for (let step = 1; n && n % step === 0; step *= 2) links.push(n - step);
  return links;
}
/** The odd layers and the last, which form the output. */
const outOf = (depth: number): number[] =>
  times(depth, (i) => i + 1).filter((n) => n % 2 === 1 || n === depth);

/** Layers with harmonic links. */
class HarDBlock extends nn.Module {
  readonly layers: nn.Module[];
  readonly to: number;

  /** factor: a layer's width grows by this factor for each link after the first. */
  constructor(from: number, growth: number, factor: number, depth: number, separable: boolean) {
    super();
    const widthOf = (n: number): number => {
      const wanted = growth * factor ** (linksOf(n).length - 1);
      return n ? Math.floor(Math.floor(wanted + 1) / 2) * 2 : from;
    };
    this.layers = times(depth, (i) => {
      const [seen, width] = [sum(linksOf(i + 1).map(widthOf)), widthOf(i + 1)];
      if (!separable) return conv(seen, width, 3);
      return sequence({ layer1: conv(seen, width, 1), layer2: depthwise(width, 1) });
    });
    this.to = sum(outOf(depth).map(widthOf));
  }

  forward(x: Tensor): Tensor {
    const maps = [x];
    this.layers.forEach((layer, i) => {
      maps.push(tidy(() => layer.forward(joined(linksOf(i + 1).map((n) => maps[n]!)))));
    });
    return joined(outOf(this.layers.length).map((n) => maps[n]!));
  }
}

const joined = (maps: Tensor[]): Tensor => (maps.length === 1 ? maps[0]! : cat(maps));

/** The differences between the HarDNets. */
export interface HarDNetShape {
  /** Widths of the two first convolutions. */
  stem: readonly [number, number];
  /** Growth, layers and width of each block, and whether the size is halved after it. */
  blocks: readonly (readonly [growth: number, depth: number, width: number, down: boolean])[];
  /** Factor of a layer's width for each link after the first. */
  factor: number;
  /** Whether convolutions are separable, and replace poolings. */
  separable?: boolean;
  /** Probability of the dropout before the classifier. */
  dropout: number;
  /** Probability of the dropout after the last block. Default 0. */
  inner?: number;
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class HarDNet extends Network {
  constructor(shape: HarDNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { stem: "numbers", blocks: "list", factor: "number", dropout: "number" }); // prettier-ignore
    const { stem, blocks, factor, separable = false, inner } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = shape.dropout } = options;
    const [first, second] = stem;
    const halved = (width: number, pool: nn.Module): nn.Module => (separable ? depthwise(width, 2) : pool);
    const base: nn.Module[] = [
      conv(inChannels, first, 3, smallImages ? 1 : 2),
      conv(first, second, separable ? 1 : 3),
      halved(second, new nn.MaxPool2d(3, { stride: 2, padding: 1 })),
    ];
    let from = second;
    blocks.forEach(([growth, depth, width, down], i) => {
      const block = new HarDBlock(from, growth, factor, depth, separable);
      base.push(block);
      if (inner && i === blocks.length - 1) base.push(new nn.Dropout(inner));
      base.push(conv(block.to, width, 1));
      if (down) base.push(halved(width, new nn.MaxPool2d(2)));
      from = width;
    });
    const named = base.map((layer, i) => [`base.${i}`, layer] as const);
    const end = new nn.Sequential({ 2: new nn.Dropout(dropout), 3: new nn.Linear(from, numClasses) });
    this.build(Object.fromEntries(named), { [`base.${base.length}`]: end });
  }
}

const H39 = { stem: [24, 48], blocks: [[16, 4, 96, true], [20, 16, 320, true], [64, 8, 640, true], [160, 4, 1024, false]], factor: 1.6, dropout: 0.05 } as const; // prettier-ignore
const H68 = { stem: [32, 64], blocks: [[14, 8, 128, true], [16, 16, 256, false], [20, 16, 320, true], [40, 16, 640, true], [160, 4, 1024, false]], factor: 1.7, dropout: 0.1 } as const; // prettier-ignore
const H85 = { stem: [48, 96], blocks: [[24, 8, 192, true], [24, 16, 256, false], [28, 16, 320, true], [36, 16, 480, false], [48, 16, 720, true], [256, 4, 1280, false]], factor: 1.7, dropout: 0.2, inner: 0.1 } as const; // prettier-ignore

const hardnet = (name: string, shape: HarDNetShape, alias: string) =>
  defineModel(name, imagenet(), (o) => new HarDNet(shape, o), { series: "HarDNet", aliases: [alias], ...PLAIN }); // prettier-ignore

/** HarDNet: 3.49 M parameters, for images of 224 × 224 pixels. Also known as HarDNet39_ds. */
export const hardnet39ds = hardnet("hardnet39ds", { ...H39, separable: true }, "HarDNet39_ds");
/** HarDNet: 4.18 M parameters, for images of 224 × 224 pixels. Also known as HarDNet68_ds. */
export const hardnet68ds = hardnet("hardnet68ds", { ...H68, separable: true, dropout: 0.05 }, "HarDNet68_ds");
/** HarDNet: 17.6 M parameters, for images of 224 × 224 pixels. Also known as HarDNet68. */
export const hardnet68 = hardnet("hardnet68", H68, "HarDNet68");
/** HarDNet: 36.7 M parameters, for images of 224 × 224 pixels. Also known as HarDNet85. */
export const hardnet85 = hardnet("hardnet85", H85, "HarDNet85");
