// The whole table of a training run's options: each changes what comes of it where it says that it makes a difference, and
// nothing where it says that it makes none; there it is refused.

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createModel, init, manualSeed } from "../../src/index.js";
import { configOf, preparationFor, runTraining, saveModel } from "../../src/node.js";
import { resolveArguments, trainNames, type TrainFlags } from "../../src/node/resolve-arguments.js";
import type { TrainArguments } from "../../src/node/train-arguments.js";
import { trainOptions, type TrainOption } from "../../src/node/train-options.js";
import { png } from "../helpers/pictures.js";
import { isLong } from "../helpers/ring.js";

vi.mock("../../src/node/report/index.js"); // which only looks

type Name = keyof TrainArguments;

const top = mkdtempSync(join(tmpdir(), "fovea-effects-"));
const at = (path: string): string => join(top, path);
afterAll(() => rmSync(top, { recursive: true }));

beforeAll(async () => {
  init({ threads: 1 });
  manualSeed(5);
  for (const part of ["flat", "parts/train", "parts/val"]) {
    for (const [name, n] of [
      ["a", 7],
      ["b", 4],
    ] as const) {
      mkdirSync(at(`${part}/${name}`), { recursive: true });
      for (let i = 0; i < n; i++) {
        const colour = name === "a" ? [20 * i, 200, 30] : [250, 25 * i, 90 + i];
        writeFileSync(at(`${part}/${name}/${i}.png`), png(30 + i, 34, colour as [number, number, number]));
      }
    }
  }
  for (const [folder, seed] of [
    ["start", 6],
    ["teacher", 7],
  ] as const) {
    manualSeed(seed);
    const model = createModel("lenet5", { numClasses: 2, inChannels: 3 });
    await saveModel(at(folder), model, configOf("lenet5", preparationFor("lenet5", undefined, { inChans: 3 }), { classes: ["a", "b"] })); // prettier-ignore
    model.dispose();
  }
});

const base: TrainFlags = { model: "lenet5", epochs: 3, batchSize: 4, workers: 0, threads: 1, lr: 0.01 };
const start: TrainFlags = { weights: "start" };
const teacher: TrainFlags = { teacher: "teacher" };
const tiny: TrainFlags = { model: "resnet20_cifar", imgSize: 16, epochs: 2 };
/** Nothing is learnt, so that no evaluation is better than the first. */
const still: TrainFlags = { lr: 1e-7, warmupLr: 0, epochs: 4 };

/** A value of each option that changes what comes of a run, and the flags beside which it does. Paths are from the folder of this test. */
const EFFECTS: Record<string, [value: unknown, beside?: TrainFlags]> = {
  data: ["flat"],
  valFraction: [0.4, { data: "flat" }],
  model: ["resnet20_cifar"],
  smallImages: [true, { model: "mobilenet_v3_small", imgSize: 16, epochs: 1 }],
  inChans: [1],
  dropout: [0.5],
  dropPath: [0.5, tiny],
  weights: ["start"],
  pretrained: ["start"],
  freeze: ["body", start],
  freezeEpochs: [1, { ...start, freeze: "body" }],
  imgSize: [20, tiny],
  cropPct: [0.7],
  interpolation: ["nearest"],
  resample: ["pillow12"],
  mean: [[0.1, 0.2, 0.3]],
  std: [[0.1, 0.2, 0.3]],
  noAug: [true],
  scale: [[0.1, 0.5]],
  hflip: [0],
  vflip: [0.7],
  aa: ["ra"],
  colorJitter: [0.5],
  reprob: [0.9],
  cutout: [9],
  hideAndSeek: [0.6],
  gridmask: [1],
  mixup: [0.4],
  cutmix: [1],
  fmix: [1],
  epochs: [2],
  batchSize: [5],
  gradAccumSteps: [2],
  dropLast: [false],
  sampler: ["balanced"],
  opt: ["adam"],
  lr: [0.003],
  headLr: [0.2],
  layerDecay: [0.5],
  momentum: [0.5],
  nesterov: [false],
  weightDecay: [0.5],
  decayAll: [true, { weightDecay: 0.5 }],
  clipGrad: [0.01],
  clipMode: ["value", { clipGrad: 0.01 }],
  sched: ["poly"],
  schedOnUpdates: [false],
  warmupEpochs: [2],
  warmupLr: [0.005],
  minLr: [0.004],
  decayEpochs: [1],
  decayMilestones: [[1, 2], { sched: "multistep", decayMilestones: [2] }],
  decayRate: [0.3, { sched: "exponential" }],
  patienceEpochs: [0, { ...still, sched: "plateau" }],
  pctStart: [0.6, { sched: "onecycle" }],
  divFactor: [5, { sched: "onecycle" }],
  finalDivFactor: [5, { sched: "onecycle" }],
  loss: ["bce"],
  smoothing: [0.2],
  focalGamma: [4, { loss: "focal" }],
  classWeights: ["balanced"],
  teacher: ["teacher"],
  teacherModel: ["lenet5", { teacher: "teacher/raw.safetensors" }],
  distillAlpha: [0.4, teacher],
  distillTemperature: [2, teacher],
  modelEma: [true],
  modelEmaDecay: [0.2, { modelEma: true }],
  patience: [1, { ...still, epochs: 12 }],
  valInterval: [2],
  seed: [3],
};

/** What changes where data or results lie, and what makes them, but not a bit of them; elsewhere tested. */
const NO_BITS: Record<string, string> = {
  recipe: "values of others",
  dataDir: "where data lie",
  download: "where data come from",
  decoder: "what is installed",
  checkpointInterval: "what a crash costs",
  scaleLr: "of several processes: test/mpi/train.test.ts",
  syncBn: "of several processes: test/mpi/group.test.ts",
  threads: "the same bits",
  workers: "the same bits",
  out: "where results lie",
  resume: "another run",
};

/** What takes the ground from under an option that needs another one: flags that are set instead. */
const WITHOUT: Record<string, TrainFlags> = {
  freeze: { freeze: null },
  noAug: { noAug: true },
  opt: { opt: "adamw" },
  momentum: { momentum: 0 },
  weightDecay: { weightDecay: 0 },
  clipGrad: { clipGrad: null },
  warmupEpochs: { warmupEpochs: 0 },
  distillAlpha: { teacher: "teacher", distillAlpha: 1 },
  teacher: { teacher: null },
  modelEma: { modelEma: false },
  model: { model: "lenet5", imgSize: 28 },
};
const OTHER_LOSS: Record<string, string> = { smoothing: "focal", focalGamma: "ce" };
const RISES_ALONE = ["warmupEpochs", "warmupLr"];

/** A warm-up before one that rises by itself would be another one. */
const CONTRADICTS = ["warmupEpochs"];

/** Flags beside which the option lacks what it needs of `other`. */
function without(name: string, other: string): TrainFlags {
  if (name === "focalGamma" && other === "distillAlpha") return { ...WITHOUT[other]!, loss: "ce" };
  if (other === "loss") return { loss: OTHER_LOSS[name]! as TrainArguments["loss"] };
  if (other === "sched") return { sched: RISES_ALONE.includes(name) ? "onecycle" : "constant" };
  if (name === "distillTemperature" && other === "distillAlpha")
    return { teacher: "teacher", distillAlpha: 0 };
  return WITHOUT[other]!;
}

/** The same flags with paths into the folder. */
function placed(flags: TrainFlags): TrainFlags {
  const paths = (["data", "weights", "pretrained", "teacher"] as const).flatMap((name) =>
    typeof flags[name] === "string" ? [[name, at(flags[name])] as const] : [],
  );
  return { ...flags, ...Object.fromEntries(paths) };
}

const flagsOf = (...parts: TrainFlags[]): TrainFlags =>
  placed(Object.assign({ ...base, data: "parts" }, ...parts) as TrainFlags);

const TIMED = /^(seconds|images_per_second|data_wait)$/;
let runs = 0;

/** What comes of a run: its weights, its rows but for their times, how images are prepared. */
async function outcome(args: TrainArguments): Promise<string> {
  const out = at(`runs/${runs++}`);
  await runTraining({ ...args, out });
  const rows = readFileSync(join(out, "results.csv"), "utf8").trim().split("\n").map((row) => row.split(",")); // prettier-ignore
  const kept = rows.map((row) => row.filter((_, i) => !TIMED.test(rows[0]![i]!)).join());
  const { pretrained_cfg: prepared } = JSON.parse(readFileSync(join(out, "config.json"), "utf8")) as Record<string, unknown>; // prettier-ignore
  const hash = createHash("sha256").update(JSON.stringify([kept, prepared]));
  for (const which of ["best", "last"]) hash.update(readFileSync(join(out, `weights/${which}.safetensors`)));
  return hash.digest("hex");
}

const outcomes = new Map<string, Promise<string>>();

/** outcome(), once for the same arguments. */
function outcomeOf(args: TrainArguments): Promise<string> {
  const key = JSON.stringify(args);
  const known = outcomes.get(key) ?? outcome(args);
  outcomes.set(key, known);
  return known;
}

const needsOf = (name: Name): string[] =>
  Object.keys((trainOptions[name] as TrainOption<unknown>).needs ?? {});

it("the table is whole", () => {
  expect([...Object.keys(EFFECTS), ...Object.keys(NO_BITS)].sort()).toEqual([...trainNames].sort());
});

describe.each(Object.entries(EFFECTS))("%s", (option, [value, beside = {}]) => {
  const name = option as Name;

  it.runIf(isLong && name !== "teacherModel")("makes a difference", async () => {
    const [plain, changed] = [flagsOf(beside), flagsOf(beside, { [name]: value })].map((flags) => resolveArguments(flags)); // prettier-ignore
    expect(changed![name]).not.toEqual(plain![name]);
    expect(await outcomeOf(changed!)).not.toBe(await outcomeOf(plain!));
  });

  const needs = needsOf(name).filter((other) => other !== "data");
  it.runIf(needs.length > 0).each(needs)(
    "is refused without %s, and would make no difference",
    async (other) => {
      const lacking = flagsOf(beside, without(name, other));
      const { [name]: _, ...rest } = lacking;
      const plain = resolveArguments(rest);
      expect(() => resolveArguments({ ...lacking, [name]: placed({ [name]: value })[name] })).toThrow(": of no use; it needs "); // prettier-ignore
      if (!isLong) return;
      const forced = { ...plain, [name]: value } as TrainArguments;
      const nothing = await outcomeOf(plain);
      await outcomeOf(forced).then(
        (hash) => expect(hash === nothing).toBe(!CONTRADICTS.includes(name) || other !== "sched"),
        (error: Error) => expect(error.message).toContain(`${name} `), // what is even refused by the model
      );
    },
  );
});
