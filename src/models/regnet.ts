// RegNet: Radosavovic, Kosaraju, Girshick, He and Dollár, Designing Network Design Spaces (2020), arXiv 2003.13678, tables 5 and
// 6, as in timm; PaddleClas has the X form. Widths grow linearly over the blocks, rounded to powers of a factor.

import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { convBn, gaussian, rising, roundToEven } from "./blocks.js";
import { Network } from "./head.js";
import { Residual, sequence } from "./layers.js";
import { defineModel, type ModelOptions } from "./model.js";

/** The differences between the RegNets. */
export interface RegNetShape {
  /** Blocks of all stages together. */
  depth: number;
  /** Width of the first block, before rounding. */
  initial: number;
  /** Growth per further block. */
  slope: number;
  /** Widths are multiplied by this from step to step. */
  factor: number;
  /** Channels of a group of the 3×3 convolutions. */
  groupWidth: number;
  /** Whether channels are weighed: Y. */
  se: boolean;
}

/** The nearest integer, the even one in a tie, as in the authors' code. */

/** Width and depth of each stage. */
function stagesOf({
  depth,
  initial,
  slope,
  factor,
  groupWidth,
}: RegNetShape): [to: number, blocks: number][] {
  const stages = new Map<number, number>();
  for (let i = 0; i < depth; i++) {
    const step = roundToEven(Math.log((initial + slope * i) / initial) / Math.log(factor));
    const width = roundToEven((initial * factor ** step) / 8) * 8;
    stages.set(width, (stages.get(width) ?? 0) + 1);
  }
  const inGroups = (width: number, group: number): number => roundToEven(width / group) * group;
  return [...stages].map(([width, blocks]) => [inGroups(width, Math.min(groupWidth, width)), blocks]);
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class RegNet extends Network {
  constructor(shape: RegNetShape, options: ModelOptions = {}) {
    super(options);
    const number = "number";
    checkFields(new.target.name, "shape", shape, { depth: number, initial: number, slope: number, factor: number, groupWidth: number, se: "flag" }); // prettier-ignore
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const drop = rising(dropPath, shape.depth - 1);
    /** 1×1, 3×3 in groups, 1×1, all of the same width. */
    const block = (from: number, to: number, stride: number): nn.Module => {
      const groups = to / Math.min(shape.groupWidth, to);
      const layers = {
        conv1: convBn(from, to, 1),
        conv2: convBn(to, to, 3, { stride, groups }),
        se: shape.se ? new nn.SqueezeExcitation(to, roundToEven(from / 4)) : undefined,
        conv3: convBn(to, to, 1, { activation: null }),
      };
      const downsample = stride > 1 || from !== to ? convBn(from, to, 1, { stride, activation: null }) : undefined; // prettier-ignore
      return new Residual(layers, { shortcut: { downsample }, relu: true, drop: drop() });
    };
    let from = 32;
    const stem = convBn(inChannels, from, 3, { stride: smallImages ? 1 : 2 });
    const stages = stagesOf(shape).map(([to, blocks], s) => {
      const stage: Record<string, nn.Module> = {};
      for (let i = 1; i <= blocks; i++, from = to) stage[`b${i}`] = block(from, to, i > 1 ? 1 : 2);
      return [`s${s + 1}`, sequence(stage)] as const;
    });
    const fc = new nn.Linear(from, numClasses, { weightInit: gaussian(0.01), biasInit: init.zeros });
    const head = sequence({ dropout: new nn.Dropout(dropout), fc });
    this.build({ stem, ...Object.fromEntries(stages) }, { head });
  }
}

type Numbers = readonly [depth: number, initial: number, slope: number, factor: number, groupWidth: number];

function regnet(name: string, numbers: Numbers, resize: number, ...aliases: string[]) {
  const [depth, initial, slope, factor, groupWidth] = numbers;
  const shape = { depth, initial, slope, factor, groupWidth, se: name.startsWith("regnety") };
  return defineModel(name, imagenet(224, resize, "bicubic"), (o) => new RegNet(shape, o), { series: "RegNet", aliases }); // prettier-ignore
}

/** RegNet: 2.68 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_200MF. */
export const regnetx_002 = regnet("regnetx_002", [13, 24, 36.44, 2.49, 8], 256, "RegNetX_200MF");
/** RegNet: 5.16 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_400MF. */
export const regnetx_004 = regnet("regnetx_004", [22, 24, 24.48, 2.54, 16], 256, "RegNetX_400MF");
/** RegNet: 6.20 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_600MF. */
export const regnetx_006 = regnet("regnetx_006", [16, 48, 36.97, 2.24, 24], 256, "RegNetX_600MF");
/** RegNet: 7.26 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_800MF. */
export const regnetx_008 = regnet("regnetx_008", [16, 56, 35.73, 2.28, 16], 232, "RegNetX_800MF");
/** RegNet: 9.19 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_1600MF. */
export const regnetx_016 = regnet("regnetx_016", [18, 80, 34.01, 2.25, 24], 232, "RegNetX_1600MF");
/** RegNet: 15.3 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_3200MF. */
export const regnetx_032 = regnet("regnetx_032", [25, 88, 26.31, 2.25, 48], 232, "RegNetX_3200MF");
/** RegNet: 22.1 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_4GF. */
export const regnetx_040 = regnet("regnetx_040", [23, 96, 38.65, 2.43, 40], 256, "RegNetX_4GF");
/** RegNet: 26.2 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_6400MF. */
export const regnetx_064 = regnet("regnetx_064", [17, 184, 60.83, 2.07, 56], 256, "RegNetX_6400MF");
/** RegNet: 39.6 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_8GF. */
export const regnetx_080 = regnet("regnetx_080", [23, 80, 49.56, 2.88, 120], 232, "RegNetX_8GF");
/** RegNet: 46.1 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_12GF. */
export const regnetx_120 = regnet("regnetx_120", [19, 168, 73.36, 2.37, 112], 256, "RegNetX_12GF");
/** RegNet: 54.3 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_16GF. */
export const regnetx_160 = regnet("regnetx_160", [22, 216, 55.59, 2.1, 128], 232, "RegNetX_16GF");
/** RegNet: 108 M parameters, for images of 224 × 224 pixels. Also known as RegNetX_32GF. */
export const regnetx_320 = regnet("regnetx_320", [23, 320, 69.86, 2, 168], 232, "RegNetX_32GF");
/** RegNet: 3.16 M parameters, for images of 224 × 224 pixels. */
export const regnety_002 = regnet("regnety_002", [13, 24, 36.44, 2.49, 8], 256);
/** RegNet: 4.34 M parameters, for images of 224 × 224 pixels. */
export const regnety_004 = regnet("regnety_004", [16, 48, 27.89, 2.09, 8], 232);
/** RegNet: 6.06 M parameters, for images of 224 × 224 pixels. */
export const regnety_006 = regnet("regnety_006", [15, 48, 32.54, 2.32, 16], 256);
/** RegNet: 6.26 M parameters, for images of 224 × 224 pixels. */
export const regnety_008 = regnet("regnety_008", [14, 56, 38.84, 2.4, 16], 256);
/** RegNet: 11.2 M parameters, for images of 224 × 224 pixels. */
export const regnety_016 = regnet("regnety_016", [27, 48, 20.71, 2.65, 24], 232);
/** RegNet: 19.4 M parameters, for images of 224 × 224 pixels. */
export const regnety_032 = regnet("regnety_032", [21, 80, 42.63, 2.66, 24], 235);
/** RegNet: 20.6 M parameters, for images of 224 × 224 pixels. */
export const regnety_040 = regnet("regnety_040", [22, 96, 31.41, 2.24, 64], 235);
/** RegNet: 30.6 M parameters, for images of 224 × 224 pixels. */
export const regnety_064 = regnet("regnety_064", [25, 112, 33.22, 2.27, 72], 235);
/** RegNet: 39.2 M parameters, for images of 224 × 224 pixels. */
export const regnety_080 = regnet("regnety_080", [17, 192, 76.82, 2.19, 56], 235);
/** RegNet: 51.8 M parameters, for images of 224 × 224 pixels. */
export const regnety_120 = regnet("regnety_120", [19, 168, 73.36, 2.37, 112], 235);
/** RegNet: 83.6 M parameters, for images of 224 × 224 pixels. */
export const regnety_160 = regnet("regnety_160", [18, 200, 106.23, 2.48, 112], 235);
/** RegNet: 145 M parameters, for images of 224 × 224 pixels. */
export const regnety_320 = regnet("regnety_320", [20, 232, 115.89, 2.53, 232], 232);
