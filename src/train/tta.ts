// Test-time augmentation: the model sees several views of every picture, and their probabilities are averaged.

import type { Shape } from "../core/shape.js";
import type { Tensor } from "../core/tensor.js";
import { DataError, short } from "../errors.js";
import {
  add,
  affine,
  exp,
  flip,
  log,
  logSigmoid,
  logSoftmax,
  maximum,
  neg,
  slice,
  sub,
} from "../ops/index.js";

/**
 * "flip": the picture and its mirror image (K. Simonyan and A. Zisserman, Very Deep Convolutional Networks for Large-Scale
 * Image Recognition, 2014, https://arxiv.org/abs/1409.1556, §3.2).
 * "ten-crop": its four corners, its centre, and their mirror images (A. Krizhevsky, I. Sutskever and G. E. Hinton, ImageNet
 * Classification with Deep Convolutional Neural Networks, 2012, §4.1).
 */
export type Tta = "flip" | "ten-crop";

const mirrored = (x: Tensor): Tensor => flip(x, [2]);

/**
 * The views of a batch [n, height, width, channels], one after the other. Crops are squares of `crop` pixels, by default 7/8
 * of the shorter side: 224 of 256. The centre is that of torchvision's five_crop.
 * @throws DataError if tta is unknown, or crop not an integer from 1 to the shorter side
 */
export function viewsOf(tta: Tta, [, height, width]: Shape, crop?: number): ((x: Tensor) => Tensor)[] {
  if (tta === "flip") return [(x) => x, mirrored];
  if (tta !== "ten-crop")
    throw new DataError(`evaluate: unknown tta '${short(String(tta))}'; known: flip, ten-crop`);
  const shorter = Math.min(height!, width!);
  const side = crop ?? Math.max(1, Math.round((shorter * 7) / 8));
  if (!Number.isInteger(side) || side < 1 || side > shorter) {
    throw new DataError(
      `evaluate: crop must be an integer from 1 to ${shorter}, the shorter side; got ${side}`,
    );
  }
  const [down, right] = [height! - side, width! - side];
  const corners = [
    [0, 0],
    [0, right],
    [down, 0],
    [down, right],
    [halfEven(down), halfEven(right)],
  ] as const;
  const cut = (x: Tensor, top: number, left: number): Tensor =>
    slice(x, [{}, { begin: top, end: top + side }, { begin: left, end: left + side }, {}]);
  return [
    ...corners.map(
      ([top, left]) =>
        (x: Tensor) =>
          cut(x, top, left),
    ),
    ...corners.map(
      ([top, left]) =>
        (x: Tensor) =>
          mirrored(cut(x, top, right - left)),
    ),
  ];
}

/** n/2, with halves rounded to even as in Python. */
function halfEven(n: number): number {
  const below = Math.floor(n / 2);
  return n % 2 === 1 && below % 2 === 1 ? below + 1 : below;
}

/** ln of the mean of the views' eᵛ. */
function logMeanExp(views: readonly Tensor[]): Tensor {
  const top = views.reduce(maximum);
  const sum = views.map((view) => exp(sub(view, top))).reduce((a, b) => add(a, b));
  return affine(add(top, log(sum)), 1, -Math.log(views.length));
}

/** Logits [n, classes] whose softmax is the mean of the views' softmax. */
export function averageViews(views: readonly Tensor[]): Tensor {
  return logMeanExp(views.map((view) => logSoftmax(view)));
}

/** Logits [n, classes] whose sigmoid is the mean of the views' sigmoid. */
export function averageBinaryViews(views: readonly Tensor[]): Tensor {
  const [yes, no] = [views.map(logSigmoid), views.map((view) => logSigmoid(neg(view)))];
  return sub(logMeanExp(yes), logMeanExp(no));
}
