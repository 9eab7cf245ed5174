// Every example, as its first lines say it is run, on little data made here; against the sources (examples.tsconfig.json).

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whiteningFilters } from "../examples/whitening.js";
import { conv2d, createModel, init, manualSeed, Random, tensor } from "../src/index.js";
import { saveWeights } from "../src/node.js";
import { idx, png } from "./helpers/pictures.js";
import { root, runScript } from "./helpers/run-source.js";
import { fovea } from "./cli/run.js";
import { isLong } from "./helpers/ring.js";

const top = mkdtempSync(join(tmpdir(), "fovea-examples-"));
const at = (...path: string[]): string => join(top, ...path);
/** What an example prints. Rejects, with what it says, if it fails. */
const run = (name: string, ...args: string[]): Promise<string> =>
  runScript(top, join(root, "examples", name), args);

function write(path: string, data: Uint8Array): void {
  mkdirSync(join(at(path), ".."), { recursive: true });
  writeFileSync(at(path), data);
}

/** MNIST's files: digit k is a bright row of pixels. */
function writeMnist(part: string, count: number): void {
  const row = (n: number): number => n * 28 + 6 + 2 * (n % 10);
  const pixels = new Uint8Array(count * 784);
  for (let n = 0; n < count; n++) pixels.fill(255, row(n) * 28, (row(n) + 1) * 28);
  write(`mnist/${part}-images-idx3-ubyte`, idx([count, 28, 28], pixels));
  const labels = Uint8Array.from({ length: count }, (_, n) => n % 10);
  write(`mnist/${part}-labels-idx1-ubyte`, idx([count], labels));
}

/** One of CIFAR-10's files, of noise. */
function writeCifar(name: string, count: number, random: Random): void {
  const bytes = Uint8Array.from({ length: count * 3073 }, () => random.integer(256));
  for (let n = 0; n < count; n++) bytes[n * 3073] = n % 10;
  write(`cifar/${name}.bin`, bytes);
}

beforeAll(async () => {
  init();
  manualSeed(4);
  writeMnist("train", 640);
  writeMnist("t10k", 40);
  const random = new Random(5);
  for (const i of [1, 2, 3, 4, 5]) writeCifar(`data_batch_${i}`, 8, random);
  writeCifar("test_batch", 20, random);
  for (let i = 0; i < 10; i++) {
    write(`photos/red/${i}.png`, png(40 + i, 36, [200 + i, 20, 30]));
    write(`photos/blue/${i}.png`, png(36, 40 + i, [20, 30, 200 + i]));
  }
  const model = createModel("resnet20_cifar");
  await saveWeights(at("trained.safetensors"), model.stateDict());
  model.dispose();
});
afterAll(() => rmSync(top, { recursive: true }));

describe("examples", () => {
  it("mnist learns, shows digits and writes its run folder", async () => {
    const said = await run("mnist.ts", "--data", at("mnist"), "--epochs", "3", "--out", at("run-mnist"));
    expect(said).toMatch(/#8: reads 8 \(\d+\.\d %\), is 8/);
    expect(said).toMatch(/^top-1 100\.00 %, top-5 100\.00 % of 40$/m);
    const metrics = JSON.parse(readFileSync(at("run-mnist", "metrics.json"), "utf8")) as object;
    expect(metrics).toMatchObject({ top1: 1, epochs: 3, last: { top1: 1 } });
  });

  it("cifar10-resnet20 trains and lists what was found", async () => {
    const args = ["--data", at("cifar"), "--epochs", "2", "--batch-size", "20", "--out", at("run-resnet20")];
    const said = await run("cifar10-resnet20.ts", ...args);
    expect(said).toMatch(/^ResNet-20 on 40 images, tested on 20;/);
    expect(said.match(/^\w+ +\d+\.\d\d %$/gm)).toHaveLength(10);
    expect(readFileSync(at("run-resnet20", "results.csv"), "utf8").trim().split("\n")).toHaveLength(3);
  });

  it.runIf(isLong)("cifar10-fast trains", async () => {
    const args = ["--data", at("cifar"), "--epochs", "1", "--batch-size", "20", "--out", at("run-fast")];
    const said = await run("cifar10-fast.ts", ...args);
    expect(said).toMatch(/^top-1 \d+\.\d\d %, with mirror images \d+\.\d\d %, after \d+ s$/m);
  });

  it("finetune distinguishes colours and writes a model for predict", async () => {
    const model = ["--model", "resnet20_cifar", "--weights", at("trained.safetensors")];
    const args = ["--data", at("photos"), "--batch-size", "4", "--out", at("run-finetune"), ...model];
    const said = await run("finetune.ts", ...args);
    expect(said).toMatch(/^16 photos to learn from, 4 to test on: blue, red$/m);
    expect(said).toMatch(/^red +100\.00 % +100\.00 % +100\.00 % +2$/m);
    const { stdout } = fovea("predict", "--model", at("run-finetune"), at("photos/blue/3.png"), "--csv", "--topk", "1"); // prettier-ignore
    expect(stdout).toMatch(/3\.png,1,blue,0,/);
  });

  it("linear-probe distinguishes colours by the features of an untrained model", async () => {
    const model = ["--model", "resnet20_cifar", "--weights", at("trained.safetensors")];
    const said = await run("linear-probe.ts", "--data", at("photos"), ...model);
    expect(said).toMatch(/^64 features of each image/m);
    expect(said).toMatch(/^top-1 100\.00 % of 4; 100\.00 % of the 16 learnt from$/m);
  });

  it.runIf(isLong)("distillation compares two students", async () => {
    const model = ["--teacher", "resnet20_cifar", "--weights", at("trained.safetensors")];
    const sizes = ["--images", "24", "--epochs", "1", "--batch-size", "8"];
    const said = await run("distillation.ts", "--data", at("cifar"), ...model, ...sizes);
    expect(said).toMatch(/^top-1 of 20 test images: teacher \d+\.\d\d %$/m);
    expect(said).toMatch(/^student taught \d+\.\d\d %, student alone \d+\.\d\d %$/m);
  });

  it.runIf(isLong)("multi-label finds shapes better than by chance", async () => {
    const said = await run("multi-label.ts", "--images", "640", "--epochs", "3", "--batch-size", "32");
    const precision = Number(/^mAP +(\d+\.\d) %$/m.exec(said)?.[1]);
    expect(precision).toBeGreaterThan(60); // 40 % of the pictures have a shape
    expect(said.match(/^#\d: sees .+; there: .+$/gm)).toHaveLength(6);
  });
});

it("whiteningFilters: patches become uncorrelated, of variance 1, each beside its negative", () => {
  init();
  const random = new Random(7);
  const [n, side] = [20, 16];
  const pixels = new Float32Array(n * side * side * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0.6 * (pixels[i - 3] ?? 0) + random.normal();
  const images = tensor(pixels, [n, side, side, 3]);
  const filters = tensor(whiteningFilters(images, 54), [3, 3, 3, 54]);
  const maps = conv2d(images, filters).data();
  const places = maps.length / 54;
  for (let a = 0; a < 54; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let at = 0; at < maps.length; at += 54) sum += maps[at + a]! * maps[at + b]!;
      const expected = a === b ? 1 : a === b + 1 && a % 2 ? -1 : 0;
      expect(Math.abs(sum / places - expected), `filters ${a} and ${b}`).toBeLessThan(0.01);
    }
  }
});
