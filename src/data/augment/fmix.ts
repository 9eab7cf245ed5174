// E. Harris, A. Marcu, M. Painter, M. Niranjan, A. Prügel-Bennett and J. Hare, FMix: Enhancing Mixed Sample Data
// Augmentation (2020, https://arxiv.org/abs/2002.12047).

import type { Random } from "../../core/random.js";
import type { Shape } from "../../core/shape.js";
import type { TransformSpec } from "../transform.js";
import { blendRows, mixAlong, requireBatch, type BatchTransform } from "./batch.js";
import { requireNumber, withDefaults } from "../options.js";
import { inverseRealTransform } from "./spectrum.js";

/** Options of FMix. */
export interface FMixOptions {
  /** lambda ~ Beta(alpha, alpha), once for the batch: the share that a picture keeps. Default 1: evenly. */
  alpha?: number;
  /** Power δ by which frequencies fade, 1/f^δ: the higher, the smoother the shapes. Default 3. */
  decayPower?: number;
}

/** Frequency of place k on a Fourier axis of n, in cycles a pixel: 0, 1/n, 2/n, … −1/n. */
const frequency = (k: number, n: number): number => (k <= n / 2 ? k : k - n) / n;

/** Normal noise whose amplitude falls with frequency as 1/f^decayPower: [height, width] in float64. */
export function lowFrequencyNoise(
  height: number,
  width: number,
  decayPower: number,
  random: Random,
): Float64Array {
  const columns = Math.floor(width / 2) + 1;
  const re = new Float64Array(height * columns);
  const im = new Float64Array(height * columns);
  const lowest = 1 / Math.max(height, width); // otherwise the mean would outweigh everything
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < columns; x++, at++) {
      const f = Math.hypot(frequency(y, height), x / width);
      const scale = Math.max(f / lowest, 1) ** -decayPower;
      re[at] = scale * random.normal();
      im[at] = scale * random.normal();
    }
  }
  return inverseRealTransform(re, im, height, width);
}

/**
 * Every picture keeps its pixels where a mask is 1 and takes those of another one elsewhere. The mask, the same for the
 * whole batch, is low-frequency noise cut at the height that leaves a share of lambda; the targets are mixed by its
 * exact share.
 */
export class FMix implements BatchTransform {
  readonly spec: TransformSpec;
  readonly #options: Required<FMixOptions>;

  /** @throws DataError unless alpha > 0 and decayPower ≥ 0 */
  constructor(options: FMixOptions = {}) {
    this.#options = withDefaults("FMix", options, { alpha: 1, decayPower: 3 });
    requireNumber("FMix", "alpha", this.#options.alpha, Number.MIN_VALUE);
    requireNumber("FMix", "decayPower", this.#options.decayPower, 0);
    this.spec = { name: "FMix", options: this.#options };
  }

  apply(images: Float32Array, shape: Shape, targets: Float32Array, random: Random): void {
    requireBatch("FMix", images, shape, targets);
    const [n, height, width, channels] = shape as [number, number, number, number];
    const { alpha, decayPower } = this.#options;
    const ring = random.permutation(n);
    const noise = lowFrequencyNoise(height, width, decayPower, random);
    const cut = Math.floor(random.beta(alpha, alpha) * noise.length + random.uniform());
    const threshold = noise.slice().sort()[cut] ?? Infinity;
    mixAlong(ring, images, (image, other) => {
      for (let p = 0; p < noise.length; p++) {
        if (noise[p]! < threshold) continue;
        for (let i = p * channels; i < (p + 1) * channels; i++) image[i] = other[i]!;
      }
    });
    const kept = noise.reduce((count, v) => count + (v < threshold ? 1 : 0), 0);
    mixAlong(ring, targets, blendRows(kept / noise.length));
  }
}
