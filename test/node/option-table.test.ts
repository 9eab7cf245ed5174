// Every option of a training run: where it is in use, and that it is refused where it is not.

import { describe, expect, it } from "vitest";
import {
  flagOf,
  isInUse,
  resolveArguments,
  trainNames,
  type TrainFlags,
} from "../../src/node/resolve-arguments.js";
import { trainOptions, type TrainOption } from "../../src/node/train-options.js";
import { UsageError } from "../../src/node/usage-error.js";

const base: TrainFlags = { model: "resnet18", data: "photos" };

/** A value beside the default, a combination that makes it count, one beside which it means nothing. */
type Row = [value: unknown, used: TrainFlags, useless: TrainFlags];

const sched = (name: TrainFlags["sched"] & string): TrainFlags => ({ sched: name });
const noAug: TrainFlags = { noAug: true };
const focal: TrainFlags = { loss: "focal" };
const deaf: TrainFlags = { teacher: "t", distillAlpha: 1 };
const cycle = sched("onecycle");

const ROWS: Readonly<Record<string, Row>> = {
  dataDir: ["/data", { data: "mnist" }, {}],
  download: [true, { data: "cifar10" }, { data: "imagenet" }],
  smallImages: [true, {}, { model: "lenet5" }],
  dropPath: [0.1, {}, { model: "vgg11" }],
  freezeEpochs: [1, { freeze: "body", weights: "w" }, {}],
  scale: [[0.5, 1], {}, noAug],
  hflip: [0.3, {}, noAug],
  vflip: [0.3, {}, noAug],
  aa: ["ra", {}, noAug],
  colorJitter: [0.3, {}, noAug],
  reprob: [0.3, {}, noAug],
  cutout: [8, {}, noAug],
  hideAndSeek: [0.3, {}, noAug],
  gridmask: [0.3, {}, noAug],
  momentum: [0.8, {}, { opt: "adam" }],
  nesterov: [false, {}, { opt: "adam" }],
  decayAll: [true, {}, { weightDecay: 0 }],
  clipMode: ["value", { clipGrad: 1 }, {}],
  schedOnUpdates: [false, {}, sched("constant")],
  warmupEpochs: [2, {}, cycle],
  warmupLr: [1e-6, {}, { warmupEpochs: 0 }],
  minLr: [1e-4, {}, cycle],
  decayEpochs: [5, { ...sched("step") }, sched("poly")],
  decayMilestones: [[5], { ...sched("multistep") }, {}],
  decayRate: [0.5, sched("exponential"), {}],
  patienceEpochs: [3, sched("plateau"), {}],
  pctStart: [0.4, cycle, {}],
  divFactor: [10, cycle, {}],
  finalDivFactor: [10, cycle, {}],
  loss: ["bce", {}, deaf],
  smoothing: [0.1, {}, focal],
  focalGamma: [1, focal, {}],
  classWeights: ["balanced", {}, deaf],
  teacherModel: ["resnet18", { teacher: "t" }, {}],
  distillAlpha: [0.5, { teacher: "t" }, {}],
  distillTemperature: [2, { teacher: "t" }, { teacher: "t", distillAlpha: 0 }],
  modelEmaDecay: [0.9, { modelEma: true }, {}],
};

const needs = (name: keyof typeof trainOptions): object =>
  (trainOptions[name] as TrainOption<unknown>).needs ?? {};

it("has a row for every option that needs others", () => {
  const conditional = trainNames.filter((name) => Object.keys(needs(name)).length > 0);
  expect(Object.keys(ROWS).sort()).toEqual([...conditional].sort());
});

describe.each(Object.entries(ROWS))("%s", (name, [value, used, useless]) => {
  const key = name as keyof typeof trainOptions;
  const flags = (more: TrainFlags): TrainFlags => ({ ...base, ...more, [name]: value });

  it("is taken where it is in use", () => {
    const args = resolveArguments(flags(used));
    expect([args[key], isInUse(args, key)]).toEqual([value, true]);
  });

  it("is refused where it makes no difference", () => {
    const refused = (): unknown => resolveArguments(flags(useless));
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(`${flagOf(name)}: of no use; it needs `);
  });
});
