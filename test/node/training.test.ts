// Whole training runs on a few small pictures: what the run folder then holds.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataLoader, evaluate, meanImagesPerSecond, type EpochReport } from "../../src/index.js";
import {
  evalTransforms,
  loadDataset,
  openModel,
  readCheckpoint,
  resolveArguments,
  runTraining,
  saveCheckpoint,
  type Metrics,
  type TrainFlags,
} from "../../src/node.js";
import { png } from "../helpers/pictures.js";

const top = mkdtempSync(join(tmpdir(), "fovea-training-"));
const at = (path: string): string => join(top, path);
const json = <T>(path: string): T => JSON.parse(readFileSync(at(path), "utf8")) as T;

function write(path: string, data: Uint8Array | string): void {
  mkdirSync(join(at(path), ".."), { recursive: true });
  writeFileSync(at(path), data);
}

beforeAll(() => {
  for (let i = 0; i < 12; i++) {
    for (const part of ["train", "val"]) {
      write(`photos/${part}/warm/${i}.png`, png(28, 28, [150 + 8 * i, 40 + i, 20]));
      write(`photos/${part}/cold/${i}.png`, png(28, 28, [30, 40 + i, 140 + 8 * i]));
    }
  }
});
afterAll(() => rmSync(top, { recursive: true }));

const flags = (out: string, more: TrainFlags = {}): TrainFlags => ({
  ...{ model: "lenet5", data: at("photos"), out: at(out), batchSize: 8, workers: 0, threads: 1 },
  ...{ epochs: 3, opt: "adamw", lr: 0.003, seed: 4, warmupEpochs: 0 },
  ...more,
});
const train = async (out: string, more?: TrainFlags): Promise<Metrics> =>
  (await runTraining(resolveArguments(flags(out, more))))!;

/** results.csv, a row for each epoch. */
function results(out: string): Record<string, number>[] {
  const [head, ...rows] = readFileSync(at(`${out}/results.csv`), "utf8")
    .trim()
    .split("\n");
  const names = head!.split(",");
  return rows.map((row) => Object.fromEntries(row.split(",").map((v, i) => [names[i]!, Number(v)])));
}

/** Loss and top-1 of a file of weights. */
async function scoreOf(weights: string): Promise<{ top1: number; loss: number }> {
  const { model, preparation } = await openModel({ weights });
  const { val } = await loadDataset(at("photos"));
  const loader = new DataLoader(val!, { batchSize: 8, ...evalTransforms(val!, preparation(val)) });
  const { top1, loss } = await evaluate(model, loader);
  model.dispose();
  return { top1, loss };
}

describe("a short training with averaged weights", () => {
  it("learns in both, evaluates both, keeps both, and says which is best", async () => {
    const metrics = await train("averaged", { modelEma: true });
    const rows = results("averaged");
    expect(rows.at(-1)).toMatchObject({ eval_top1: 1, ema_top1: 1 });
    const weights = (name: string) => scoreOf(at(`averaged/weights/${name}.safetensors`));
    const [best, last, average] = [await weights("best"), await weights("last"), await weights("last-ema")];
    expect(last).toEqual({ top1: rows.at(-1)!["eval_top1"], loss: rows.at(-1)!["eval_loss"] });
    expect(average).toEqual({ top1: rows.at(-1)!["ema_top1"], loss: rows.at(-1)!["ema_loss"] });
    expect(last.loss).not.toBe(average.loss);
    const all = rows.flatMap((row) => [
      { top1: row["eval_top1"]!, loss: row["eval_loss"]!, epoch: row["epoch"], weights: "trained" },
      { top1: row["ema_top1"]!, loss: row["ema_loss"]!, epoch: row["epoch"], weights: "ema" },
    ]);
    const [first] = all.sort((a, b) => b.top1 - a.top1 || a.loss - b.loss);
    expect(best).toEqual({ top1: first!.top1, loss: first!.loss });
    expect(json("averaged/metrics.json")).toEqual(metrics);
    expect(metrics).toMatchObject({ ...best, bestEpoch: first!.epoch, bestWeights: first!.weights, last, lastEma: average }); // prettier-ignore
  });
});

describe("metrics.json and the report", () => {
  it("have the best epoch's scores at their head, and the last one's beside them", async () => {
    // From the third epoch on the rate is more than the task bears.
    const wild: TrainFlags = { sched: "step", decayEpochs: 2, decayRate: 300 };
    const metrics = await train("worse", wild);
    const rows = results("worse");
    const [, good, bad] = rows.map((row) => ({ top1: row["eval_top1"]!, loss: row["eval_loss"]! }));
    expect(good!.top1).toBeGreaterThan(bad!.top1);
    expect(metrics).toMatchObject({ ...good, bestEpoch: 2, bestWeights: "trained", last: bad });
    expect(await scoreOf(at("worse/weights/best.safetensors"))).toEqual(good);
    expect(await scoreOf(at("worse/weights/last.safetensors"))).toEqual(bad);
    const report = readFileSync(at("worse/report.html"), "utf8");
    const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
    expect(report.replace(/<[^>]*>|\s+/g, " ").replace(/\s+/g, " ")).toContain(
      `Top-1 ${percent(good!.top1)} of 24 images after epoch 2; ${percent(bad!.top1)} after the last`,
    );
  });
});

describe("a run that is resumed for more epochs", () => {
  const resume = async (out: string, more: TrainFlags = {}) => {
    const notes: string[] = [];
    const args = resolveArguments({ resume: at(out), ...more });
    const metrics = await runTraining(args, { onNote: (note) => notes.push(note) });
    return { metrics: metrics!, notes };
  };
  const bytes = (path: string): Buffer => readFileSync(at(path));

  it("goes on after the last one, to the bits of a longer run where the rate does not depend on their number", async () => {
    const steady: TrainFlags = { sched: "constant", modelEma: true };
    await train("four", { ...steady, epochs: 4 });
    await train("two", { ...steady, epochs: 2 });
    const { metrics, notes } = await resume("two", { epochs: 4 });
    expect(notes).toEqual([
      "continues after epoch 2 of 4 instead of 2; the learning rate (constant) is from here that of 4 epochs",
    ]);
    expect(metrics.epochs).toBe(4);
    expect(json<{ epochs: number }>("two/args.json").epochs).toBe(4);
    for (const name of ["best", "last", "last-ema"]) {
      const file = `weights/${name}.safetensors`;
      expect(bytes(`two/${file}`).equals(bytes(`four/${file}`))).toBe(true);
    }
    const again = await resume("two");
    expect(again.notes).toEqual(["all 4 epochs are done; --epochs N continues to more"]);
    expect({ ...again.metrics, imagesPerSecond: 0 }).toEqual({ ...metrics, imagesPerSecond: 0 });
    await expect(resume("two", { epochs: 3 })).rejects.toThrow(
      "training.safetensors: epochs: got 3; expected at least the 4 that have begun",
    );
  });

  it("has the rates of a run of all these epochs from there on, and its own before, in the report too", async () => {
    await train("cosine", { epochs: 2 });
    const before = results("cosine").map((row) => row["lr"]);
    await resume("cosine", { epochs: 6 });
    await train("stretched", { epochs: 6 });
    const rates = results("cosine").map((row) => row["lr"]);
    const whole = results("stretched").map((row) => row["lr"]);
    expect(rates).toEqual([...before, ...whole.slice(2)]);
    expect(before[1]).not.toBe(whole[1]);
    // Drawn by epochs, not by steps of a schedule that was not there from the start.
    const points = (out: string): number => {
      const figures = readFileSync(at(`${out}/report.html`), "utf8").split("<figure");
      const chart = figures.find((figure) => figure.includes("Learning rate"))!;
      return Math.max(...chart.match(/ d="[^"]*"/g)!.map((d) => d.split("L").length));
    };
    expect([points("cosine"), points("stretched")]).toEqual([6, 18]);
  });

  it("says that patience has ended it, and goes on without", async () => {
    await train("patient", { lr: 1e-9, patience: 1, epochs: 5 });
    expect(results("patient").length).toBeLessThan(5);
    const done = results("patient").length;
    expect((await resume("patient")).notes).toEqual([
      `ended after epoch ${done} by --patience 1; --patience none continues`,
    ]);
    expect((await resume("patient", { patience: null })).metrics.epochs).toBe(5);
  });

  it("is refused for options that differ from what they were, known to the checkpoint or not", async () => {
    await train("older", { epochs: 2 });
    const path = at("older/checkpoint/training.safetensors");
    const { state, tensors } = readCheckpoint(path);
    const { smoothing: _, ...args } = state.about["args"] as Record<string, unknown>;
    const save = async (saved: object): Promise<void> =>
      saveCheckpoint(path, { tensors, state: { ...state, about: { ...state.about, args: saved } } });
    await save(args); // of a version that did not know label smoothing
    expect((await resume("older")).metrics.epochs).toBe(2);
    write("older/args.json", JSON.stringify({ ...json<object>("older/args.json"), smoothing: 0.1 }));
    await save(args);
    const start = `${path}: belongs to a training run with other arguments; `;
    await expect(resume("older")).rejects.toThrow(`${start}smoothing: got 0.1, expected 0`);
    await save({ ...args, smoothing: 0.1, dropBlock: 0.2 }); // of a version to come
    await expect(resume("older")).rejects.toThrow(`${start}unknown here: dropBlock`);
  });
});

describe("images per second", () => {
  it("are the images that were trained on over the time of training, skipped ones not counted", async () => {
    expect(
      meanImagesPerSecond([
        { train_count: 100, images_per_second: 50 },
        { train_count: 300, images_per_second: 300 },
      ]),
    ).toBeCloseTo(400 / 3, 12);
    cpSync(at("photos"), at("torn"), { recursive: true });
    for (const i of [1, 2, 3]) write(`torn/train/warm/${i}.png`, "no picture");
    const rows: EpochReport[] = [];
    const args = resolveArguments(flags("torn-run", { data: at("torn"), epochs: 2 }));
    const metrics = await runTraining(args, { onEpoch: (row) => rows.push(row) });
    expect(rows.map(({ train_count: images, skipped }) => [images, skipped])).toEqual([[21, 3], [21, 3]]); // prettier-ignore
    const seconds = rows.reduce((sum, row) => sum + row.train_count / row.images_per_second, 0);
    expect(metrics!.imagesPerSecond).toBeCloseTo(42 / seconds, 6);
    expect(seconds).toBeLessThan(metrics!.seconds);
  });
});
