// MobileNet V3: Howard et al., Searching for MobileNetV3 (2019), arXiv 1905.02244, tables 1 and 2, as in torchvision.

import { checkKinds } from "../errors/options.js";
import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { convNorm, fanOut, gaussian, rising, toEights } from "./blocks.js";
import { Network } from "./head.js";
import { Residual } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

/** Kernel, stride, inner and output channels of each stage's blocks, and whether channels are weighed. */
type Block = readonly [kernel: number, stride: number, wide: number, to: number, se?: "se"];

export const LARGE: readonly (readonly Block[])[] = [
  [[3, 1, 16, 16]],
  [[3, 2, 64, 24], [3, 1, 72, 24]],
  [[5, 2, 72, 40, "se"], [5, 1, 120, 40, "se"], [5, 1, 120, 40, "se"]],
  [[3, 2, 240, 80], [3, 1, 200, 80], [3, 1, 184, 80], [3, 1, 184, 80]],
  [[3, 1, 480, 112, "se"], [3, 1, 672, 112, "se"]],
  [[5, 2, 672, 160, "se"], [5, 1, 960, 160, "se"], [5, 1, 960, 160, "se"]],
]; // prettier-ignore
export const SMALL: readonly (readonly Block[])[] = [
  [[3, 2, 16, 16, "se"]],
  [[3, 2, 72, 24], [3, 1, 88, 24]],
  [[5, 2, 96, 40, "se"], [5, 1, 240, 40, "se"], [5, 1, 240, 40, "se"]],
  [[5, 1, 120, 48, "se"], [5, 1, 144, 48, "se"]],
  [[5, 2, 288, 96, "se"], [5, 1, 576, 96, "se"], [5, 1, 576, 96, "se"]],
]; // prettier-ignore

type Row = readonly [kernel: number, wide: number, to: number, weighed: boolean, activation: "relu" | "hardswish", stride: number]; // prettier-ignore

const rowsOf = (stages: typeof LARGE, reluStages: number): Row[] =>
  stages.flatMap((blocks, s) => blocks.map(([kernel, stride, wide, to, se]): Row => [kernel, wide, to, se !== undefined, s < reluStages ? "relu" : "hardswish", stride])); // prettier-ignore

const norm = { eps: 1e-3, momentum: 0.01 };

function invertedResidual(from: number, row: Row, drop: number): nn.Module {
  const [kernelSize, wide, to, weighed, name, stride] = row;
  const activation = name === "relu" ? nn.ReLU : nn.Hardswish;
  const gate = { scaleActivation: nn.Hardsigmoid, conv: { weightInit: fanOut, biasInit: init.zeros } };
  const block = new nn.Sequential(
    ...(wide === from ? [] : [convNorm(from, wide, 1, { activation, norm })]),
    convNorm(wide, wide, kernelSize, { stride, groups: wide, activation, norm }),
    ...(weighed ? [new nn.SqueezeExcitation(wide, toEights(wide / 4), gate)] : []),
    convNorm(wide, to, 1, { activation: null, norm }),
  );
  return new Residual({ block }, { adds: stride === 1 && from === to, drop });
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class MobileNetV3 extends Network {
  /** @hidden */
  constructor(rows: readonly Row[], hidden: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { rows, hidden }, { rows: "list", hidden: "number" });
    for (const row of rows) checkKinds(new.target.name, { row }, { row: "list" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.2, dropPath = 0 } = options;
    const drop = rising(dropPath, rows.length);
    const activation = nn.Hardswish;
    let from = 16;
    const blocks = rows.map((row) => {
      const block = invertedResidual(from, row, drop());
      from = row[2];
      return block;
    });
    const stem = convNorm(inChannels, 16, 3, { stride: smallImages ? 1 : 2, activation, norm });
    const features = new nn.Sequential(stem, ...blocks, convNorm(from, 6 * from, 1, { activation, norm }));
    const linear = (a: number, b: number): nn.Linear =>
      new nn.Linear(a, b, { weightInit: gaussian(0.01), biasInit: init.zeros });
    const end = [linear(6 * from, hidden), new nn.Hardswish(), new nn.Dropout(dropout), linear(hidden, numClasses)]; // prettier-ignore
    this.build({ features }, { classifier: new nn.Sequential(...end) });
  }
}

/** MobileNetV3: 5.48 M parameters, for images of 224 × 224 pixels. Also known as mobilenetv3_large_100. */
export const mobilenet_v3_large = defineModel("mobilenet_v3_large", imagenet(), (o) => new MobileNetV3(rowsOf(LARGE, 3), 1280, o), { series: "MobileNetV3", aliases: ["mobilenetv3_large_100"] }); // prettier-ignore
/** MobileNetV3: 2.54 M parameters, for images of 224 × 224 pixels. Also known as mobilenetv3_small_100. */
export const mobilenet_v3_small = defineModel("mobilenet_v3_small", imagenet(), (o) => new MobileNetV3(rowsOf(SMALL, 2), 1024, o), { series: "MobileNetV3", aliases: ["mobilenetv3_small_100"] }); // prettier-ignore
