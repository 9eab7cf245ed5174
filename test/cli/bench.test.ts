// fovea bench: what it prints, what it refuses.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { version } from "../../package.json";
import { createModel, init, modelInfo } from "../../src/index.js";
import { configOf, saveModel } from "../../src/node.js";
import { foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-bench-"));
const folder = join(top, "model");

beforeAll(async () => {
  init({ threads: 1 });
  const model = createModel("lenet5", { numClasses: 7 });
  await saveModel(folder, model, configOf("lenet5", modelInfo("lenet5")));
  model.dispose();
});
afterAll(() => rmSync(top, { recursive: true }));

/** What stands in a row of a table, by the heads of its columns. */
const cells = (line: string): string[] => line.trim().split(/ {2,}/);

it("prints a line for each batch size and work, and what it ran on", async () => {
  const args = ["lenet5", "--threads", "2", "--batch-size", "3,1", "-b", "1,3", "--eager", "--train"];
  const { status, stdout, stderr } = await foveaHere("bench", ...args);
  expect([status, stderr]).toEqual([0, ""]);
  const [what, on, made, empty, head, ...rows] = stdout.trimEnd().split("\n");
  expect(what).toBe("lenet5, fresh weights: 61,706 parameters, images of 28×28×1");
  expect(on).toMatch(new RegExp(`^fovea ${version}, (relaxed|simd) kernels, 2 threads, .+, Node ${process.versions.node}$`)); // prettier-ignore
  expect(made).toMatch(/^made in [\d.]+ ms$/);
  expect(empty).toBe("");
  const columns = ["work", "images", "compile ms", "first ms", "median ms", "p95 ms", "min ms", "images/s", "runs", "model MiB", "process MiB"]; // prettier-ignore
  expect(cells(head!)).toEqual(columns);
  expect(rows.map((row) => cells(row).slice(0, 2).join(" "))).toEqual(
    ["3", "1"].flatMap((n) => ["compiled", "eager", "train"].map((work) => `${work} ${n}`)),
  );
  for (const row of rows) expect(cells(row)).toHaveLength(columns.length);
});

interface Printed {
  weights: string | null;
  inputSize: number[];
  parameters: number;
  loadMs: number;
  environment: { threads: number; binary: string };
  speeds: Record<string, number>[];
}

it("takes a model by its name elsewhere, and says its name here", async () => {
  const args = ["ShuffleNetV2_x0_25", "--threads", "1", "--img-size", "32", "--json"];
  const { status, stdout } = await foveaHere("bench", ...args);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ model: "shufflenet_v2_x0_25", weights: null });
});

it("gives the same as JSON, of weights in a folder, at another size", async () => {
  const { status, stdout } = await foveaHere("bench", folder, "--threads", "1", "--img-size", "28", "--json");
  expect(status).toBe(0);
  const printed = JSON.parse(stdout) as Printed;
  const parameters = 61_706 - 3 * 85; // seven classes
  expect(printed).toMatchObject({ model: "lenet5", weights: folder, inputSize: [28, 28, 1], parameters }); // prettier-ignore
  expect(printed.environment).toMatchObject({ threads: 1 });
  expect(printed.speeds).toHaveLength(1);
  const [speed] = printed.speeds;
  expect(speed).toMatchObject({ work: "compiled", batchSize: 1 });
  const { minMs, medianMs, p95Ms, compileMs, firstMs, compiledBytes, residentGrowth, imagesPerSecond, runs } =
    speed!;
  expect(minMs).toBeGreaterThan(0);
  expect(medianMs).toBeGreaterThanOrEqual(minMs!);
  expect(p95Ms).toBeGreaterThanOrEqual(medianMs!);
  expect(imagesPerSecond).toBeCloseTo(1000 / medianMs!, 6);
  expect(Math.min(printed.loadMs, compileMs!, firstMs!, runs!)).toBeGreaterThan(0);
  expect(compiledBytes).toBeGreaterThan(4 * 60_000);
  expect(residentGrowth).not.toBeNaN();
});

it("predicts steps of many processes from one", async () => {
  const args = ["lenet5", "--threads", "1", "-b", "2", "--mpi"];
  const { status, stdout, stderr } = await foveaHere("bench", ...args);
  expect([status, stderr]).toEqual([0, ""]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(2, 4)).toEqual(["", "2 images per process"]);
  expect(lines.filter((line) => /^(one process|\d+ processes)/.test(line))).toHaveLength(1);
  expect(lines.slice(-6).map((line) => cells(line)[0])).toEqual(["2", "4", "8", "64", "512", "1,024"]);
});

describe("exits with 2", () => {
  it.each<[string[], string]>([
    [[], "--model: missing; expected a model's name, or a folder"],
    [["lenet"], "--model: unknown model or folder 'lenet'; did you mean lenet5? "],
    [["lenet5", "--model", "resnet18"], "'lenet5' and --model contradict each other; expected one of them"],
    [["lenet5", "--batch-size", "1,x"], "argument '1,x' is invalid. expected a list, each an integer from 1 to 65536."], // prettier-ignore
    [["lenet5", "--batch-size", "70000"], "expected a list, each an integer from 1 to 65536"],
    [["lenet5", "--img-size", "64"], "--img-size: lenet5 refuses images of 64×64; linear: expected x:[…,in]"],
    [["lenet5", "--small-images"], "--small-images: of no use; lenet5 has only one form here"],
    [["alexnet", "--small-images"], "--small-images: of no use; alexnet "],
    [[folder, "--weights", "x"], "is a folder, which has weights; expected a name beside --weights"],
    [["lenet5", "--mpi", "--train"], "--train: of no use; processes of a job time training steps"],
    [["lenet5", "--threads", "65"], "expected an integer from 1 to 64"],
  ])("for %j", async (args, message) => {
    const { status, stdout, stderr } = await foveaHere("bench", ...args);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

it("exits with 1 if there is no memory for that many images", async () => {
  const { status, stdout, stderr } = await foveaHere("bench", "resnet18", "-b", "65536", "--threads", "1");
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toBe("fovea: compile: at most 2147483647 elements; got [65536,224,224,3] = 9865003008\n");
});
