// Flags of the commands other than train that would be ignored: refused, with what they need.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init } from "../../src/index.js";
import { configOf, saveModel, saveWeights } from "../../src/node.js";
import { png } from "../helpers/pictures.js";
import { foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-useless-"));
const at = (path: string): string => join(top, path);

/** MNIST's files, of n images of 28×28. */
function writeDigits(folder: string, n: number): void {
  mkdirSync(at(folder), { recursive: true });
  for (const part of ["train", "t10k"]) {
    const images = Buffer.alloc(16 + n * 784, 7);
    [0x803, n, 28, 28].forEach((value, i) => images.writeUInt32BE(value, 4 * i));
    const labels = Buffer.alloc(8 + n);
    [0x801, n].forEach((value, i) => labels.writeUInt32BE(value, 4 * i));
    for (let i = 0; i < n; i++) labels[8 + i] = i % 10;
    writeFileSync(at(`${folder}/${part}-images-idx3-ubyte`), images);
    writeFileSync(at(`${folder}/${part}-labels-idx1-ubyte`), labels);
  }
}

beforeAll(async () => {
  init();
  const model = createModel("lenet5", { numClasses: 2, inChannels: 3 });
  const preparation = { inputSize: [28, 28, 3], cropPct: 1, interpolation: "bilinear", mean: [0, 0, 0], std: [1, 1, 1] } as const; // prettier-ignore
  await saveModel(at("model"), model, configOf("lenet5", preparation, { classes: ["a", "b"] }));
  model.dispose();
  const digits = createModel("lenet5");
  await saveWeights(at("digits.safetensors"), digits.stateDict());
  digits.dispose();
  writeDigits("digits", 20);
  for (const name of ["a", "b"]) {
    mkdirSync(at(`photos/${name}`), { recursive: true });
    for (let i = 0; i < 2; i++) writeFileSync(at(`photos/${name}/${i}.png`), png(28, 28, [90 * i, 9, 200]));
  }
  writeFileSync(at("features.csv"), "file,f0,f1\na.png,1,0\nb.png,0,1\n");
});
afterAll(() => rmSync(top, { recursive: true }));

const model = ["--model", at("model")];
const raw = ["--model", "lenet5", "--weights", at("digits.safetensors")];
const stored = ["similar", "--in", at("features.csv")];

describe("a flag that would be ignored", () => {
  it.each<[string[], string]>([
    [
      ["eval", at("photos"), ...model, "--data-dir", "x"],
      "--data-dir: of no use; it needs a dataset's name; ",
    ],
    [["eval", at("photos"), ...model, "--download"], "--download: of no use; it needs a dataset's name; "],
    [
      ["eval", at("photos"), ...model, "--split", "all", "--val-fraction", "0.5"],
      "--val-fraction: of no use; --split all takes everything",
    ],
    [["eval", at("photos"), ...model, "--seed", "3"], "--seed: of no use; it needs --val-fraction"],
    [["eval", at("digits"), ...raw, "--val-fraction", "0.5"], "--val-fraction: of no use; "],
    [["eval", "imagenet", ...model, "--download"], "--download: of no use; imagenet needs a registration"],
    [["eval", at("digits"), ...raw, "--decoder", "jpeg-js"], "--decoder: of no use; "],
    [
      ["eval", at("digits"), ...raw, "--interpolation", "nearest"],
      `--interpolation: of no use; images of ${at("digits")} have the model's size`,
    ],
    [
      ["eval", at("digits"), ...raw, "--crop-mode", "squash"],
      `--crop-mode: of no use; images of ${at("digits")} have the model's size`,
    ],
    [
      ["eval", at("photos"), ...model, "--small-images"],
      "--small-images: of no use; lenet5 has only one form here",
    ],
    [
      ["eval", at("digits"), ...raw, "--small-images"],
      "--small-images: of no use; lenet5 has only one form here",
    ],
    [
      ["eval", at("photos"), ...model, "--weights", "x"],
      "which has weights; expected a name beside --weights",
    ],
    [
      ["eval", at("photos"), ...model, "--pretrained", "resnet18"],
      "which has weights; expected a name beside --pretrained",
    ],
    [["eval", at("photos"), ...model, "--use-test-size"], "--use-test-size: the weights have no test size"],
    [["export", ...model, "--out", at("x"), "--small-images"], "--small-images: of no use; "],
    [["predict", at("photos"), ...model, "--yes"], "--yes: of no use; it needs --move or --copy"],
    [
      ["predict", at("photos"), ...model, "--min-confidence", "0.5"],
      "--min-confidence: of no use; it needs --move or --copy",
    ],
    [
      ["predict", at("photos"), ...model, "--move", at("to"), "--topk", "2"],
      "--topk: of no use; beside --move it needs --json or --csv",
    ],
    [["predict", at("photos"), ...model, "--json", "--csv"], "--json and --csv contradict each other"],
    [
      ["features", at("photos"), ...model, "--out", at("f.csv"), "--class-map", "x"],
      "unknown option '--class-map'",
    ],
    ...[
      "--model=x",
      "--weights=x",
      "--pretrained=x",
      "--small-images",
      "--batch-size=2",
      "--workers=0",
      "--decoder=jpeg-js",
      "--img-size=32",
      "--crop-pct=1",
      "--mean=0,0,0",
      "--use-test-size",
    ].map((flag): [string[], string] => [
      [...stored, flag],
      `${flag.split("=")[0]}: of no use; ${at("features.csv")} has features already; it needs a query`,
    ]),
  ])("is refused: %j", async (args, message) => {
    const { status, stdout, stderr } = await foveaHere(...args);
    expect([stderr, status, stdout]).toEqual([expect.stringContaining(message), 2, ""]);
  });

  it.each<[string[]]>([
    [["eval", at("photos"), ...model, "--workers", "0"]],
    [["eval", at("digits"), ...raw, "--workers", "0"]],
    [["eval", at("digits"), ...raw, "--workers", "0", "--interpolation", "nearest", "--crop-pct", "0.5"]],
    [["eval", at("photos"), ...model, "--workers", "0", "--interpolation", "nearest"]],
    [["predict", at("photos"), ...model, "--topk", "1", "--json"]],
    [["predict", at("photos"), ...model, "--move", at("to"), "--dry-run", "--topk", "1", "--csv"]],
    [[...stored, "--min-similarity", "-1", "--threads", "1"]],
  ])("is none of these: %j", async (args) => {
    expect(await foveaHere(...args)).toMatchObject({ status: 0 });
  });
});
