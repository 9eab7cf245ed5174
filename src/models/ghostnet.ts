// GhostNet: Han, Wang, Tian, Guo, Xu and Xu, GhostNet: More Features from Cheap Operations (2019), arXiv 1911.11907, table 1: half of
// the channels are computed from the other half, one from each. timm's form and PaddleClas's.

import type { Tensor } from "../core/tensor.js";
import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { affine, cat, hardsigmoid, relu } from "../ops/index.js";
import { convNorm, fanOut, rising, toMultiple } from "./blocks.js";
import { Network } from "./head.js";
import { Residual, unnamed } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { squeezeExcite } from "./mobile-parts.js";
import { defineModel, type ModelOptions } from "./model.js";

/** The first layer's output, followed by the second layer's output for it. */
class Ghost extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    const [primary, cheap] = unnamed(this) as [nn.Module, nn.Module];
    const y = primary.forward(x);
    return cat([y, cheap.forward(y)]);
  }
}

function ghost(from: number, to: number, activation: (new () => nn.Module) | null): Ghost {
  const half = to / 2;
  const cheapOperation = convNorm(half, half, 3, { groups: half, activation });
  return new Ghost({ primaryConv: convNorm(from, half, 1, { activation }), cheapOperation });
}

/** Kernel, channels inside, channels, whether channels are weighed, stride. */
type Row = readonly [number, number, number, 0 | 1, number];

/** min(max(x, 0), 1). */
const clipped = (x: Tensor): Tensor => hardsigmoid(affine(x, 6, -3));

function bottleneck(from: number, row: Row, drop: number, paddle: boolean): Residual {
  const [kernelSize, wide, to, weighed, stride] = row;
  const each = (n: number) => unnamed(convNorm(n, n, kernelSize, { stride, groups: n, activation: null }));
  const [convDw, bnDw] = stride > 1 ? each(wide) : [];
  const squeezed = paddle ? Math.floor(wide / 4) : toMultiple(wide / 4, 4);
  const se = weighed ? squeezeExcite(wide, squeezed, relu, paddle ? clipped : hardsigmoid) : undefined;
  const last = unnamed(convNorm(from, to, 1, { activation: null }));
  const shortcut = stride > 1 || from !== to ? new nn.Sequential(...each(from), ...last) : undefined;
  const layers = { ghost1: ghost(from, wide, nn.ReLU), convDw, bnDw, se, ghost2: ghost(wide, to, null) };
  return new Residual(layers, { shortcut: { shortcut }, drop });
}

// prettier-ignore
const STAGES: readonly (readonly Row[])[] = [
  [[3, 16, 16, 0, 1]], [[3, 48, 24, 0, 2]], [[3, 72, 24, 0, 1]], [[5, 72, 40, 1, 2]], [[5, 120, 40, 1, 1]], [[3, 240, 80, 0, 2]],
  [[3, 200, 80, 0, 1], [3, 184, 80, 0, 1], [3, 184, 80, 0, 1], [3, 480, 112, 1, 1], [3, 672, 112, 1, 1]], [[5, 672, 160, 1, 2]],
  [[5, 960, 160, 0, 1], [5, 960, 160, 1, 1], [5, 960, 160, 0, 1], [5, 960, 160, 1, 1]],
];

/** Images of any size from 1; made for sizes ≥ 32. */
export class GhostNet extends Network {
  /** width: channels relative to the paper's. paddle: PaddleClas's form: widths of gates are rounded down, gates clip. */
  constructor(width: number, options: ModelOptions = {}, paddle = false) {
    super(options);
    checkKinds(new.target.name, { width }, { width: "number" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.2, dropPath = 0 } = options;
    const scaled = (n: number): number => toMultiple(n * width, 4);
    const drop = rising(dropPath, STAGES.flat().length - 1);
    let from = scaled(16);
    const [convStem, bn1, act1] = unnamed(convNorm(inChannels, from, 3, { stride: smallImages ? 1 : 2 }));
    const block = ([kernel, wide, to, weighed, stride]: Row): nn.Module => {
      const made = bottleneck(from, [kernel, scaled(wide), scaled(to), weighed, stride], drop(), paddle);
      from = scaled(to);
      return made;
    };
    const stages = STAGES.map((rows) => new nn.Sequential(...rows.map(block)));
    const last = scaled(960);
    const conv = new nn.Conv2d(from, last, 1, { bias: false, weightInit: fanOut });
    const end = new nn.Sequential({ conv, bn1: new nn.BatchNorm2d(last), act: new nn.ReLU() });
    const blocks = new nn.Sequential(...stages, new nn.Sequential(end));
    const convHead = new nn.Conv2d(last, 1280, 1, { bias: !paddle, weightInit: fanOut });
    const normHead = paddle ? new nn.BatchNorm2d(1280) : undefined;
    const drops = { act2: new nn.ReLU(), flatten: new nn.Flatten(), dropout: new nn.Dropout(dropout) };
    const classifier = new nn.Linear(1280, numClasses);
    this.build({ convStem, bn1, act1, blocks }, { convHead, normHead, ...drops, classifier });
  }
}

function ghostnet(name: string, width: number, alias?: string) {
  const traits = { series: "GhostNet", ...(alias && { aliases: [alias] }) };
  return defineModel(name, prepared(224, 0.875), (o) => new GhostNet(width, o, alias !== undefined), traits);
}

/** GhostNet: 2.59 M parameters, for images of 224 × 224 pixels. */
export const ghostnet_050 = ghostnet("ghostnet_050", 0.5);
/** GhostNet: 5.18 M parameters, for images of 224 × 224 pixels. */
export const ghostnet_100 = ghostnet("ghostnet_100", 1);
/** GhostNet: 7.36 M parameters, for images of 224 × 224 pixels. */
export const ghostnet_130 = ghostnet("ghostnet_130", 1.3);
/** GhostNet as PaddleClas builds it: 2.59 M parameters, for images of 224 × 224 pixels. Also known as GhostNet_x0_5. */
export const paddle_ghostnet_050 = ghostnet("paddle_ghostnet_050", 0.5, "GhostNet_x0_5");
/** GhostNet as PaddleClas builds it: 5.18 M parameters, for images of 224 × 224 pixels. Also known as GhostNet_x1_0. */
export const paddle_ghostnet_100 = ghostnet("paddle_ghostnet_100", 1, "GhostNet_x1_0");
/** GhostNet as PaddleClas builds it: 7.35 M parameters, for images of 224 × 224 pixels. Also known as GhostNet_x1_3. */
export const paddle_ghostnet_130 = ghostnet("paddle_ghostnet_130", 1.3, "GhostNet_x1_3");
