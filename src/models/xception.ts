// Xception: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2016), arXiv 1610.02357, in the aligned form of
// Chen et al., Encoder-Decoder with Atrous Separable Convolution (2018), arXiv 1802.02611, as in timm; and as PaddleClas has
// it: that form with a dilated last block, and one nearer to the first paper, whose 1×1 convolutions come before the depthwise ones.

import { imagenet } from "../data/preprocessing.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { convBn, DownscaledDropout, rising, uniform } from "./blocks.js";
import { Network } from "./head.js";
import { Residual, sequence, times } from "./layers.js";
import { HALVES } from "./mobile-net.js";
import { defineModel, type ModelOptions } from "./model.js";

/** The differences between the Xceptions. */
export interface XceptionShape {
  /** Width and stride of each block before the middle. */
  entry: readonly (readonly [width: number, stride: number])[];
  /** Blocks of 728 channels in the middle. */
  middle: number;
  /** PaddleClas's forms: "aligned", or with poolings that halve the size. */
  paddle?: "aligned" | "pooled";
}

/** widths: of its convolutions. first: no ReLU at the start. last: no shortcut, and ReLUs after the convolutions. */
interface BlockShape {
  widths: readonly number[];
  stride?: number;
  first?: boolean;
  last?: boolean;
}

function blockOf(from: number, shape: BlockShape, paddle: XceptionShape["paddle"], drop: number): nn.Module {
  const { widths, stride = 1, first = false, last = false } = shape;
  const pooled = paddle === "pooled";
  const norm = pooled ? {} : { eps: 1e-3, momentum: paddle ? 0.01 : 0.1 };
  const to = widths.at(-1)!;
  const convOf = (a: number, b: number, options?: nn.Conv2dLayerOptions) => new nn.Conv2d(a, b, 1, { bias: false, ...options }); // prettier-ignore
  const projected = !last && (from !== to || stride !== 1);
  const projection = (): nn.Module =>
    pooled ? convOf(from, to, { stride }) : convBn(from, to, 1, { stride, weightInit: uniform, norm, activation: null }); // prettier-ignore
  const shortcut = projected ? projection() : undefined;
  const stack: Record<string, nn.Module> = {};
  widths.forEach((width, i) => {
    const before = i ? widths[i - 1]! : from;
    const deep = pooled ? width : before;
    const dilation = last && paddle === "aligned" ? 2 : 1;
    const window = { stride: pooled || i < 2 ? 1 : stride, padding: dilation, dilation };
    const act = (): nn.Module | undefined => (last && !pooled ? new nn.ReLU() : undefined);
    const convDw = new nn.Conv2d(deep, deep, 3, { bias: false, groups: deep, ...window });
    const depthwise = { convDw, bnDw: new nn.BatchNorm2d(deep, norm), actDw: act() };
    const pointwise = { convPw: convOf(before, width), bnPw: new nn.BatchNorm2d(width, norm), actPw: act() };
    if (!last && !(pooled && first && i === 0)) stack[`act${i + 1}`] = new nn.ReLU();
    const [a, b] = pooled ? [pointwise, depthwise] : [depthwise, pointwise];
    stack[`conv${i + 1}`] = sequence({ ...a, ...b });
    if (last && pooled) stack[`act${i + 1}`] = new nn.ReLU();
  });
  if (pooled && shortcut) stack.pool = new nn.MaxPool2d(3, { stride, padding: 1 });
  return new XceptionBlock({ stack: sequence(stack) }, { adds: !last, shortcut: { shortcut }, drop });
}

/** The shortcut comes first among the parameters: optimizer files depend on the order. */
class XceptionBlock extends Residual {
  override namedChildren(): [name: string, child: nn.Module][] {
    const all = super.namedChildren();
    return [...all.filter(([name]) => name === "shortcut"), ...all.filter(([name]) => name !== "shortcut")];
  }
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class Xception extends Network {
  constructor(shape: XceptionShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { entry: "list", middle: "number" });
    const { entry, middle, paddle } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropPath = 0 } = options;
    const { dropout = paddle === "aligned" ? 0.5 : 0 } = options;
    const several = (...widths: [number, number, number]): number[] => (paddle === "pooled" ? widths.slice(1) : widths); // prettier-ignore
    const blocks: BlockShape[] = [
      ...entry.map(([to, stride], i) => ({ widths: several(to, to, to), stride: smallImages && !i ? 1 : stride, first: !i })), // prettier-ignore
      ...times(middle, () => ({ widths: [728, 728, 728] })),
      { widths: paddle === "pooled" ? [728, 1024] : [728, 1024, 1024], stride: 2 },
      { widths: several(1536, 1536, 2048), last: true },
    ];
    const drop = rising(dropPath, blocks.length - 1);
    let from = 64;
    const built = blocks.map((block) => {
      const layer = blockOf(from, block, paddle, drop());
      from = block.widths.at(-1)!;
      return layer;
    });
    const how = { norm: { eps: paddle === "pooled" ? 1e-5 : 1e-3 }, weightInit: uniform };
    const first = convBn(inChannels, 32, 3, { ...how, stride: smallImages ? 1 : 2 });
    const stem = new nn.Sequential(first, convBn(32, 64, 3, how));
    const aligned = paddle === "aligned"; // drops before the means
    const features = { stem, blocks: new nn.Sequential(...built), dropout: aligned ? new DownscaledDropout(dropout) : undefined }; // prettier-ignore
    const after = aligned ? undefined : new nn.Dropout(dropout);
    this.build(features, { head: sequence({ dropout: after, fc: new nn.Linear(from, numClasses) }) });
  }
}

const SHAPES: Readonly<Record<string, XceptionShape>> = {
  xception41: { entry: [[128, 2], [256, 2], [728, 2]], middle: 8 }, // prettier-ignore
  xception65: { entry: [[128, 2], [256, 2], [728, 2]], middle: 16 }, // prettier-ignore
  xception71: { entry: [[128, 2], [256, 1], [256, 2], [728, 1], [728, 2]], middle: 16 }, // prettier-ignore
};

/** resize: timm's floor(299 / crop_pct). */
const timm = (name: string, resize: number) =>
  defineModel(name, { ...imagenet(299, resize, "bicubic"), ...HALVES }, (o) => new Xception(SHAPES[name]!, o), { series: "Inception" }); // prettier-ignore
const paddled = (name: string, paddle: "aligned" | "pooled") => {
  const shape = { ...SHAPES[name.slice(0, 10)]!, paddle };
  return defineModel(`paddle_${name}`, imagenet(299, 320), (o) => new Xception(shape, o), { series: "Inception", aliases: [`X${name.slice(1)}`] }); // prettier-ignore
};

/** Inception: 27.0 M parameters, for images of 299 × 299 pixels. */
export const xception41 = timm("xception41", 331);
/** Inception: 39.9 M parameters, for images of 299 × 299 pixels. */
export const xception65 = timm("xception65", 318);
/** Inception: 42.3 M parameters, for images of 299 × 299 pixels. */
export const xception71 = timm("xception71", 331);
/** Inception as PaddleClas builds it: 22.9 M parameters, for images of 299 × 299 pixels. Also known as Xception41. */
export const paddle_xception41 = paddled("xception41", "pooled");
/** Inception as PaddleClas builds it: 35.9 M parameters, for images of 299 × 299 pixels. Also known as Xception65. */
export const paddle_xception65 = paddled("xception65", "pooled");
/** Inception as PaddleClas builds it: 37.7 M parameters, for images of 299 × 299 pixels. Also known as Xception71. */
export const paddle_xception71 = paddled("xception71", "pooled");
/** Inception as PaddleClas builds it: 27.0 M parameters, for images of 299 × 299 pixels. Also known as Xception41_deeplab. */
export const paddle_xception41_deeplab = paddled("xception41_deeplab", "aligned");
/** Inception as PaddleClas builds it: 39.9 M parameters, for images of 299 × 299 pixels. Also known as Xception65_deeplab. */
export const paddle_xception65_deeplab = paddled("xception65_deeplab", "aligned");
