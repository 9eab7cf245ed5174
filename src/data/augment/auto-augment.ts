// E. D. Cubuk, B. Zoph, D. Mané, V. Vasudevan and Q. V. Le, AutoAugment: Learning Augmentation Policies from Data (2018,
// https://arxiv.org/abs/1805.09501).

import type { Random } from "../../core/random.js";
import type { AnyImage, RawImage } from "../image.js";
import { type Transform, type TransformSpec } from "../transform.js";
import { drawMagnitude, standardSpace } from "./magnitudes.js";
import { applyOp, requireOpOptions, type OpOptions } from "./ops.js";
import { requireBytes, requireOneOf, withDefaults } from "../options.js";
import { policies, type PolicyName } from "./policies.js";

export interface AutoAugmentOptions extends OpOptions {
  /** The data that the policy was searched on. Default "imagenet". */
  policy?: PolicyName;
}

/** Levels of a policy. */
const BINS = 10;

/**
 * Applies one of 25 sub-policies, two operations each, with a probability for each operation. Belongs after crop and flip, on
 * bytes, before ToTensor.
 */
export class AutoAugment implements Transform {
  readonly spec: TransformSpec;
  readonly #options: Required<AutoAugmentOptions>;

  /** @throws DataError unless policy, interpolation and fill are as described */
  constructor(options: AutoAugmentOptions = {}) {
    this.#options = withDefaults<Required<AutoAugmentOptions>>("AutoAugment", options, {
      policy: "imagenet",
      interpolation: "nearest",
      fill: 0,
    });
    requireOneOf("AutoAugment", "policy", this.#options.policy, Object.keys(policies));
    requireOpOptions("AutoAugment", this.#options);
    this.spec = { name: "AutoAugment", options: this.#options };
  }

  /** @throws DataError unless the image is of bytes, grey or RGB */
  apply(image: AnyImage, random: Random): RawImage {
    requireBytes("AutoAugment", image);
    const subPolicies = policies[this.#options.policy];
    const space = standardSpace(image);
    let result = image;
    for (const [op, p, level] of subPolicies[random.integer(subPolicies.length)]!) {
      if (random.uniform() >= p) continue;
      result = applyOp(result, op, drawMagnitude(space.get(op), level, BINS, random), this.#options);
    }
    return result;
  }
}
