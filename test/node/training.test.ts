// Whole trainings on a few small pictures: what the run folder then holds.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataLoader, evaluate } from "../../src/index.js";
import {
  evalTransforms,
  loadDataset,
  openModel,
  resolveArguments,
  runTraining,
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
