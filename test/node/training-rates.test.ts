// Arguments of a training run become its schedule and its loss.

import { describe, expect, it } from "vitest";
import { ImageDataset } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { BCEWithLogitsLoss, CrossEntropyLoss, FocalLoss, SigmoidFocalLoss } from "../../src/nn/index.js";
import { resolveArguments, type TrainFlags } from "../../src/node/resolve-arguments.js";
import { lossOf, scheduleOf } from "../../src/node/training-rates.js";
import { taskOf } from "../../src/train/index.js";

const argumentsOf = (flags: TrainFlags) =>
  resolveArguments({
    ...{ model: "lenet5", data: "x", epochs: 10, lr: 1 },
    ...(flags.sched !== "onecycle" && { warmupEpochs: 0 }),
    ...flags,
  });

describe("scheduleOf", () => {
  // Ten batches an epoch, two to a step: five steps an epoch, fifty in all.
  it.each<[TrainFlags, [step: number, lr: number][]]>([
    [{ sched: "constant" }, [[0, 1], [49, 1]]], // prettier-ignore
    [{ sched: "step", decayEpochs: 2, decayRate: 0.5 }, [[9, 1], [10, 0.5], [20, 0.25]]], // prettier-ignore
    [{ sched: "multistep", decayMilestones: [2, 6] }, [[9, 1], [10, 0.1], [30, 0.01]]], // prettier-ignore
    [{ sched: "exponential", decayRate: 0.5 }, [[0, 1], [5, 0.5], [15, 0.125]]], // prettier-ignore
    [{ sched: "exponential", decayRate: 0.5, schedOnUpdates: false }, [[4, 1], [5, 0.5], [9, 0.5]]], // prettier-ignore
    [{ sched: "poly", minLr: 0.2 }, [[0, 1], [25, 0.6]]], // prettier-ignore
    [{ sched: "cosine", minLr: 0.2 }, [[0, 1], [25, 0.6]]], // prettier-ignore
    [{ sched: "cosine", decayEpochs: 2 }, [[5, 0.5], [10, 1], [15, 0.5]]], // prettier-ignore
    [{ sched: "cosine", schedOnUpdates: false }, [[0, 1], [4, 1], [25, 0.5], [29, 0.5]]], // prettier-ignore
    [{ sched: "constant", warmupEpochs: 2, warmupLr: 0.5 }, [[0, 0.5], [5, 0.75], [10, 1]]], // prettier-ignore
    [{ sched: "onecycle", pctStart: 0.42, divFactor: 10 }, [[0, 0.1], [20, 1]]], // prettier-ignore
  ])("%j", (flags, rates) => {
    const schedule = scheduleOf(argumentsOf({ gradAccumSteps: 2, ...flags }), 10);
    for (const [step, lr] of rates) expect([step, schedule(step)]).toEqual([step, expect.closeTo(lr, 9)]);
  });

  it("plateau follows the evaluations", () => {
    const schedule = scheduleOf(argumentsOf({ sched: "plateau", decayRate: 0.5, patienceEpochs: 1 }), 10);
    expect([[], [3, 2], [3, 3, 3], [3, 3, 3, 3, 3]].map((losses) => schedule(0, losses))).toEqual([
      1, 1, 0.5, 0.25,
    ]);
  });
});

describe("lossOf", () => {
  const images = new Uint8Array(4);
  const shape = [1, 1, 1] as const;
  const one = new ImageDataset({ name: "one", images, labels: [0, 0, 0, 1], shape, classes: ["a", "b"] });
  const several = new ImageDataset({
    ...{ name: "several", images, shape, classes: ["a", "b"] },
    targets: [1, 1, 1, 0, 1, 0, 0, 1],
  });

  it("is what the arguments say, with the classes' weights", () => {
    // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1], y=[0, 0, 0, 1])
    const classWeights = "balanced";
    const ce = lossOf(argumentsOf({ classWeights, smoothing: 0.1 }), one, taskOf(one));
    expect(ce).toBeInstanceOf(CrossEntropyLoss);
    expect((ce as CrossEntropyLoss).options).toEqual({ labelSmoothing: 0.1, weight: [2 / 3, 2] });
    const focal = lossOf(
      argumentsOf({ loss: "focal", focalGamma: 3, classWeights: [1, 4] }),
      one,
      taskOf(one),
    );
    expect(focal).toBeInstanceOf(FocalLoss);
    expect((focal as FocalLoss).options).toEqual({ gamma: 3, alpha: [1, 4] });
    const bce = lossOf(argumentsOf({ loss: "bce", classWeights: [1, 4] }), several, taskOf(several));
    expect(bce).toBeInstanceOf(BCEWithLogitsLoss);
    expect((bce as BCEWithLogitsLoss).options).toEqual({ labelSmoothing: 0, posWeight: [1, 4] });
    expect(lossOf(argumentsOf({ loss: "focal" }), several, taskOf(several))).toBeInstanceOf(SigmoidFocalLoss);
  });

  it.each<[TrainFlags, ImageDataset, string]>([
    [{ loss: "ce" }, several, "several: has several classes a picture; expected loss bce or focal, got ce"],
    [
      { loss: "focal", classWeights: [1, 4] },
      several,
      "several: classWeights: the focal loss of several classes takes none; expected loss bce",
    ],
    [{ classWeights: [1, 2, 3] }, one, "one: classWeights: got 3 numbers; expected 2, one for each class"],
  ])("refuses %j", (flags, dataset, message) => {
    expect(() => lossOf(argumentsOf(flags), dataset, taskOf(dataset))).toThrow(new DataError(message));
  });
});
