// eval scores what was kept from training: the run's split is made again, and is refused where it cannot be.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/node/datasets/open.js";
import {
  ConcatDataset,
  DataLoader,
  evaluate,
  ImageDataset,
  init,
  stratifiedSplit,
  type Dataset,
} from "../../src/index.js";
import {
  evalPart,
  evalTransforms,
  loadDataset,
  openModel,
  readConfig,
  resolveArguments,
  runTraining,
  saveModel,
  UsageError,
  type TrainedOn,
  type TrainFlags,
} from "../../src/node.js";
import { setUpTraining } from "../../src/node/training-setup.js";
import { foveaHere } from "../cli/run.js";
import { png } from "../helpers/pictures.js";

const top = mkdtempSync(join(tmpdir(), "fovea-part-"));
const at = (path: string): string => join(top, path);

function write(path: string, data: Uint8Array | string): void {
  mkdirSync(join(at(path), ".."), { recursive: true });
  writeFileSync(at(path), data);
}

/** 40 pictures in class folders, without a part to evaluate on. */
function photos(folder: string): void {
  for (let i = 0; i < 20; i++) {
    write(`${folder}/warm/${i}.png`, png(28, 28, [150 + 4 * i, 40 + i, 20]));
    write(`${folder}/cold/${i}.png`, png(28, 28, [30, 40 + i, 140 + 4 * i]));
  }
}

async function train(out: string, valFraction: number, data = "photos"): Promise<void> {
  const common = { model: "lenet5", data: at(data), out: at(out), batchSize: 8, workers: 0, threads: 1 };
  await runTraining(
    resolveArguments({ ...common, epochs: 1, opt: "adamw", lr: 0.003, seed: 7, valFraction }),
  );
}

const known = async (run: string): Promise<TrainedOn> =>
  (await readConfig(at(`${run}/config.json`))).config.trainedOn!;
const files = (data: Dataset): string[] =>
  Array.from({ length: data.length }, (_, i) => data.path!(i)!.split(/[/\\]/).slice(-2).join("/")).sort();

let split: { train: Dataset; val?: Dataset };

beforeAll(async () => {
  init();
  photos("photos");
  await train("run", 0.25);
  await train("whole", 0);
  split = await loadDataset(at("photos"), { valFraction: 0.25, seed: 7 });
});
afterAll(() => rmSync(top, { recursive: true }));

describe("the part to evaluate on", () => {
  it("is what was kept from training: the same images, wherever the folder lies and however it is called", async () => {
    const trainedOn = await known("run");
    cpSync(at("photos"), at("moved/here"), { recursive: true });
    symlinkSync(at("photos"), at("link"));
    for (const folder of ["photos", "moved/here", "link", "photos/../photos"]) {
      const { data, note, notes, ...rest } = await evalPart(at(folder), { trainedOn });
      expect(rest).toEqual({ split: "val", valFraction: 0.25, seed: 7 });
      expect(files(data)).toEqual(files(split.val!));
      expect(note).toBe(
        `${at(folder)}: 10 of 40 images, the part that was kept from training (--val-fraction 0.25 --seed 7)`,
      );
      expect(notes).toEqual([]);
    }
    const trained = await evalPart(at("photos"), { trainedOn, split: "train" });
    expect(files(trained.data)).toEqual(files(split.train));
    expect(trained.note).toContain("30 of 40 images, the part that was trained on");
    const all = await evalPart(at("photos"), { trainedOn, split: "all" });
    expect([all.data.length, all.split]).toEqual([40, "all"]);
  });

  it("gives the numbers of the run's own evaluation", async () => {
    const { model, preparation, trainedOn } = await openModel({ weights: at("run") });
    const { data } = await evalPart(at("photos"), { trainedOn: trainedOn! });
    const loader = new DataLoader(data, { batchSize: 8, ...evalTransforms(data, preparation(data)) });
    const { top1, loss } = await evaluate(model, loader);
    const metrics = JSON.parse(readFileSync(at("run/metrics.json"), "utf8")) as object;
    expect(metrics).toMatchObject({ top1, loss });
    await saveModel(at("exported"), model, (await readConfig(at("run/config.json"))).config);
    expect(await known("exported")).toEqual(trainedOn);
    model.dispose();
  });

  it("is refused where the data have changed: an image more, less, of another name, of another class", async () => {
    const trainedOn = await known("changing").catch(async () => {
      photos("changing");
      await train("changing-run", 0.25, "changing");
      return known("changing-run");
    });
    const refused = (how: string): Promise<void> =>
      expect(evalPart(at("changing"), { trainedOn })).rejects.toThrow(
        `${at("changing")}: has changed since the model was trained on it (${how}): what was kept from training ` +
          "is unknown; --split all evaluates on everything",
      );
    write("changing/warm/new.png", png(28, 28, [1, 2, 3]));
    await refused("40 images then, 41 now");
    const all = await evalPart(at("changing"), { trainedOn, split: "all" });
    expect([all.data.length, all.note]).toEqual([
      41,
      expect.stringContaining("may have been trained on some"),
    ]);
    rmSync(at("changing/warm/new.png"));
    renameSync(at("changing/warm/3.png"), at("changing/warm/33.png"));
    await refused("names or classes are others");
    renameSync(at("changing/warm/33.png"), at("changing/cold/33.png"));
    await refused("names or classes are others");
    rmSync(at("changing/cold/33.png"));
    await refused("40 images then, 39 now");
  });

  it("is everything if there is none, and that is reported", async () => {
    const trainedOn = await known("whole");
    const { data, split, note } = await evalPart(at("photos"), { trainedOn });
    expect([data.length, split]).toEqual([40, "all"]);
    const start = `${at("photos")}: all 40 images, as it has no part to evaluate on; the model `;
    expect(note).toBe(`${start}was trained on them`);
    expect((await evalPart(at("photos"))).note).toBe(`${start}may have been trained on some of them`);
    photos("other");
    write("other/warm/new.png", png(28, 28, [1, 2, 3]));
    const other = await evalPart(at("other"), { trainedOn: await known("run") });
    expect([other.split, other.note]).toEqual(["all", expect.stringContaining("all 41 images")]);
  });

  it("is split off according to flags, and reported if that was the training's split", async () => {
    const trainedOn = await known("run");
    const own = await evalPart(at("photos"), { trainedOn, valFraction: 0.25 });
    expect([own.seed, own.note]).toEqual([7, expect.stringContaining("kept from training")]);
    const other = await evalPart(at("photos"), { trainedOn, valFraction: 0.25, seed: 8 });
    expect(files(other.data)).not.toEqual(files(split.val!));
    expect(other.note).toBe(
      `${at("photos")}: 10 of 40 images (--val-fraction 0.25 --seed 8); the model may have been trained on some of them`,
    );
    const unknown = await evalPart(at("photos"), { valFraction: 0.5 });
    expect(unknown).toMatchObject({ split: "val", valFraction: 0.5, seed: 0 });
  });

  it("may be both parts of a dataset that has two", async () => {
    cpSync(at("photos"), at("two/train"), { recursive: true });
    cpSync(at("photos"), at("two/val"), { recursive: true });
    const plain = await evalPart(at("two"));
    expect([plain.data.length, plain.split, plain.note]).toEqual([40, "val", undefined]);
    const all = await evalPart(at("two"), { split: "all" });
    expect([all.data.length, all.split]).toEqual([80, "all"]);
    const opened = await openDataset(structuredClone(all.data.source!));
    expect(Array.from({ length: 80 }, (_, i) => opened.path!(i))).toEqual(
      Array.from({ length: 80 }, (_, i) => all.data.path!(i)),
    );
    expect([...opened.labels]).toEqual([...all.data.labels]);
    await expect(evalPart(at("two"), { valFraction: 0.1 })).rejects.toThrow(
      new UsageError(`--val-fraction: of no use; ${at("two")} has a part to evaluate on`),
    );
  });

  it("is refused if there is no such part", async () => {
    await expect(evalPart(at("photos"), { split: "val" })).rejects.toThrow(
      new UsageError(`--split: ${at("photos")} has no val part; --val-fraction F splits one off`),
    );
    await expect(evalPart(at("photos"), { seed: 3 })).rejects.toThrow(
      new UsageError("--seed: of no use; it needs --val-fraction"),
    );
  });
});

describe("fovea eval", () => {
  it("scores the held-out part of the run, and names it for programs and people", async () => {
    const { status, stdout, stderr } = await foveaHere(
      "eval",
      at("photos"),
      "--model",
      at("run"),
      "--json",
      "--workers",
      "0",
    );
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining("10 of 40 images, the part that was kept from"),
    ]);
    const metrics = JSON.parse(readFileSync(at("run/metrics.json"), "utf8")) as { top1: number };
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ top1: metrics.top1, images: 10, split: "val", valFraction: 0.25, seed: 7 },
    });
  });
});

describe("weights to begin with, and teachers", () => {
  it.each([
    ["weights", { weights: "run" }, "run/weights/best.safetensors", 7],
    ["teacher", { teacher: "run" }, "run", 7],
  ] as const)("that have seen what is evaluated on are named: %s", async (_, flags, file, seed) => {
    const said = async (more: TrainFlags): Promise<readonly string[]> => {
      const own = Object.fromEntries(Object.entries(flags).map(([name, run]) => [name, at(run)]));
      const common = { model: "lenet5", data: at("photos"), batchSize: 8, workers: 0 };
      const setup = await setUpTraining(resolveArguments({ ...common, ...own, ...more }));
      setup.end();
      return setup.notes.filter((note) => note.includes("weights that were trained"));
    };
    expect(await said({ valFraction: 0.25, seed })).toEqual([]);
    expect(await said({ valFraction: 0.25, seed: 8 })).toEqual([
      `${at(file)}: weights that were trained on images which are evaluated on here; their split was --val-fraction 0.25 --seed 7`,
    ]);
  });
});

describe("a resumed run", () => {
  it("is refused where as many images have other names", async () => {
    photos("renamed");
    await train("renamed-run", 0.25, "renamed");
    renameSync(at("renamed/warm/3.png"), at("renamed/warm/33.png"));
    await expect(runTraining(resolveArguments({ resume: at("renamed-run") }))).rejects.toThrow(
      "belongs to a training run on other data; the training images have other names, classes or another order",
    );
  });
});

describe("ConcatDataset", () => {
  const shape = [1, 1, 1] as const;
  const part = (labels: number[], classes = ["a", "b"]) =>
    new ImageDataset({
      images: Uint8Array.from(labels, (_, i) => 10 * labels.length + i),
      labels,
      shape,
      classes,
    });

  it("has one dataset's images after the other's", async () => {
    const both = new ConcatDataset([part([0, 1, 1]), part([1]), part([0, 0])]);
    expect([...both.labels]).toEqual([0, 1, 1, 1, 0, 0]);
    const pixels = await Promise.all([0, 1, 2, 3, 4, 5].map(async (i) => (await both.image(i)).data[0]));
    expect(pixels).toEqual([30, 31, 32, 10, 20, 21]);
    expect(stratifiedSplit(both, [0.5, 0.5]).map(({ length }) => length)).toEqual([3, 3]);
    expect(() => both.image(6)).toThrow("dataset: no image 6; expected 0…5");
    expect(() => new ConcatDataset([part([0]), part([0], ["a", "c"])])).toThrow("has other classes than");
  });
});
