// fovea features and fovea similar on a few pictures, two of them the same.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init, manualSeed } from "../../src/index.js";
import { configOf, readFeatures, saveModel } from "../../src/node.js";
import { png } from "../helpers/pictures.js";
import { foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-similar-"));
const at = (path: string): string => join(top, path);

beforeAll(async () => {
  init();
  manualSeed(3);
  mkdirSync(at("in/deep"), { recursive: true });
  for (let i = 0; i < 4; i++) writeFileSync(at(`in/${i}.png`), png(32, 32, [80 * i, 9, 250 - 80 * i]));
  copyFileSync(at("in/2.png"), at("in/deep/again.png"));
  writeFileSync(at("in/bad.png"), "no picture");
  const model = createModel("resnet20_cifar", { numClasses: 2 });
  const preparation = { inputSize: [32, 32, 3], cropPct: 1, interpolation: "bilinear", mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as const; // prettier-ignore
  await saveModel(at("saved"), model, configOf("resnet20_cifar", preparation));
  model.dispose();
});
afterAll(() => rmSync(top, { recursive: true }));

describe("fovea features and similar", () => {
  it("write features, find the picture that is there twice, and what is most like a query", async () => {
    const out = at("f.safetensors");
    const written = await foveaHere("features", at("in"), "--model", at("saved"), "--out", out, "--json");
    expect(written.status).toBe(1); // for bad.png
    expect(written.stderr).toMatch(/^fovea: .*bad\.png: not a picture; .*\n$/);
    expect(JSON.parse(written.stdout)).toEqual({ out, images: 5, features: 64, unreadable: 1 });
    const files = ["0.png", "1.png", "2.png", "3.png", "deep/again.png"].map((file) => at(`in/${file}`));
    expect(readFeatures(out).files).toEqual(files);

    const pairs = await foveaHere("similar", "--in", out, "--topk", "1", "--json", "--min-similarity", "0");
    expect(pairs.status).toBe(0);
    const [pair, ...others] = JSON.parse(pairs.stdout) as { similarity: number; files: string[] }[];
    expect([pair!.files, others]).toEqual([[at("in/2.png"), at("in/deep/again.png")], []]);
    expect(pair!.similarity).toBeCloseTo(1, 6);
    expect(pairs.stderr).toMatch(
      /^1 of 10 pairs of 5 pictures with a similarity of at least 0; --topk changes how many\n$/,
    );

    const near = await foveaHere("similar", at("in/2.png"), "--in", at("in"), "--model", at("saved"), "--topk", "2", "--json"); // prettier-ignore
    const [query] = JSON.parse(near.stdout) as {
      file: string;
      similar: { file: string; similarity: number }[];
    }[];
    expect(query!.file).toBe(at("in/2.png"));
    expect(query!.similar.map(({ file }) => file)[0]).toBe(at("in/deep/again.png")); // and not itself
    expect(query!.similar).toHaveLength(2);
    expect(query!.similar[1]!.similarity).toBeLessThan(1);
  });

  it.each<[number, string[], string]>([
    [2, ["features", "in", "--model", "saved", "--out", "f.txt"], "--out: unknown ending of"],
    [2, ["features", "in", "--model", "saved"], "required option '--out <file>' not specified"],
    [2, ["similar", "in/0.png", "--model", "saved"], "required option '--in <dir>' not specified"],
    [2, ["similar", "--in", "in"], "--weights: missing"],
    [2, ["similar", "--in", "in", "--json", "--csv"], "--json and --csv contradict each other"],
    [2, ["similar", "--in", "in", "--min-similarity", "2"], "expected a number from -1 to 1"],
    [1, ["similar", "--in", "none.npy"], "none.npy: cannot be read"],
  ])("exit with %i for %j", async (status, args, message) => {
    const ran = await foveaHere(
      ...args.map((arg) => (existsSync(at(arg)) || /\./.test(arg) ? at(arg) : arg)),
    );
    expect([ran.status, ran.stdout]).toEqual([status, ""]);
    expect(ran.stderr).toContain(message);
  });
});
