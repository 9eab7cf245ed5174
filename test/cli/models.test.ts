import { Command } from "commander";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { register } from "../../src/cli/models.js";
import sizes from "../../src/cli/model-sizes.json";
import { ONE_OF_EACH } from "../helpers/models.js";
import { modelInfo, modelNames, publishedByName, publishedWeights } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";

beforeAll(() => void init());
afterEach(() => void vi.restoreAllMocks());

async function run(...args: string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command();
  register(program);
  await program.parseAsync(args, { from: "user" });
  return text;
}

it("lists every model as a table", async () => {
  const lines = (await run("models")).trim().split("\n");
  expect(lines.length).toBe(modelNames().length + 1);
  expect(lines.find((line) => line.startsWith("resnet50 "))).toMatch(
    / 25,557,032 +4\.089 +224×224×3 +80\.86 +ResNet$/,
  );
});

it("knows the sizes of all models beforehand", () => {
  expect(Object.keys(sizes)).toEqual(modelNames()); // otherwise: vitest run --mode long test/long/sizes.test.ts -u
  const some = ONE_OF_EACH.map((name): [string, number[]] => [
    name,
    [modelInfo(name).parameters, modelInfo(name).macs],
  ]);
  expect(sizes).toMatchObject(Object.fromEntries(some));
});

it("lists every model as JSON", async () => {
  const models = JSON.parse(await run("models", "--json")) as { name: string }[];
  expect(models.map(({ name }) => name)).toEqual(modelNames());
  expect(models.find(({ name }) => name === "lenet5")).toEqual({
    name: "lenet5",
    series: "LeNet",
    parameters: 61_706,
    macs: 416_520,
    inputSize: [28, 28, 1],
    aliases: [],
    weights: [],
  });
});

it("lists the published weights as a table", async () => {
  const lines = (await run("models", "--weights", "resnet50")).trim().split("\n");
  expect(lines[0]).toBe("weights             parameters       file  top-1  top-5  input");
  expect(lines.slice(1, 3)).toEqual([
    "resnet50@V1         25,557,032   97.8 MiB  76.13  92.86  224 of 256, bilinear",
    "resnet50@V2         25,557,032   97.8 MiB  80.86  95.43  224 of 232, bilinear",
  ]);
  expect(lines.at(-1)).toMatch(/^Accuracies in percent on ImageNet, as published\. Licence: BSD-3-Clause/);
  expect(await run("models", "--weights", "vgg16@F*")).toMatch(
    /vgg16@FEATURES .* – +– {2}224 of 256, bilinear\n/,
  );
});

it("lists the published weights as JSON, with accuracies as fractions", async () => {
  const rows = JSON.parse(await run("models", "--weights", "--json")) as object[];
  expect(rows).toHaveLength(publishedWeights.length);
  expect(rows).toContainEqual(publishedByName("googlenet"));
  expect(publishedByName("resnet50@V2")).toMatchObject({ top1: 0.80858, top5: 0.95434, fileSize: 97.79 });
});

it("lists what a pattern means, or names what there is", async () => {
  const names = async (pattern: string): Promise<string[]> =>
    (JSON.parse(await run("models", pattern, "--json")) as { name: string }[]).map(({ name }) => name);
  expect(await names("ResNeXt152_vd")).toEqual(["resnext152_vd_32x4d", "resnext152_vd_64x4d"]);
  expect(await names("resnet18*")).toEqual([
    "paddle_resnet18",
    "paddle_resnet18_vd",
    "resnet18",
    "resnet18_vd",
  ]);
  expect(await names("resnet50d")).toEqual(["resnet50_vd"]); // timm's name
  expect(await names("densenet")).toContain("densenet264"); // the series
  expect(await names("vgg1?")).toEqual(
    ["paddle_vgg", "vgg"].flatMap((name) => [11, 13, 16, 19].map((n) => name + n)),
  ); // PaddleClas's VGG11, too
  await expect(run("models", "lenet6")).rejects.toThrow(
    /^models: no name like 'lenet6'; did you mean lenet5\?$/,
  );
  await expect(run("models", "(")).rejects.toThrow(/^models: no name like '\('$/);
});
