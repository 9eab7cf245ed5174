// MobileNeXt: Zhou et al., Rethinking Bottleneck Structure for Efficient Mobile Network Design (2020), arXiv 2007.02269, table 2, as
// PaddleClas has it: the depthwise convolutions are at the wide ends of a block.

import { checkKinds } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { convNorm, rising, sum, toEights, toMultiple } from "./blocks.js";
import { mobileEnd, Network } from "./head.js";
import { Residual, unnamed } from "./layers.js";
import { prepared } from "./mobile-net.js";
import { defineModel, type ModelOptions } from "./model.js";

/** whole: whether it has both depthwise convolutions although its channels change, and no shortcut. */
type Place = { from: number; to: number; stride: number; narrowing: number; whole: boolean; drop: number };

/** Depthwise, narrow, widen, depthwise: numbered consecutively in files. */
function sandglass({ from, to, stride, narrowing, whole, drop }: Place): nn.Module {
  const bare = from !== to && narrowing !== 2 && !whole;
  // A sixth of the output channels, in multiples of sixteen, or the narrowed input channels if they are more.
  const narrow = Math.floor(from / narrowing);
  const hidden = narrow >= to / 6 ? narrow : toMultiple(Math.ceil(to / 6), 16);
  const activation = nn.ReLU6;
  const units = [
    ...(bare ? [] : [convNorm(from, from, 3, { groups: from, activation })]),
    convNorm(from, hidden, 1, { activation: null }),
    convNorm(hidden, to, 1, { activation }),
    ...(bare && stride === 1 ? [] : [convNorm(to, to, 3, { groups: to, stride, activation: null })]),
  ];
  const conv = new nn.Sequential(...units.flatMap(unnamed));
  return new Residual({ conv }, { adds: narrowing !== 2 && from === to && !whole, drop });
}

/** Narrowing, channels, blocks and stride of each stage. */
const STAGES = [[2, 96, 1, 2], [6, 144, 1, 1], [6, 192, 3, 2], [6, 288, 3, 2], [6, 384, 4, 1], [6, 576, 4, 2], [6, 960, 3, 1], [6, 1280, 1, 1]] as const; // prettier-ignore

/** Images of any size from 1; made for sizes ≥ 32. */
export class MobileNeXt extends Network {
  /** width: channels in parts of the paper's. */
  constructor(width: number, options: ModelOptions = {}) {
    checkKinds(new.target.name, { width, options }, { width: "number", options: "object" });
    super(options);
    const { inChannels = 3, smallImages = false, dropPath = 0 } = options;
    const drop = rising(dropPath, sum(STAGES.map(([, , blocks]) => blocks)));
    let from = toEights(32 * width);
    const first = convNorm(inChannels, from, 3, { stride: smallImages ? 1 : 2, activation: nn.ReLU6 });
    const layers: nn.Module[] = [first];
    for (const [narrowing, channels, blocks, stride] of STAGES) {
      const to = channels === 1280 ? Math.max(1280, toEights(channels * width)) : toEights(channels * width);
      const whole = blocks === 1 && stride === 1;
      for (let i = 0; i < blocks; i++) {
        layers.push(sandglass({ from, to, stride: i ? 1 : stride, narrowing, whole, drop: drop() }));
        from = to;
      }
    }
    this.build({ features: new nn.Sequential(...layers) }, mobileEnd(from, options));
  }
}

function mobilenext(name: string, width: number, alias: string) {
  const traits = { series: "MobileNeXt", aliases: [alias] };
  return defineModel(name, prepared(224, 0.875), (o) => new MobileNeXt(width, o), traits);
}

/** MobileNeXt: 1.91 M parameters, for images of 224 × 224 pixels. Also known as MobileNeXt_x0_35. */
export const mobilenext_035 = mobilenext("mobilenext_035", 0.35, "MobileNeXt_x0_35");
/** MobileNeXt: 2.15 M parameters, for images of 224 × 224 pixels. Also known as MobileNeXt_x0_5. */
export const mobilenext_050 = mobilenext("mobilenext_050", 0.5, "MobileNeXt_x0_5");
/** MobileNeXt: 2.77 M parameters, for images of 224 × 224 pixels. Also known as MobileNeXt_x0_75. */
export const mobilenext_075 = mobilenext("mobilenext_075", 0.75, "MobileNeXt_x0_75");
/** MobileNeXt: 3.54 M parameters, for images of 224 × 224 pixels. Also known as MobileNeXt_x1_0. */
export const mobilenext_100 = mobilenext("mobilenext_100", 1, "MobileNeXt_x1_0");
/** MobileNeXt: 6.13 M parameters, for images of 224 × 224 pixels. Also known as MobileNeXt_x1_4. */
export const mobilenext_140 = mobilenext("mobilenext_140", 1.4, "MobileNeXt_x1_4");
