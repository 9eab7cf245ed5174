import type { Tensor } from "../core/tensor.js";
import { crossEntropy, type CrossEntropyOptions } from "../ops/index.js";

/** A function from logits and targets to a loss. */
export interface Loss {
  /** images: what the logits were computed from. */
  forward(logits: Tensor, target: Tensor, images?: Tensor): Tensor;
}

/** Cross-entropy of logits [n, classes] with class indices (i32 [n]) or probabilities (f32 [n, classes]). */
export class CrossEntropyLoss implements Loss {
  readonly options: CrossEntropyOptions;

  constructor(options: CrossEntropyOptions = {}) {
    this.options = options;
  }

  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}
