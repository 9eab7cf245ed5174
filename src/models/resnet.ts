// ResNet: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2015), arXiv 1512.03385, table 1, as
// torchvision has it: the stride of a bottleneck is in its 3×3 convolution, shortcuts are projections (option B). Its relatives
// change parts of it:
// - ResNeXt (Xie et al. 2016, arXiv 1611.05431) and Wide ResNet (Zagoruyko and Komodakis 2016, arXiv 1605.07146): width and
//   groups of the 3×3 convolution;
// - vc and vd (He et al. 2018, arXiv 1812.01187, ResNet-C and -D; PaddleClas; timm's c and d): three 3×3 convolutions in the
//   stem; vd pools in the shortcut too;
// - SENet (Hu et al. 2017, arXiv 1709.01507): channels are weighed;
// - Res2Net (Gao et al. 2019, arXiv 1904.01169) and ResNeSt (Zhang et al. 2020, arXiv 2004.08955): see resnet-middle.ts.
// resnets.ts, resnext.ts, senet.ts, res2net.ts and resnest.ts have their names. Names in files are torchvision's, or else timm's.

import { checkFields } from "../errors/options.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { flatten, relu } from "../ops/index.js";
import { rising, sum } from "./blocks.js";
import { Classifier } from "./classifier.js";
import type { ModelOptions } from "./model.js";
import { blockOf, conv } from "./resnet-block.js";
import type { Place, Variant } from "./resnet-variant.js";

/** The first convolution, to half the size, or three. */
function stem(inChannels: number, widths: Variant["stem"], smallImages: boolean): nn.Conv2d | nn.Sequential {
  if (!widths) return smallImages ? conv(inChannels, 64, 3) : conv(inChannels, 64, 7, 2);
  const [a, b, c] = widths;
  const first = [conv(inChannels, a, 3, smallImages ? 1 : 2), new nn.BatchNorm2d(a), new nn.ReLU()];
  return new nn.Sequential(...first, conv(a, b, 3), new nn.BatchNorm2d(b), new nn.ReLU(), conv(b, c, 3));
}

export class ResNet extends Classifier {
  readonly conv1: nn.Conv2d | nn.Sequential;
  readonly bn1: nn.BatchNorm2d;
  readonly layer1: nn.Sequential;
  readonly layer2: nn.Sequential;
  readonly layer3: nn.Sequential;
  readonly layer4: nn.Sequential;
  readonly avgpool = new nn.AdaptiveAvgPool2d(1);
  readonly dropout: nn.Dropout | undefined;
  readonly fc: nn.Linear;
  readonly #maxpool: nn.MaxPool2d | undefined;
  protected readonly heads = ["fc"];

  constructor(variant: Variant, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { depths: "numbers" });
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const { depths } = variant;
    const widening = variant.bottleneck || variant.scale || variant.radix ? 4 : 1;
    this.conv1 = stem(inChannels, variant.stem, smallImages);
    let from = variant.stem?.[2] ?? 64;
    this.bn1 = new nn.BatchNorm2d(from);
    this.#maxpool = smallImages ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 });
    const drop = rising(dropPath, sum(depths) - 1);
    const stage = (s: number): nn.Sequential => {
      const to = 64 * 2 ** s * widening;
      const blocks = Array.from({ length: depths[s]! }, (_, i) => {
        const place: Place = {
          from: i ? to : from,
          to,
          stride: i || !s ? 1 : 2,
          first: !i && !s,
          drop: drop(),
        };
        return blockOf(variant, place);
      });
      from = to;
      return new nn.Sequential(...blocks);
    };
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    this.dropout = dropout ? new nn.Dropout(dropout) : undefined;
    this.fc = new nn.Linear(from, numClasses);
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; any h, w from 1, made for ≥ 32. */
  forwardFeatures(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x)));
    y = this.#maxpool?.forward(y) ?? y;
    for (const stage of [this.layer1, this.layer2, this.layer3, this.layer4]) y = stage.forward(y);
    return y;
  }

  forwardHead(features: Tensor): Tensor {
    const y = flatten(this.avgpool.forward(features));
    return this.fc.forward(this.dropout?.forward(y) ?? y);
  }
}
