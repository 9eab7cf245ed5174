import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { modelInfo } from "../../src/models/index.js";
import { recipes } from "../../src/node/recipes.js";
import {
  defaultsBeside,
  resolveArguments,
  trainNames,
  type TrainFlags,
} from "../../src/node/resolve-arguments.js";
import { checkResumed } from "../../src/node/resumed-run.js";
import type { Checkpoint } from "../../src/train/index.js";
import { trainOptions, type TrainOption } from "../../src/node/train-options.js";

const base: TrainFlags = { model: "resnet18", data: "photos" };
const folder = mkdtempSync(join(tmpdir(), "fovea-args-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("resolveArguments", () => {
  it("gives every argument a value of its kind", () => {
    const args = resolveArguments(base);
    expect(Object.keys(args).sort()).toEqual([...trainNames].sort());
    for (const name of trainNames) {
      const { kind } = trainOptions[name] as TrainOption<unknown>;
      expect([name, kind.accepts(args[name])]).toEqual([name, true]);
    }
    expect(JSON.parse(JSON.stringify(args))).toEqual(args);
  });

  it("puts flags over the recipe over the defaults", () => {
    const args = resolveArguments({ recipe: "cifar10-resnet20", epochs: 3, out: "runs/x" });
    expect(args).toMatchObject({
      model: "resnet20_cifar",
      data: "cifar10",
      epochs: 3,
      batchSize: 128,
      lr: 0.2,
      weightDecay: 5e-4,
      decayAll: true,
      sched: "onecycle",
      pctStart: 0.25,
      warmupEpochs: 0,
      dropLast: true,
      out: "runs/x",
      loss: "ce",
    });
  });

  it.each(Object.keys(recipes))("recipe %s is one, and names a model as createModel() does", (recipe) => {
    const args = resolveArguments({
      recipe,
      data: "photos",
      model: (recipes[recipe]!["model"] as string) ?? "resnet18",
      weights: "x",
    });
    expect(args).toMatchObject({ recipe, model: modelInfo(args.model).name });
    const { model: _, data: __, ...own } = recipes[recipe]!;
    expect(args).toMatchObject(own);
  });

  it.each<[TrainFlags, Partial<Record<keyof TrainFlags, number>>]>([
    [
      { recipe: "paddle-resnet50", batchSize: 32 },
      { lr: 0.0125, weightDecay: 1e-4 },
    ],
    [{ recipe: "paddle-resnet50", batchSize: 64, gradAccumSteps: 4 }, { lr: 0.1 }],
    [{ recipe: "paddle-resnet50", batchSize: 32, lr: 0.3 }, { lr: 0.3 }],
    [
      { recipe: "torchvision-v2", batchSize: 128 },
      { lr: 0.0625, warmupLr: 0.000625 },
    ],
    [
      { recipe: "strikes-back-a3", batchSize: 128 },
      { lr: 0.002, warmupLr: 2.5e-5 },
    ],
    [{ recipe: "paddle-resnet50-vd" }, { lr: 0.1, batchSize: 256 }],
  ])("scales a recipe's rates to the images of a step: %j", (flags, rates) => {
    expect(resolveArguments({ data: "photos", ...flags })).toMatchObject(rates);
  });

  it("takes rate and decay from the optimizer, and the rate from the images of a step", () => {
    expect(resolveArguments({ ...base, batchSize: 64, gradAccumSteps: 2 })).toMatchObject({
      lr: 0.05,
      weightDecay: 1e-4,
    });
    expect(resolveArguments({ ...base, opt: "adamw", batchSize: 64 })).toMatchObject({
      lr: 5e-4,
      weightDecay: 0.05,
    });
    expect(resolveArguments({ ...base, opt: "adamw", lr: 1e-4, weightDecay: 0 })).toMatchObject({ lr: 1e-4, weightDecay: 0 }); // prettier-ignore
  });

  it.each<[TrainFlags, string[]]>([
    [{}, ["model", "data"]],
    [{ epochs: 2 }, ["model", "data", "epochs"]],
    [{ opt: "adamw", batchSize: 32 }, ["model", "data", "batchSize", "opt"]],
    [{ opt: "adamw", lr: 0.5, warmupLr: 0 }, ["model", "data", "opt", "lr", "warmupLr"]],
    [{ sched: "poly", decayRate: 2 }, ["model", "data", "sched", "decayRate"]],
  ])("knows what differs from the defaults, which may follow from others: %j", (flags, expected) => {
    const args = resolveArguments({ ...base, ...flags });
    const defaults = defaultsBeside(args);
    const differ = trainNames.filter((name) => JSON.stringify(args[name]) !== JSON.stringify(defaults[name]));
    expect(differ.sort()).toEqual(expected.sort());
  });

  it("thaws before the last epoch what a recipe freezes for longer", () => {
    const tune = (epochs: number, more: TrainFlags = {}) =>
      resolveArguments({ ...base, recipe: "finetune", pretrained: "resnet18", epochs, ...more }).freezeEpochs;
    expect([10, 3, 2, 1].map((epochs) => tune(epochs))).toEqual([3, 2, 1, null]);
    expect(() => tune(2, { freezeEpochs: 2 })).toThrow("--freeze-epochs: got 2; expected less than 2 epochs");
  });

  it("drops a recipe's value that a flag has made useless", () => {
    const args = resolveArguments({ recipe: "cifar10-resnet20", sched: "cosine", opt: "adamw" });
    expect(args).toMatchObject({ sched: "cosine", pctStart: 0.3, momentum: 0.9, opt: "adamw" });
  });

  const refused: [TrainFlags | Record<string, unknown>, string][] = [
    [{ data: "x" }, "--model: missing; or --recipe"],
    [{ model: "resnet18" }, "--data: missing; or --recipe"],
    [
      { recipe: "none-such" },
      "--recipe: unknown recipe 'none-such'; known: cifar10-resnet20, finetune, mnist-lenet5",
    ],
    [
      { ...base, model: "resnet19" },
      `train: bad model; got "resnet19"; did you mean resnet18? expected a model's name (fovea models lists them)`,
    ],
    [{ ...base, constructor: 1 }, "train: unknown option 'constructor'; known: aa, batchSize"],
    [{ ...base, batch_size: 1 }, "train: unknown option 'batch_size'; did you mean batchSize? known: aa, "],
    [{ recipe: "toString" }, "--recipe: unknown recipe 'toString'; known: "],
    [{ ...base, learningRate: 1 }, "train: unknown option 'learningRate'; known: aa, batchSize"],
    [{ ...base, epochs: 0 }, "train: bad epochs; got 0; expected an integer ≥ 1"],
    [{ ...base, epochs: 1.5 }, "train: bad epochs; got 1.5; expected an integer ≥ 1"],
    [{ ...base, lr: -1 }, "train: bad lr; got -1; expected a number > 0"],
    [{ ...base, smoothing: 1 }, "train: bad smoothing; got 1; expected a number from 0 to 0.99"],
    [{ ...base, aa: "rand-x9" }, 'train: bad aa; got "rand-x9"; expected imagenet, cifar10'],
    [
      { ...base, freeze: "(", weights: "x" },
      'train: bad freeze; got "("; expected body, or a regular expression',
    ],
    [{ ...base, scale: [0.5] }, "train: bad scale; got [0.5]; expected 2 values"],
    [
      { ...base, opt: "adam", momentum: 0.8 },
      "--momentum: of no use; it needs --opt sgd, rmsprop, rmsproptf or lars",
    ],
    [{ ...base, opt: "rmsprop", nesterov: false }, "--nesterov: of no use; it needs --opt sgd or lars"],
    [{ ...base, momentum: 0, nesterov: false }, "--nesterov: of no use; it needs --momentum"],
    [{ ...base, warmupEpochs: 0, warmupLr: 0.1 }, "--warmup-lr: of no use; it needs --warmup-epochs"],
    [{ ...base, weightDecay: 0, decayAll: true }, "--decay-all: of no use; it needs --weight-decay"],
    [
      { ...base, sched: "constant", schedOnUpdates: false },
      "--sched-on-updates: of no use; it needs --sched step, multistep, exponential, poly, cosine or onecycle",
    ],
    [{ ...base, teacher: "a", distillAlpha: 1, smoothing: 0.1 }, "--smoothing: of no use; it needs --distill-alpha below 1"], // prettier-ignore
    [{ ...base, loss: "focal", smoothing: 0.1 }, "--smoothing: of no use; it needs --loss ce or bce"],
    [{ ...base, pctStart: 0.4 }, "--pct-start: of no use; it needs --sched onecycle"],
    [{ ...base, sched: "onecycle", warmupEpochs: 2 }, "--warmup-epochs: of no use"],
    [{ ...base, sched: "step" }, "--decay-epochs: missing; --sched step needs it"],
    [
      { ...base, sched: "multistep" },
      "--decay-milestones: got none; --sched multistep needs epochs that rise",
    ],
    [{ ...base, sched: "multistep", decayMilestones: [5, 40] }, "--decay-milestones: got 5,40"],
    [{ ...base, epochs: 3, warmupEpochs: 3 }, "--warmup-epochs: got 3; expected less than 3 epochs"],
    [{ ...base, weights: "a", pretrained: "resnet18" }, "--weights: contradicts --pretrained"],
    [{ ...base, freeze: "body" }, "--freeze: keeps random weights; it needs --weights or --pretrained"],
    [{ ...base, freezeEpochs: 2 }, "--freeze-epochs: of no use; it needs --freeze"],
    [{ ...base, noAug: true, aa: "ra" }, "--aa: of no use; it needs no --no-aug"],
    [{ ...base, clipMode: "value" }, "--clip-mode: of no use; it needs --clip-grad"],
    [{ ...base, modelEmaDecay: 0.9 }, "--model-ema-decay: of no use; it needs --model-ema"],
    [{ ...base, lr: 0.01, minLr: 0.1 }, "--min-lr: got 0.1; expected at most the 0.01 of --lr"],
    [{ ...base, lr: 0.01, warmupLr: 0.1 }, "--warmup-lr: got 0.1; expected at most the 0.01 of --lr"],
    [{ ...base, scale: [0.9, 0.5] }, "--scale: falls; got 0.9,0.5"],
    [{ ...base, classWeights: [0, 0] }, "--class-weights: all are 0"],
  ];
  it.each(refused)("refuses %j", (flags, message) => {
    expect(() => resolveArguments(flags as TrainFlags)).toThrow(message);
  });
});

describe("resolveArguments with resume", () => {
  const args = resolveArguments({ ...base, epochs: 4 });
  writeFileSync(join(folder, "args.json"), JSON.stringify({ ...args, environment: { node: "20" } }));

  it("takes the run's own", () => {
    expect(resolveArguments({ resume: folder, threads: 2 })).toEqual({
      ...args,
      resume: folder,
      out: folder,
      threads: 2,
    });
    expect(resolveArguments({ resume: folder, epochs: 4 }).epochs).toBe(4);
  });

  it.each([
    [32, { scale: [0.5, 1] }, null],
    [64, { scale: [0.5, 1] }, null],
    [65, { scale: [0.5, 1] }, [0.5, 1]],
    [32, { scale: [0.5, 1], hflip: 0.5 }, [0.5, 1]],
  ])("leaves out the scale that a version before ignored at %i pixels: %j", (side, said, scale) => {
    const old = mkdtempSync(join(folder, "old-"));
    const { hflip: _, ...before } = args;
    const saved = { ...before, ...said };
    writeFileSync(join(old, "args.json"), JSON.stringify(saved));
    writeFileSync(
      join(old, "config.json"),
      JSON.stringify({ pretrained_cfg: { input_size: [3, side, side] } }),
    );
    const resumed = resolveArguments({ resume: old });
    expect(resumed.scale).toEqual(scale);
    const checkpoint = { state: { about: { args: saved } } } as unknown as Checkpoint;
    expect(() => checkResumed("it", resumed, checkpoint)).not.toThrow();
    expect(() => checkResumed("it", { ...resumed, vflip: 0.5 }, checkpoint)).toThrow("vflip: got 0.5");
    if (!("hflip" in said)) return;
    expect(() => checkResumed("it", { ...resumed, scale: null }, checkpoint)).toThrow("scale: got null");
  });

  it("refuses others", () => {
    expect(() => resolveArguments({ resume: folder, smoothing: 0.5 })).toThrow(
      /--smoothing: contradicts --resume; .*says 0/,
    );
    expect(() => resolveArguments({ resume: folder, epochs: 1 })).toThrow(
      "--warmup-epochs: got 1; expected less than 1 epochs",
    );
    expect(() => resolveArguments({ resume: folder, out: "elsewhere" })).toThrow(
      "--out: contradicts --resume",
    );
    expect(() => resolveArguments({ resume: join(folder, "none") })).toThrow("args.json: cannot be read");
    const broken = mkdtempSync(join(folder, "broken-"));
    writeFileSync(join(broken, "args.json"), JSON.stringify({ ...args, epochs: "four" }));
    expect(() => resolveArguments({ resume: broken })).toThrow(
      'bad epochs; got "four"; expected an integer ≥ 1',
    );
  });
});
