// ESNet: Yu et al., PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices (2021), arXiv 2111.00902, figure 3, as
// PaddleClas has it: ShuffleNet V2 with weighed channels, mixed where the size changes.

import type { Tensor } from "../core/tensor.js";
import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { cat, channelShuffle } from "../ops/index.js";
import { channels, convBn, DownscaledDropout, fanOut, toEights } from "./blocks.js";
import { Network } from "./head.js";
import { times, unnamed } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

const pointwise = (from: number, to: number) => convBn(from, to, 1, { activation: nn.Hardswish });
const depthwise = (n: number, stride: number) => convBn(n, n, 3, { stride, groups: n, activation: null });
const gate = (n: number) => new nn.SqueezeExcitation(n, Math.floor(n / 4), { scaleActivation: nn.Hardsigmoid }); // prettier-ignore

/** Half of the channels bypass the block, as in ShuffleNet V2. */
class Unit extends nn.Sequential {
  constructor(width: number) {
    const half = width / 2;
    super({ pw_1_1: pointwise(half, half), dw_1: depthwise(half, 1), se: gate(width), pw_1_2: pointwise(width, half) }); // prettier-ignore
  }

  override forward(x: Tensor): Tensor {
    const [half, all] = [x.shape[3]! / 2, x.shape[3]!];
    const [first, each, se, last] = unnamed(this) as [nn.Module, nn.Module, nn.Module, nn.Module];
    const y = first.forward(channels(x, half, all));
    const z = last.forward(se.forward(cat([y, each.forward(y)])));
    return channelShuffle(cat([channels(x, 0, half), z]), 2);
  }
}

/** To half the size. All channels go through both branches, which are then mixed by convolutions. */
class Down extends nn.Sequential {
  constructor(from: number, to: number) {
    const half = to / 2;
    // prettier-ignore
    super({
      dw_1: depthwise(from, 2), pw_1: pointwise(from, half),
      pw_2_1: pointwise(from, half), dw_2: depthwise(half, 2), se: gate(half), pw_2_2: pointwise(half, half),
      concat_dw: convBn(to, to, 3, { groups: to, activation: nn.Hardswish }), concat_pw: pointwise(to, to),
    });
  }

  override forward(x: Tensor): Tensor {
    const layers = unnamed(this);
    const through = (from: number, to: number, y: Tensor): Tensor =>
      layers.slice(from, to).reduce((z, layer) => layer.forward(z), y);
    return through(6, 8, cat([through(0, 2, x), through(2, 6, x)]));
  }
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class ESNet extends Network {
  /** width: channels of the stages, in parts of 116, 232 and 464. */
  constructor(width: number, options: ModelOptions = {}) {
    super(options);
    checkKinds(new.target.name, { width }, { width: "number" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0.2 } = options;
    const widths = [24, ...times(3, (stage) => toEights(116 * 2 ** stage * width))];
    const blocks = [3, 7, 3].flatMap((count, stage) => {
      const [from, to] = [widths[stage]!, widths[stage + 1]!];
      return [new Down(from, to), ...times(count - 1, () => new Unit(to))];
    });
    const conv1 = convBn(inChannels, 24, 3, { stride: smallImages ? 1 : 2, activation: nn.Hardswish });
    const maxpool = smallImages ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 });
    const conv2 = pointwise(widths[3]!, 1024);
    const lastConv = new nn.Conv2d(1024, 1280, 1, { bias: false, weightInit: fanOut });
    const drops = { flatten: new nn.Flatten(), dropout: new DownscaledDropout(dropout) };
    const end = { lastConv, act: new nn.Hardswish(), ...drops, fc: new nn.Linear(1280, numClasses) };
    this.build({ conv1, maxpool, blocks: new nn.Sequential(...blocks), conv2 }, end);
  }
}

function esnet(name: string, width: number, alias: string) {
  const traits = { series: "ESNet", aliases: [alias], ...PLAIN };
  return defineModel(name, prepared(224, 0.875), (o) => new ESNet(width, o), traits);
}

/** ESNet: 2.83 M parameters, for images of 224 × 224 pixels. Also known as ESNet_x0_25. */
export const esnet_025 = esnet("esnet_025", 0.25, "ESNet_x0_25");
/** ESNet: 3.24 M parameters, for images of 224 × 224 pixels. Also known as ESNet_x0_5. */
export const esnet_050 = esnet("esnet_050", 0.5, "ESNet_x0_5");
/** ESNet: 3.85 M parameters, for images of 224 × 224 pixels. Also known as ESNet_x0_75. */
export const esnet_075 = esnet("esnet_075", 0.75, "ESNet_x0_75");
/** ESNet: 4.62 M parameters, for images of 224 × 224 pixels. Also known as ESNet_x1_0. */
export const esnet_100 = esnet("esnet_100", 1, "ESNet_x1_0");
