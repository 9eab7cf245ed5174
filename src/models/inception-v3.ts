// Inception V3: Szegedy et al., Rethinking the Inception Architecture for Computer Vision (2015), arXiv 1512.00567, as torchvision has
// it. PaddleClas's form has no auxiliary classifier, another eps, and its older dropout.

import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import { convBn, DownscaledDropout, gaussian } from "./blocks.js";
import { AuxiliaryNetwork, chain, cross, DOWN, spacedMeans, type ConvRow, type MakeConv } from "./branches.js"; // prettier-ignore
import { Apply, flatBranches, sequence, type Layers } from "./layers.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const weightInit = gaussian(0.1);
const VALID = { padding: 0 };
const pool = (): nn.Module => new nn.MaxPool2d(3, { stride: 2 });

/** Figures 5 (a), 6 (c) and 7 (e), and blocks that halve the size. aux: the auxiliary classifier. For the names see Flat. */
function blocks(conv: MakeConv, aux: Layers): Layers {
  const row = (from: number, ...rows: ConvRow[]): nn.Module =>
    sequence(Object.fromEntries(chain(conv, from, ...rows).map((layer, i) => [i + 1, layer])));
  const averaged = (from: number, to: number): nn.Module =>
    sequence({ of: new nn.AvgPool2d(3, { stride: 1, padding: 1 }), "": conv(from, to, 1) });
  const a = (from: number, to: number): nn.Module =>
    flatBranches({
      branch1x1: conv(from, 64, 1),
      branch5x5_: row(from, [48, 1], [64, 5]),
      branch3x3dbl_: row(from, [64, 1], [96, 3], [96, 3]),
      branch_pool: averaged(from, to),
    });
  const c = (mid: number): nn.Module =>
    flatBranches({
      branch1x1: conv(768, 192, 1),
      branch7x7_: row(768, [mid, 1], [mid, [1, 7]], [192, [7, 1]]),
      branch7x7dbl_: row(768, [mid, 1], [mid, [7, 1]], [mid, [1, 7]], [mid, [7, 1]], [192, [1, 7]]),
      branch_pool: averaged(768, 192),
    });
  const e = (from: number): nn.Module =>
    flatBranches({
      branch1x1: conv(from, 320, 1),
      branch3x3_: sequence({ 1: conv(from, 384, 1), 2: cross(conv, 384, 384) }),
      branch3x3dbl_: sequence({ 1: conv(from, 448, 1), 2: conv(448, 384, 3), 3: cross(conv, 384, 384) }),
      branch_pool: averaged(from, 192),
    });
  return {
    ...{ Mixed_5b: a(192, 32), Mixed_5c: a(256, 64), Mixed_5d: a(288, 64) },
    Mixed_6a: flatBranches({
      branch3x3: conv(288, 384, 3, DOWN),
      branch3x3dbl_: row(288, [64, 1], [96, 3], [96, 3, DOWN]),
      pool: pool(),
    }),
    ...{ Mixed_6b: c(128), Mixed_6c: c(160), Mixed_6d: c(160), Mixed_6e: c(192), ...aux },
    Mixed_7a: flatBranches({
      branch3x3_: row(768, [192, 1], [320, 3, DOWN]),
      branch7x7x3_: row(768, [192, 1], [192, [1, 7]], [192, [7, 1]], [192, 3, DOWN]),
      pool: pool(),
    }),
    ...{ Mixed_7b: e(1280), Mixed_7c: e(2048) },
  };
}

/** The auxiliary classifier. */
function auxiliary(conv: MakeConv, numClasses: number): nn.Module {
  return sequence({
    pool: new Apply((x) => spacedMeans(x, 5)),
    conv0: conv(768, 128, 1),
    conv1: conv(128, 768, 5, { ...VALID, weightInit: gaussian(0.01) }),
    avgpool: new nn.AdaptiveAvgPool2d(1),
    flatten: new nn.Flatten(),
    fc: new nn.Linear(768, numClasses, { weightInit: gaussian(0.001) }),
  });
}

/** Options of InceptionV3. */
export interface InceptionV3Options extends ModelOptions {
  /** Whether there is an auxiliary classifier for training, of weight 0.4. Default true; PaddleClas's form has none. */
  auxHeads?: boolean;
}

/** Images of ≥ 75 pixels. */
export class InceptionV3 extends AuxiliaryNetwork {
  constructor(options: InceptionV3Options = {}, paddle = false) {
    super(options, { auxHeads: true });
    const { numClasses = 1000, inChannels = 3, smallImages = false, auxHeads = !paddle } = options;
    const norm = { eps: paddle ? 1e-5 : 1e-3 };
    const conv: MakeConv = (from, to, size, o) => convBn(from, to, size, { weightInit, norm, ...o });
    const aux = { AuxLogits: auxHeads ? auxiliary(conv, numClasses) : undefined };
    const features = {
      Conv2d_1a_3x3: conv(inChannels, 32, 3, smallImages ? VALID : DOWN),
      Conv2d_2a_3x3: conv(32, 32, 3, VALID),
      Conv2d_2b_3x3: conv(32, 64, 3),
      maxpool1: smallImages ? undefined : pool(),
      Conv2d_3b_1x1: conv(64, 80, 1),
      Conv2d_4a_3x3: conv(80, 192, 3, VALID),
      maxpool2: pool(),
      ...blocks(conv, aux),
    };
    const { dropout = paddle ? 0.2 : 0.5 } = options;
    const drop = new (paddle ? DownscaledDropout : nn.Dropout)(dropout);
    const end = { dropout: drop, fc: new nn.Linear(2048, numClasses, { weightInit }) };
    this.build(features, end, auxHeads ? { AuxLogits: ["Mixed_6e", 0.4] } : {});
  }
}

const TRAITS = { series: "Inception", ...PLAIN };

/** Inception: 27.2 M parameters, for images of 299 × 299 pixels. */
export const inception_v3 = defineModel("inception_v3", imagenet(299, 342), (o?: InceptionV3Options) => new InceptionV3(o), TRAITS); // prettier-ignore
/** Inception as PaddleClas builds it: 23.8 M parameters, for images of 299 × 299 pixels. Also known as InceptionV3. */
export const paddle_inception_v3 = defineModel("paddle_inception_v3", imagenet(299, 320), (o) => new InceptionV3(o, true), { ...TRAITS, aliases: ["InceptionV3"] }); // prettier-ignore
