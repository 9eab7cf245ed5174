// Networks of inverted residuals and their relatives, as timm builds them and under its names in files: a convolution to half the
// size, stages of blocks (mobile-blocks.ts), a 1×1 convolution, the mean, the classifier. Their differences are in mobile-variant.ts.

import { imagenet, type Preprocessing } from "../data/preprocessing.js";
import type { Tensor } from "../core/tensor.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";
import { DownscaledDropout, rising, sum } from "./blocks.js";
import { Network } from "./head.js";
import { Apply, times } from "./layers.js";
import { mobileBlock } from "./mobile-blocks.js";
import { mobileConv } from "./mobile-parts.js";
import type { MobileVariant, Row } from "./mobile-variant.js";
import { defineModel, type ModelOptions, type ModelTraits } from "./model.js";

/** EfficientNet's classifier: U(±1/√numClasses). */
export function classes(from: number, numClasses: number): nn.Linear {
  const bound = 1 / Math.sqrt(numClasses);
  const weightInit = (w: Tensor): Tensor => init.uniform(w, -bound, bound);
  return new nn.Linear(from, numClasses, { weightInit, biasInit: init.zeros });
}

/** Images of any size from 1; made for sizes ≥ 32. */
export class MBConvNet extends Network {
  /** @hidden */
  constructor(variant: MobileVariant, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "variant", variant, { stages: "list", stem: "number", head: "number" });
    const { stages, stem, head, norm, pooled, activation } = variant;
    const { numClasses = 1000, inChannels = 3, smallImages = false } = options;
    const { dropout = variant.dropout ?? 0.2, dropPath = variant.dropPath ?? 0 } = options;
    const convStem = mobileConv(variant, inChannels, stem, 3, { stride: smallImages ? 1 : 2 });
    const drop = rising(dropPath, sum(stages.flat().map(([, , , , , blocks]) => blocks)));
    let from = stem;
    const rowOf = (row: Row): nn.Module[] =>
      times(row[5], (i) => {
        const block = mobileBlock(variant, row, from, i ? 1 : row[2], drop());
        from = row[4];
        return block;
      });
    const blocks = new nn.Sequential(...stages.map((rows) => new nn.Sequential(...rows.flatMap(rowOf))));
    const normed = pooled !== "bias" && pooled !== "bare";
    const last = head && {
      convHead: mobileConv(variant, from, head, 1, { bias: pooled === "bias" }),
      [pooled ? "normHead" : "bn2"]: normed ? new nn.BatchNorm2d(head, norm) : undefined,
      act2: new Apply(activation),
    };
    const classifier = classes(head || from, numClasses);
    const drops = new (variant.downscaled ? DownscaledDropout : nn.Dropout)(dropout);
    const first = { convStem, bn1: new nn.BatchNorm2d(stem, norm), act1: new Apply(activation) };
    const end = { dropout: drops, classifier };
    if (pooled) this.build({ ...first, blocks }, { ...last, flatten: new nn.Flatten(), ...end });
    else this.build({ ...first, blocks, ...last }, end);
  }
}

type Filter = Preprocessing["interpolation"];
/** How timm prepares images: ImageNet's statistics, or 0.5 for all, as for TensorFlow's weights. */
export const prepared = (size: number, cropPct: number, filter: Filter = "bicubic"): Preprocessing => {
  return { ...imagenet(size, size, filter), cropPct };
};
export const HALVES = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
export const halved = (...args: Parameters<typeof prepared>) => ({ ...prepared(...args), ...HALVES });

/** A network of the family by its variant. aliases: its names in timm and PaddleClas. */
// prettier-ignore
export const mobile = (name: string, preparation: Preprocessing, variant: MobileVariant, traits: ModelTraits) =>
  defineModel(name, preparation, (o) => new MBConvNet(variant, o), traits);
