// Networks of inverted residuals and their relatives, as timm builds them and under its names in files: a convolution to half the
// size, stages of blocks (mobile-blocks.ts), a 1×1 convolution, the mean, the classifier. What they differ in: mobile-variant.ts.

import { checkFields } from "../errors/options.js";
import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { flatten } from "../ops/index.js";
import { DownscaledDropout, rising, sum } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { mobileBlock } from "./mobile-blocks.js";
import { mobileConv } from "./mobile-parts.js";
import type { MobileVariant } from "./mobile-variant.js";
import { defineModel, type ModelOptions, type ModelTraits } from "./model.js";

export class MBConvNet extends Classifier {
  readonly convStem: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly blocks: nn.Sequential;
  readonly convHead: nn.Conv2d | undefined;
  readonly normHead: nn.BatchNorm2d | undefined;
  readonly bn2: nn.BatchNorm2d | undefined;
  readonly avgpool = new nn.AdaptiveAvgPool2d(1);
  readonly dropout: nn.Dropout | DownscaledDropout;
  readonly classifier: nn.Linear;
  readonly #variant: MobileVariant;
  protected readonly heads = ["classifier"];

  constructor(variant: MobileVariant, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { stages: "list", stem: "number", head: "number" });
    this.#variant = variant;
    const { stages, stem, head, norm, pooled } = variant;
    const { numClasses = 1000, inChannels = 3, smallImages = false } = options;
    const { dropout = variant.dropout ?? 0.2, dropPath = variant.dropPath ?? 0 } = options;
    this.convStem = mobileConv(variant, inChannels, stem, 3, { stride: smallImages ? 1 : 2 });
    this.bn1 = new nn.BatchNorm2d(stem, norm);
    const drop = rising(dropPath, sum(stages.flat().map(([, , , , , blocks]) => blocks)));
    let from = stem;
    const stage = (rows: MobileVariant["stages"][number]): nn.Sequential => {
      const blocks: nn.Module[] = [];
      for (const row of rows) {
        const [, , stride, , to, count] = row;
        for (let i = 0; i < count; i++) {
          blocks.push(mobileBlock(variant, row, { from, stride: i ? 1 : stride, drop: drop() }));
          from = to;
        }
      }
      return new nn.Sequential(...blocks);
    };
    this.blocks = new nn.Sequential(...stages.map(stage));
    if (head) {
      this.convHead = mobileConv(variant, from, head, 1, { bias: pooled === "bias" });
      if (!pooled) this.bn2 = new nn.BatchNorm2d(head, norm);
      if (pooled === "norm") this.normHead = new nn.BatchNorm2d(head, norm);
    }
    this.dropout = new (variant.downscaled ? DownscaledDropout : nn.Dropout)(dropout);
    const bound = 1 / Math.sqrt(numClasses);
    const weightInit = (w: Tensor): Tensor => init.uniform(w, -bound, bound);
    this.classifier = new nn.Linear(head || from, numClasses, { weightInit, biasInit: init.zeros });
  }

  forwardFeatures(x: Tensor): Tensor {
    const y = this.blocks.forward(this.#variant.activation(this.bn1.forward(this.convStem.forward(x))));
    return this.#variant.pooled ? y : this.#headOf(y);
  }

  forwardHead(features: Tensor): Tensor {
    const pooled = this.avgpool.forward(features);
    const y = this.#variant.pooled ? this.#headOf(pooled) : pooled;
    return this.classifier.forward(this.dropout.forward(flatten(y)));
  }

  #headOf(x: Tensor): Tensor {
    if (!this.convHead) return x;
    const y = this.convHead.forward(x);
    const norm = this.bn2 ?? this.normHead;
    return this.#variant.activation(norm?.forward(y) ?? y);
  }
}

/** How timm prepares images: ImageNet's statistics, or 0.5 for all as TensorFlow's weights want them. */
export const prepared = (
  size: number,
  cropPct: number,
  interpolation: Preprocessing["interpolation"] = "bicubic",
) => ({
  ...imagenet(size, size, interpolation),
  cropPct,
});
export const halved = (...args: Parameters<typeof prepared>): Preprocessing => {
  return { ...prepared(...args), mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
};

/** A network of the family by its variant. aliases: its names in timm and PaddleClas. */
export function mobile(
  name: string,
  preparation: Preprocessing,
  variant: MobileVariant,
  traits: ModelTraits,
) {
  return defineModel(name, preparation, (o) => new MBConvNet(variant, o), traits);
}
