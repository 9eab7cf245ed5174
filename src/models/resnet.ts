// ResNet: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2015), arXiv 1512.03385, table 1, as
// torchvision has it: the stride of a bottleneck is in its 3×3 convolution, shortcuts are projections (option B). Its relatives
// change parts of it:
// - ResNeXt (Xie et al. 2016, arXiv 1611.05431) and Wide ResNet (Zagoruyko and Komodakis 2016, arXiv 1605.07146): width and
//   groups of the 3×3 convolution;
// - vc and vd (He et al. 2018, arXiv 1812.01187, ResNet-C and -D; PaddleClas; timm's c and d): three 3×3 convolutions in the
//   stem; vd pools in the shortcut too;
// - SENet (Hu et al. 2017, arXiv 1709.01507): channels are weighed;
// - Res2Net (Gao et al. 2019, arXiv 1904.01169) and ResNeSt (Zhang et al. 2020, arXiv 2004.08955): see resnet-middle.ts.
// resnets.ts, resnext.ts, senet.ts, res2net.ts and resnest.ts have their names. Names in files are torchvision's, otherwise timm's.

import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { repeat } from "./layers.js";
import type { ModelOptions } from "./model.js";
import { blockOf, conv } from "./resnet-block.js";
import type { Variant } from "./resnet-variant.js";

/** The first convolution, to half the size, or three. */
function stem(inChannels: number, widths: Variant["stem"], smallImages: boolean): nn.Conv2d | nn.Sequential {
  if (!widths) return smallImages ? conv(inChannels, 64, 3) : conv(inChannels, 64, 7, 2);
  const [a, b, c] = widths;
  const first = [conv(inChannels, a, 3, smallImages ? 1 : 2), new nn.BatchNorm2d(a), new nn.ReLU()];
  return new nn.Sequential(...first, conv(a, b, 3), new nn.BatchNorm2d(b), new nn.ReLU(), conv(b, c, 3));
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class ResNet extends Network {
  constructor(variant: Variant, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { depths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const { depths } = variant;
    const widening = variant.bottleneck || variant.scale || variant.radix ? 4 : 1;
    let from = variant.stem?.[2] ?? 64;
    const drop = rising(dropPath, sum(depths) - 1);
    const stage = (s: number): nn.Module => {
      const to = 64 * 2 ** s * widening;
      const before = from;
      from = to;
      return repeat(depths[s]!, (i) => {
        const place = { from: i ? to : before, to, stride: i || !s ? 1 : 2, first: !i && !s };
        return blockOf(variant, { ...place, drop: drop() });
      });
    };
    // prettier-ignore
    const features = {
      conv1: stem(inChannels, variant.stem, smallImages), bn1: new nn.BatchNorm2d(from), act1: new nn.ReLU(),
      maxpool: smallImages ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
      layer1: stage(0), layer2: stage(1), layer3: stage(2), layer4: stage(3),
    };
    this.build(features, { dropout: new nn.Dropout(dropout), fc: new nn.Linear(from, numClasses) });
  }
}
