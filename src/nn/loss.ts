// Losses as objects: a function from ops with its options.

import { noGrad } from "../core/grad-mode.js";
import { describe, sameShape } from "../core/shape.js";
import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, kindOf, wrongKind } from "../errors/options.js";
import {
  add,
  affine,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  focalLoss,
  sigmoidFocalLoss,
  softmax,
  sub,
  type BinaryCrossEntropyOptions,
  type CrossEntropyOptions,
  type FocalLossOptions,
  type LossTarget,
  type SigmoidFocalOptions,
} from "../ops/index.js";
import { BINARY_CROSS_ENTROPY, CROSS_ENTROPY, FOCAL } from "../ops/option-names.js";
import { weightOf } from "../ops/targets.js";
import { copied } from "./check.js";
import { inEvaluation } from "./evaluation.js";
import { Module } from "./module.js";

/** A function from logits [n, classes] and targets to a loss, which may also use the images of the logits. */
export interface Loss {
  /**
   * Logits [n, classes] and targets (class indices i32 [n], or f32 [n, classes]) → the loss, a scalar unless
   * the reduction is "none".
   */
  forward(logits: Tensor, target: LossTarget, images?: Tensor): Tensor;
  /** The loss for a batch of these images only; work that is the same for all outputs of a network is done once. */
  forBatch?(images: Tensor): Loss;
  /** The divisor of a batch's mean, by which gradients of several batches are averaged. Default: the number of images. */
  divisor?(target: LossTarget): number;
}

/** Cross-entropy of logits [n, classes] with class indices (i32 [n]) or probabilities (f32 [n, classes]). */
export class CrossEntropyLoss implements Loss {
  /** As crossEntropy() takes them. */
  readonly options: CrossEntropyOptions;

  constructor(options: CrossEntropyOptions = {}) {
    checkOptions<CrossEntropyOptions>("CrossEntropyLoss", options, CROSS_ENTROPY);
    this.options = copied(options);
  }

  /** Logits [n, classes] and targets → the loss; see crossEntropy(). */
  forward(logits: Tensor, target: LossTarget): Tensor {
    return crossEntropy(logits, target, this.options);
  }

  /** The sum of the images' weights, which divides PyTorch's mean over class indices. */
  divisor(target: LossTarget): number {
    return weightOf(target, this.options.weight);
  }
}

/**
 * Binary cross-entropy of logits [n, classes], a yes or no for each class, with targets in [0, 1] (f32 [n, classes]) or class
 * indices (i32 [n]).
 */
export class BCEWithLogitsLoss implements Loss {
  /** As binaryCrossEntropyWithLogits() takes them. */
  readonly options: BinaryCrossEntropyOptions;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    checkOptions<BinaryCrossEntropyOptions>("BCEWithLogitsLoss", options, BINARY_CROSS_ENTROPY);
    this.options = copied(options);
  }

  /** Logits [n, classes] and targets → the loss; see binaryCrossEntropyWithLogits(). */
  forward(logits: Tensor, target: LossTarget): Tensor {
    return binaryCrossEntropyWithLogits(logits, target, this.options);
  }
}

/** The focal loss for one class per image (softmax), with class indices (i32 [n]) or probabilities (f32 [n, classes]). */
export class FocalLoss implements Loss {
  /** As focalLoss() takes them. */
  readonly options: FocalLossOptions;

  constructor(options: FocalLossOptions = {}) {
    checkOptions<FocalLossOptions>("FocalLoss", options, FOCAL);
    this.options = copied(options);
  }

  /** Logits [n, classes] and targets → the loss; see focalLoss(). */
  forward(logits: Tensor, target: LossTarget): Tensor {
    return focalLoss(logits, target, this.options);
  }
}

/** The focal loss for several classes per image (sigmoid), with targets in [0, 1] (f32 [n, classes]) or class indices. */
export class SigmoidFocalLoss implements Loss {
  /** As sigmoidFocalLoss() takes them. */
  readonly options: SigmoidFocalOptions;

  constructor(options: SigmoidFocalOptions = {}) {
    checkOptions<SigmoidFocalOptions>("SigmoidFocalLoss", options, FOCAL);
    this.options = copied(options);
  }

  /** Logits [n, classes] and targets → the loss; see sigmoidFocalLoss(). */
  forward(logits: Tensor, target: LossTarget): Tensor {
    return sigmoidFocalLoss(logits, target, this.options);
  }
}

/** Options of DistillationLoss. */
export interface DistillationOptions {
  /** Share of the teacher's part, in [0, 1]. Default 0.9: Hinton et al. found that the labels should count for little. */
  alpha?: number;
  /** Divides both logits: above 1 the teacher shows more about the classes that it thinks are wrong. Default 4. */
  temperature?: number;
  /** The loss for the labels. Default: cross-entropy. */
  loss?: Loss;
}

/**
 * Learning from a teacher: alpha·T²·KL(softmax(teacher / T) ‖ softmax(logits / T)) + (1 − alpha)·loss(logits, target), both
 * means over the images: with weights of classes the labels' part is Σ weight·loss / images, whatever the weights' sum, so that
 * batches' gradients can be averaged. The teacher sees the same images (after augmentation) in evaluation mode, is not
 * trained, and the caller disposes of it.
 * G. Hinton, O. Vinyals and J. Dean, Distilling the Knowledge in a Neural Network (2015, https://arxiv.org/abs/1503.02531).
 */
export class DistillationLoss implements Loss {
  /** The network to imitate, in evaluation mode. */
  readonly teacher: Module;
  /** Share of the teacher's part. */
  readonly alpha: number;
  /** Divisor of the logits before softmax. */
  readonly temperature: number;
  /** The loss for the labels. */
  readonly loss: Loss;

  /** @throws ShapeError unless alpha is in [0, 1] and temperature > 0 */
  constructor(teacher: Module, options: DistillationOptions = {}) {
    checkOptions<DistillationOptions>("DistillationLoss", options, {
      alpha: true,
      temperature: true,
      loss: true,
    });
    const { alpha = 0.9, temperature = 4, loss = new CrossEntropyLoss() } = options;
    if (!(teacher instanceof Module)) throw wrongKind("DistillationLoss", "teacher", teacher, "a Module");
    if (typeof alpha !== "number" || !(alpha >= 0 && alpha <= 1)) {
      throw new ShapeError(`DistillationLoss: alpha must be in [0, 1]; got ${kindOf(alpha)}`);
    }
    if (typeof temperature !== "number" || !(temperature > 0 && temperature < Infinity)) {
      throw new ShapeError(
        `DistillationLoss: temperature must be finite and > 0; got ${kindOf(temperature)}`,
      );
    }
    this.teacher = teacher;
    this.alpha = alpha;
    this.temperature = temperature;
    this.loss = loss;
  }

  /** @throws ShapeError if there are no images, or the teacher has other classes than the logits */
  forward(logits: Tensor, target: LossTarget, images?: Tensor): Tensor {
    if (!images) throw new ShapeError("DistillationLoss: needs the images, as forward's third argument");
    return tidy(() => this.forBatch(images).forward(logits, target, images));
  }

  /** The loss for these images, which the teacher sees once. The teacher's output belongs to the scope. */
  forBatch(images: Tensor): Loss {
    const { alpha, temperature } = this;
    const cooled = (x: Tensor): Tensor => affine(x, 1 / temperature);
    const [probabilities, entropy] = noGrad(() =>
      tidy(() => {
        const teacher = cooled(inEvaluation(this.teacher, () => this.teacher.forward(images)));
        const p = softmax(teacher);
        return [p, crossEntropy(teacher, p)] as const;
      }),
    );
    // T²·KL(teacher ‖ student): the cross-entropy with the teacher's probabilities, less their entropy.
    const divergence = (logits: Tensor): Tensor =>
      affine(sub(crossEntropy(cooled(logits), probabilities), entropy), temperature ** 2);
    const forward = (logits: Tensor, target: LossTarget): Tensor => {
      if (!sameShape(probabilities.shape, logits.shape)) {
        const got = describe({ teacher: probabilities, logits });
        throw new ShapeError(`DistillationLoss: the teacher's classes are not the student's; got ${got}`);
      }
      return tidy(() => {
        const hard = this.loss.forward(logits, target, images);
        const n = target.shape[0]!;
        const byImages = (this.loss.divisor?.(target) ?? n) / n;
        return add(affine(divergence(logits), alpha), affine(hard, (1 - alpha) * byImages));
      });
    };
    return { forward };
  }
}
