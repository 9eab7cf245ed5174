// What the losses say when something is wrong: rows of errors.test.ts.

import * as fovea from "../../src/index.js";
import { tensor, zeros, type AnyTensor, type Tensor } from "../../src/index.js";

export type Row = [what: string, run: () => AnyTensor, message: string];

const x = (...shape: number[]): Tensor => zeros(shape);
const labels = (...values: number[]): Tensor<"i32"> => tensor(values, [values.length], { dtype: "i32" });

const fit = "expected x:[n,classes] and target i32:[n] or f32:[n,classes]";

export const losses: Row[] = [
  ["no classes", () => fovea.softmax(x(2, 0)), "softmax: expected x:[…,n] with n ≥ 1; got x:[2,0]"],
  [
    "another axis than the last",
    () => fovea.softmax(x(2, 3), 0),
    "softmax: goes over the last axis, 1; got axis 0; permute() x first",
  ],
  ["a scalar", () => fovea.logSoftmax(x()), "logSoftmax: expected x:[…,n] with n ≥ 1; got x:[]"],
  [
    "smoothing above 1",
    () => fovea.crossEntropy(x(1, 2), labels(0), { labelSmoothing: 1.5 }),
    "crossEntropy: labelSmoothing must be in [0, 1]; got 1.5",
  ],
  [
    "smoothing NaN",
    () => fovea.crossEntropy(x(1, 2), x(1, 2), { labelSmoothing: NaN }),
    "crossEntropy: labelSmoothing must be in [0, 1]; got NaN",
  ],
  [
    "an unknown reduction",
    () => fovea.crossEntropy(x(1, 2), labels(0), { reduction: "max" as fovea.Reduction }),
    "crossEntropy: unknown reduction 'max'; known: mean, none, sum",
  ],
  [
    "number of labels",
    () => fovea.crossEntropy(x(2, 3), labels(0)),
    `crossEntropy: ${fit}; got x:[2,3] target:[1], target i32`,
  ],
  [
    "shape of the probabilities",
    () => fovea.crossEntropy(x(2, 3), x(2, 4)),
    `crossEntropy: ${fit}; got x:[2,3] target:[2,4], target f32`,
  ],
  [
    "no rows",
    () => fovea.crossEntropy(x(0, 3), labels()),
    `crossEntropy: ${fit}; got x:[0,3] target:[0], target i32`,
  ],
  [
    "dtype of the labels",
    () => fovea.crossEntropy(x(1, 3), zeros([1], "u8") as never),
    "crossEntropy: target has the wrong dtype; got u8; expected i32",
  ],
  [
    "shape of the targets",
    () => fovea.binaryCrossEntropyWithLogits(x(2, 3), x(2, 4)),
    `binaryCrossEntropyWithLogits: ${fit}; got x:[2,3] target:[2,4], target f32`,
  ],
  [
    "number of labels",
    () => fovea.focalLoss(x(2, 3), labels(0)),
    `focalLoss: ${fit}; got x:[2,3] target:[1], target i32`,
  ],
  [
    "dtype of the labels",
    () => fovea.crossEntropy(x(1, 3), zeros([1, 3], "u8") as never, { weight: 2 }),
    `crossEntropy: ${fit}; got x:[1,3] target:[1,3], target u8`,
  ],
  [
    "a negative weight",
    () => fovea.crossEntropy(x(1, 3), labels(0), { weight: [1, -1, 1] }),
    "crossEntropy: weight must be finite and ≥ 0; got -1 for class 1",
  ],
  [
    "number of weights",
    () => fovea.crossEntropy(x(1, 3), labels(0), { weight: [1, 1] }),
    "crossEntropy: weight must be a number for each class; got 2; expected 3",
  ],
  [
    "smoothing, weighted",
    () => fovea.crossEntropy(x(1, 2), labels(0), { weight: 1, labelSmoothing: -1 }),
    "crossEntropy: labelSmoothing must be in [0, 1]; got -1",
  ],
  [
    "number of positive weights",
    () => fovea.binaryCrossEntropyWithLogits(x(1, 2), labels(0), { posWeight: [1, 2, 3] }),
    "binaryCrossEntropyWithLogits: posWeight must be a number for each class; got 3; expected 2",
  ],
  [
    "negative gamma",
    () => fovea.focalLoss(x(1, 2), labels(0), { gamma: -1 }),
    "focalLoss: gamma must be finite and ≥ 0; got -1",
  ],
  [
    "alpha above 1",
    () => fovea.sigmoidFocalLoss(x(1, 2), labels(0), { alpha: 2 }),
    "sigmoidFocalLoss: alpha must be in [0, 1], or −1; got 2",
  ],
  [
    "an unknown reduction",
    () => fovea.sigmoidFocalLoss(x(1, 2), labels(0), { reduction: "max" as fovea.Reduction }),
    "sigmoidFocalLoss: unknown reduction 'max'; known: mean, none, sum",
  ],
];

export const wrongLabels: Row[] = [
  [
    "a label above the classes, weighted",
    () => fovea.crossEntropy(x(2, 4), labels(0, 4), { weight: 1 }),
    "crossEntropy: label out of range; got 4 at index 1; expected 0…3",
  ],
  [
    "a label above the classes, yes or no",
    () => fovea.binaryCrossEntropyWithLogits(x(2, 4), labels(0, 4)),
    "binaryCrossEntropyWithLogits: label out of range; got 4 at index 1; expected 0…3",
  ],
  [
    "a label above the classes",
    () => fovea.crossEntropy(x(3, 4), labels(0, 4, 1)),
    "crossEntropy: label out of range; got 4 at index 1; expected 0…3",
  ],
  [
    "a negative label",
    () => fovea.crossEntropy(x(2, 4), labels(3, -1)),
    "crossEntropy: label out of range; got -1 at index 1; expected 0…3",
  ],
];
