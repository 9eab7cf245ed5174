// One of several batch transforms, drawn for every batch: PaddleClas's OpSampler.

import { checkFields, checkKinds } from "../../errors/options.js";
import type { Random } from "../../core/random.js";
import type { Shape } from "../../core/shape.js";
import { DataError } from "../../errors.js";
import { specsOf, type TransformSpec } from "../transform.js";
import { type BatchTransform } from "./batch.js";
import { requireNumber } from "../options.js";

/** The contents of RandomChoice's spec. */
export interface RandomChoiceOptions {
  /** The transforms, by name and options. */
  readonly transforms: readonly TransformSpec[];
  /** Probability of each transform. */
  readonly p: readonly number[];
}

/** Applies transform i with probability p[i]; with the remaining probability, the batch stays unchanged. */
export class RandomChoice implements BatchTransform {
  /** undefined if a transform has none. */
  readonly spec: TransformSpec | undefined;
  readonly #transforms: readonly BatchTransform[];
  readonly #p: readonly number[];

  /**
   * @param p one probability for each transform. Default: all equal
   * @throws DataError if there are no transforms, or p has not one for each, one outside [0, 1], or a sum above 1
   */
  constructor(
    transforms: readonly BatchTransform[],
    p: readonly number[] = Array.from(transforms ?? [], () => 1 / transforms.length),
  ) {
    checkKinds("RandomChoice", { transforms, p }, { transforms: "list", p: "numbers" });
    for (const one of transforms) checkFields("RandomChoice", "transform", one, { apply: "function" });
    if (transforms.length === 0 || p.length !== transforms.length) {
      throw new DataError(
        `RandomChoice: got ${p.length} probabilities for ${transforms.length} transforms; expected one each`,
      );
    }
    for (const one of p) requireNumber("RandomChoice", "p", one, 0, 1);
    const sum = p.reduce((a, b) => a + b, 0);
    if (sum > 1 + 1e-9) {
      throw new DataError(`RandomChoice: probabilities exceed 1; got ${p.join(", ")}; expected a sum ≤ 1`);
    }
    this.#transforms = transforms;
    this.#p = p;
    const specs = specsOf(transforms);
    this.spec = specs && { name: "RandomChoice", options: { transforms: specs, p } };
  }

  apply(images: Float32Array, shape: Shape, targets: Float32Array, random: Random): void {
    let rest = random.uniform();
    const chosen = this.#p.findIndex((p) => (rest -= p) < 0);
    this.#transforms[chosen]?.apply(images, shape, targets, random);
  }
}
