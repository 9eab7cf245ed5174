// GoogLeNet: Szegedy et al., Going Deeper with Convolutions (2014), arXiv 1409.4842, table 1 and figure 3, as torchvision
// has it: with batch normalisation, and 3×3 convolutions where the paper has 5×5 (https://github.com/pytorch/vision/issues/906).
// PaddleClas's form has the paper's 5×5, no normalisation, and ReLUs only after the blocks.

import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import { adaptiveAvgPool2d } from "../ops/index.js";
import { convBn, DownscaledDropout, gaussian } from "./blocks.js";
import { AuxiliaryNetwork, chain, spacedMeans, type MakeConv } from "./branches.js";
import { Apply, Branches, sequence } from "./layers.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

const weightInit = gaussian(0.01);
const withNorm: MakeConv = (from, to, size, o) => convBn(from, to, size, { weightInit, norm: { eps: 1e-3 }, ...o }); // prettier-ignore
const bare: MakeConv = (from, to, size, o) =>
  new nn.Conv2d(from, to, size, { weightInit, bias: false, padding: (Number(size) - 1) / 2, ...o });

/** Widths of the branches: 1×1; 1×1 before 3×3 and 3×3; the same for the third; 1×1 after the pooling. */
type Widths = readonly [number, number, number, number, number, number];

/** A block preceded by its number, or a pooling of this many pixels. */
const LAYERS: readonly (readonly [number: string, widths: Widths] | 2 | 3)[] = [
  ["3a", [64, 96, 128, 16, 32, 32]], ["3b", [128, 128, 192, 32, 96, 64]], 3,
  ["4a", [192, 96, 208, 16, 48, 64]], ["4b", [160, 112, 224, 24, 64, 64]], ["4c", [128, 128, 256, 24, 64, 64]],
  ["4d", [112, 144, 288, 32, 64, 64]], ["4e", [256, 160, 320, 32, 128, 128]], 2,
  ["5a", [256, 160, 320, 32, 128, 128]], ["5b", [384, 192, 384, 48, 128, 128]],
]; // prettier-ignore

function inception(from: number, widths: Widths, paddle: boolean): nn.Module {
  const [one, before2, two, before3, three, four] = widths;
  const conv = paddle ? bare : withNorm;
  const pool = new nn.MaxPool2d(3, { stride: 1, padding: 1, ceilMode: !paddle });
  return new Branches({
    branch1: conv(from, one, 1),
    branch2: new nn.Sequential(...chain(conv, from, [before2, 1], [two, 3])),
    branch3: new nn.Sequential(...chain(conv, from, [before3, 1], [three, paddle ? 5 : 3])),
    branch4: new nn.Sequential(pool, conv(from, four, 1)),
  });
}

/** An auxiliary classifier. */
function auxiliary(from: number, numClasses: number, paddle: boolean): nn.Module {
  const conv = (paddle ? bare : withNorm)(from, 128, 1);
  const pool = paddle ? new Apply((x) => adaptiveAvgPool2d(spacedMeans(x, 3), 3)) : new nn.AdaptiveAvgPool2d(4); // prettier-ignore
  const fc1 = new nn.Linear(paddle ? 1152 : 2048, 1024, { weightInit });
  const fc2 = new nn.Linear(1024, numClasses, { weightInit });
  const relu = !paddle || from === 512 ? new nn.ReLU() : undefined; // PaddleClas forgot the second's
  return sequence({ pool, conv, flatten: new nn.Flatten(), fc1, relu, dropout: dropoutOf(paddle, 0.7), fc2 });
}

const dropoutOf = (paddle: boolean, p: number): nn.Module => new (paddle ? DownscaledDropout : nn.Dropout)(p);

/** Options of GoogLeNet. */
export interface GoogLeNetOptions extends ModelOptions {
  /** Whether there are auxiliary classifiers for training. Default true. */
  auxHeads?: boolean;
}

/** Images of ≥ 15 pixels, PaddleClas's form ≥ 63. In training auxiliary classifiers have weight 0.3, as in the paper. */
export class GoogLeNet extends AuxiliaryNetwork {
  constructor(options: GoogLeNetOptions = {}, paddle = false) {
    super(options, { auxHeads: true });
    const { numClasses = 1000, inChannels = 3, smallImages = false, auxHeads = true } = options;
    const { dropout = paddle ? 0.4 : 0.2 } = options;
    const conv = paddle ? bare : withNorm;
    const ceilMode = !paddle;
    const pool = (size: number): nn.Module => new nn.MaxPool2d(paddle ? 3 : size, { stride: 2, ceilMode });
    const [conv2, conv3] = [conv(64, 64, 1), conv(64, 192, 3)];
    const inside: Record<string, nn.Module> = { conv2, conv3, maxpool2: pool(3) };
    let [from, pools] = [192, 2];
    for (const layer of LAYERS) {
      if (typeof layer === "number") inside[`maxpool${++pools}`] = pool(layer);
      else {
        const [number, widths] = layer;
        inside[`inception${number}`] = inception(from, widths, paddle);
        if (paddle) inside[`relu${number}`] = new nn.ReLU();
        from = widths[0] + widths[2] + widths[4] + widths[5];
      }
    }
    const aux = (channels: number): nn.Module => auxiliary(channels, numClasses, paddle);
    const features = {
      conv1: smallImages ? conv(inChannels, 64, 3) : conv(inChannels, 64, 7, { stride: 2 }),
      maxpool1: smallImages ? undefined : pool(3),
      ...inside,
      ...(auxHeads ? { aux1: aux(512), aux2: aux(528) } : {}),
    };
    const end = { dropout: dropoutOf(paddle, dropout), fc: new nn.Linear(1024, numClasses, { weightInit }) };
    const last = paddle ? "relu" : "inception";
    this.build(features, end, auxHeads ? { aux2: [`${last}4d`, 0.3], aux1: [`${last}4a`, 0.3] } : {});
  }
}

const TRAITS = { series: "Inception", ...PLAIN };

/** Inception: 13.0 M parameters, for images of 224 × 224 pixels. */
export const googlenet = defineModel("googlenet", imagenet(), (o?: GoogLeNetOptions) => new GoogLeNet(o), TRAITS); // prettier-ignore
/** Inception as PaddleClas builds it: 11.5 M parameters, for images of 224 × 224 pixels. Also known as GoogLeNet. */
export const paddle_googlenet = defineModel("paddle_googlenet", imagenet(), (o?: GoogLeNetOptions) => new GoogLeNet(o, true), { ...TRAITS, aliases: ["GoogLeNet"] }); // prettier-ignore
