// What differs between images of one class each and images of several stands in one row for each.

import { describe, expect, it } from "vitest";
import {
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  DataError,
  disposeBatch,
  DistillationLoss,
  FocalLoss,
  SigmoidFocalLoss,
  tensor,
  tidy,
  type Batch,
  type Tensor,
} from "../../src/index.js";
import { openTeacher } from "../../src/node/teacher.js";
import { trainDefaults } from "../../src/node/resolve-arguments.js";
import type { TrainArguments } from "../../src/node/train-arguments.js";
import { defaultLossOf, taskOf } from "../../src/train/task.js";
import { noise, noiseNetwork, SIZE } from "../helpers/noise.js";

const [one, several] = [taskOf(noise(4, 3)), taskOf(noise(4, 3, true))];

const LOGITS = [
  [2, -1, 0.5],
  [-0.5, -2, -3],
];
const LABELS = [2, 0];
const TARGETS = [
  [0, 0, 1],
  [1, 1, 0],
];

/** Runs fn with logits and a batch that has labels and, soft ones or the dataset's, targets. */
function given<T>(fn: (logits: Tensor, batch: Batch) => T): T {
  return tidy(() => {
    const batch = {
      images: tensor([[0], [0]]),
      labels: tensor(Int32Array.from(LABELS)),
      targets: tensor(TARGETS),
      indices: Uint32Array.of(7, 8),
      number: 0,
    } as unknown as Batch;
    try {
      return fn(tensor(LOGITS), batch);
    } finally {
      disposeBatch(batch);
    }
  });
}

const told = (targets?: number[][]) => ({
  logits: Float32Array.from(LOGITS.flat()),
  labels: Int32Array.from(LABELS),
  indices: Uint32Array.of(7, 8),
  classes: 3,
  ...(targets && { targets: Float32Array.from(targets.flat()) }),
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const crossEntropyOf = (row: number[], label: number): number =>
  Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[label]!;
const binaryOf = (row: number[], targets: number[]): number =>
  row.reduce((sum, x, j) => sum - Math.log(targets[j] ? sigmoid(x) : sigmoid(-x)), 0) / row.length;

describe("the task of a dataset", () => {
  it("follows from its labels, and is the same that metrics see", () => {
    expect([one.name, several.name]).toEqual(["single-label", "multi-label"]);
    expect([taskOf(told()), taskOf(told(TARGETS))]).toEqual([one, several]);
  });

  it("has a loss of its own, losses by name, and a teacher or none", () => {
    expect(defaultLossOf(one)).toEqual(new CrossEntropyLoss({ labelSmoothing: 0 }));
    expect(defaultLossOf(several)).toEqual(new BCEWithLogitsLoss({ labelSmoothing: 0 }));
    expect(Object.keys(one.losses)).toEqual(["ce", "bce", "focal"]);
    expect(Object.keys(several.losses)).toEqual(["bce", "focal"]);
    const options = { gamma: 3, weight: [1, 2, 3] };
    expect(one.losses.focal!(options, "")).toEqual(new FocalLoss({ gamma: 3, alpha: [1, 2, 3] }));
    expect(several.losses.focal!({ gamma: 3 }, "")).toEqual(new SigmoidFocalLoss({ gamma: 3 }));
    const teacher = noiseNetwork(SIZE, 3);
    expect(one.taught!(teacher, { alpha: 0.3 })).toEqual(new DistillationLoss(teacher, { alpha: 0.3 }));
    expect(several.taught).toBeUndefined();
    teacher.dispose();
  });

  it("says what is right, and how far off the rest is", () => {
    given((logits, batch) => {
      expect(one.hits(logits, batch, [1, 2, 3])).toEqual([1, 2, 2]);
      expect(several.hits(logits, batch, [1, 2, 3])).toEqual([1, 2, 2]);
      const sum = (of: (row: number[], i: number) => number): number =>
        LOGITS.reduce((total, row, i) => total + of(row, i), 0);
      expect(one.lossSum(logits, batch)).toBeCloseTo(
        sum((row, i) => crossEntropyOf(row, LABELS[i]!)),
        5,
      );
      expect(several.lossSum(logits, batch)).toBeCloseTo(
        sum((row, i) => binaryOf(row, TARGETS[i]!)),
        5,
      );
    });
  });

  it("gives metrics its own labels, not soft targets", () => {
    given((_, batch) => {
      expect(one.metricLabels(batch)).toEqual({ labels: Int32Array.from(LABELS) });
      expect(several.metricLabels(batch).targets).toEqual(Float32Array.from(TARGETS.flat()));
    });
    expect(Object.keys(one.metrics())).toEqual(["confusion", "calibration"]);
    expect([Object.keys(several.metrics()), one.precision]).toEqual([["precision"], undefined]);
  });

  it("judges an image", () => {
    const [first, second] = [0, 1].map((row) => one.judge("x", told(), row));
    const softmax = (row: number[], j: number): number => Math.exp(-crossEntropyOf(row, j));
    expect(first).toMatchObject({ guess: 0, truth: [2], predicted: [0] });
    expect(first!.probability).toBeCloseTo(softmax(LOGITS[0]!, 0), 6);
    expect(first!.labelProbability).toBeCloseTo(softmax(LOGITS[0]!, 2), 6);
    expect(first!.loss).toBeCloseTo(crossEntropyOf(LOGITS[0]!, 2), 6);
    expect(second).toMatchObject({ guess: 0, truth: [0], predicted: [0] });

    const [a, b] = [0, 1].map((row) => several.judge("x", told(TARGETS), row));
    expect(a).toMatchObject({ guess: 0, truth: [2], predicted: [0, 2], labelProbability: NaN });
    expect(a!.probability).toBeCloseTo(sigmoid(2), 6);
    expect(a!.loss).toBeCloseTo(binaryOf(LOGITS[0]!, TARGETS[0]!), 6);
    expect(b).toMatchObject({ guess: 0, truth: [0, 1], predicted: [] });
    for (const task of [one, several]) {
      const bad = { ...told(TARGETS), logits: new Float32Array(6).fill(NaN) };
      expect(() => task.judge("judge", bad, 1)).toThrow(
        new DataError("judge: a logit is NaN; got it for image 8, class 0"),
      );
    }
  });

  it("of several classes has no teachers", async () => {
    const args = { ...trainDefaults(), teacher: "nowhere" } as unknown as TrainArguments;
    const data = noise(4, 3, true);
    await expect(openTeacher(args, data, several)).rejects.toThrow(
      new DataError("dataset: has several classes a picture, for which there are no teachers"),
    );
  });
});
