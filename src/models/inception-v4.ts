// Inception V4: Szegedy, Ioffe, Vanhoucke and Alemi, Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning
// (2016), arXiv 1602.07261, figures 3 to 9, as in timm. In PaddleClas's form the order of some rows and columns is
// swapped, pooled channels come first, and eps and dropout differ.

import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import type { Pair } from "../ops/index.js";
import { convBn, DownscaledDropout, uniform } from "./blocks.js";
import { chain, cross, DOWN, type ConvRow, type MakeConv } from "./branches.js";
import { Branches, Flat, times } from "./layers.js";
import { Network } from "./head.js";
import { HALVES } from "./mobile-net.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const VALID = { padding: 0 };
const STAY = { stride: 1, padding: 0 };
const average = (): nn.Module => new nn.AvgPool2d(3, { stride: 1, padding: 1, countIncludePad: false });

/** Images of ≥ 75 pixels. */
export class InceptionV4 extends Network {
  constructor(options: ModelOptions = {}, paddle = false) {
    super(options);
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = paddle ? 0.2 : 0 } = options;
    const norm = { eps: paddle ? 1e-5 : 1e-3 };
    const conv: MakeConv = (from, to, size, o) => convBn(from, to, size, { weightInit: uniform, norm, ...o });
    const row = (from: number, ...rows: ConvRow[]): nn.Module =>
      new nn.Sequential(...chain(conv, from, ...rows));
    const pool = (stride = 2): nn.Module => new nn.MaxPool2d(3, { stride });
    const averaged = (from: number, to: number): nn.Module => new nn.Sequential(average(), conv(from, to, 1));
    const named = (...all: [name: string, branch: nn.Module][]): nn.Module =>
      new Branches(Object.fromEntries(paddle ? [all.at(-1)!, ...all.slice(0, -1)] : all));
    const mixed = (...all: nn.Module[]): nn.Module =>
      named(...all.map((branch, i): [string, nn.Module] => [`branch${i}`, branch]));
    const wide = (n: number): Pair => (paddle ? [n, 1] : [1, n]);
    const high = (n: number): Pair => (paddle ? [1, n] : [n, 1]);
    const first = smallImages ? STAY : DOWN;

    const stem = [
      conv(inChannels, 32, 3, first),
      conv(32, 32, 3, VALID),
      conv(32, 64, 3),
      new Branches({ maxpool: pool(first.stride), conv: conv(64, 96, 3, first) }),
      new Branches({
        branch0: row(160, [64, 1], [96, 3, VALID]),
        branch1: row(160, [64, 1], [64, wide(7)], [64, high(7)], [96, 3, VALID]),
      }),
      new Branches({ conv: conv(192, 192, 3, DOWN), maxpool: pool() }),
    ];
    const a = (): nn.Module =>
      mixed(
        conv(384, 96, 1),
        row(384, [64, 1], [96, 3]),
        row(384, [64, 1], [96, 3], [96, 3]),
        averaged(384, 96),
      );
    const reductionA = mixed(
      conv(384, 384, 3, DOWN),
      row(384, [192, 1], [224, 3], [256, 3, DOWN]),
      pool(),
    ); // prettier-ignore
    const b = (): nn.Module =>
      mixed(
        conv(1024, 384, 1),
        row(1024, [192, 1], [224, [1, 7]], [256, [7, 1]]),
        row(1024, [192, 1], [192, high(7)], [224, wide(7)], [224, high(7)], [256, wide(7)]),
        averaged(1024, 128),
      );
    const reductionB = mixed(
      row(1024, [192, 1], [192, 3, DOWN]),
      row(1024, [256, 1], [256, [1, 7]], [320, [7, 1]], [320, 3, DOWN]),
      pool(),
    );
    const crossed = (...rows: ConvRow[]): nn.Module =>
      new nn.Sequential(...chain(conv, 1536, ...rows), cross(conv, rows.at(-1)![0], 256));
    const c = (): nn.Module =>
      new Flat(
        named(
          ["branch0", conv(1536, 256, 1)],
          ["branch1_", crossed([384, 1])],
          ["branch2_", crossed([384, 1], [448, high(3)], [512, wide(3)])],
          ["branch3.", averaged(1536, 256)],
        ),
      );
    const blocks = [...times(4, a), reductionA, ...times(7, b), reductionB, ...times(3, c)];
    const drop = new (paddle ? DownscaledDropout : nn.Dropout)(dropout);
    const end = { dropout: drop, last_linear: new nn.Linear(1536, numClasses) };
    this.build({ features: new nn.Sequential(...stem, ...blocks) }, end);
  }
}

const TRAITS = { series: "Inception", ...PLAIN };
const PREPARATION = { ...imagenet(299, 341, "bicubic"), ...HALVES };

/** Inception: 42.7 M parameters, for images of 299 × 299 pixels. */
export const inception_v4 = defineModel("inception_v4", PREPARATION, (o) => new InceptionV4(o), TRAITS);
/** Inception as PaddleClas builds it: 42.7 M parameters, for images of 299 × 299 pixels. Also known as InceptionV4. */
export const paddle_inception_v4 = defineModel("paddle_inception_v4", imagenet(299, 320), (o) => new InceptionV4(o, true), { ...TRAITS, aliases: ["InceptionV4"] }); // prettier-ignore
