// H. Zhang, M. Cisse, Y. N. Dauphin and D. Lopez-Paz, mixup: Beyond Empirical Risk Minimization (2017,
// https://arxiv.org/abs/1710.09412).

import type { Random } from "../../core/random.js";
import type { Shape } from "../../core/shape.js";
import type { TransformSpec } from "../transform.js";
import { blendRows, mixAlong, requireBatch, type BatchTransform } from "./batch.js";
import { requireNumber, withDefaults } from "../options.js";

/** Options of Mixup. */
export interface MixupOptions {
  /** lambda ~ Beta(alpha, alpha), once for the batch; the smaller, the less is mixed. Default 0.2, as for ImageNet. */
  alpha?: number;
}

/** Every picture becomes lambda·itself + (1 − lambda)·another one, and so do the targets. */
export class Mixup implements BatchTransform {
  readonly spec: TransformSpec;
  readonly #alpha: number;

  /** @throws DataError unless alpha > 0 */
  constructor(options: MixupOptions = {}) {
    const { alpha } = withDefaults("Mixup", options, { alpha: 0.2 });
    requireNumber("Mixup", "alpha", alpha, Number.MIN_VALUE);
    this.#alpha = alpha;
    this.spec = { name: "Mixup", options: { alpha } };
  }

  apply(images: Float32Array, shape: Shape, targets: Float32Array, random: Random): void {
    requireBatch("Mixup", images, shape, targets);
    const ring = random.permutation(shape[0]!);
    const mix = blendRows(random.beta(this.#alpha, this.#alpha));
    mixAlong(ring, images, mix);
    mixAlong(ring, targets, mix);
  }
}
