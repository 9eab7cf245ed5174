// What a training run does with no flag but its data: model, size, batch, images kept for evaluation.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode as encodePng } from "fast-png";
import { afterAll, describe, expect, it, vi } from "vitest";
import { argumentsByData } from "../../src/node/by-data.js";
import { createModel, init } from "../../src/index.js";
import { configOf, preparationFor, saveModel } from "../../src/node.js";
import type { TrainFlags } from "../../src/node/resolve-arguments.js";
import { idx, png } from "../helpers/pictures.js";

// A decoder that is not installed here.
vi.mock("../../src/node/decoder.js", async (original) => ({
  ...(await original<object>()),
  useDecoder: () => {},
}));

const top = mkdtempSync(join(tmpdir(), "fovea-by-data-"));
afterAll(() => rmSync(top, { recursive: true }));

function write(path: string, data: Uint8Array | string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), data);
}

const grey = (side: number): Uint8Array =>
  encodePng({ width: side, height: side, channels: 1, depth: 8, data: new Uint8Array(side * side).fill(9) });

/** A folder of `each` pictures in two classes. */
function folder(name: string, picture: (i: number) => Uint8Array, each = 80): string {
  for (const of of ["a", "b"]) for (let i = 0; i < each; i++) write(`${name}/${of}/${i}.png`, picture(i));
  return join(top, name);
}

const colour = (width: number, height: number) => () => png(width, height, [200, 100, 50]);
const digits = folder("digits", () => grey(28));
const tiny = folder("tiny", colour(40, 32));
const small = folder("small", colour(64, 64));
const middle = folder("middle", colour(120, 100));
const photos = folder("photos", (i) => png(300 + i, 400, [1, 2, 3]));
const few = folder("few", colour(32, 32), 15);

describe("argumentsByData", () => {
  it.each<[string, string, TrainFlags, TrainFlags, string]>([
    ["grey pictures as MNIST's", digits, {}, { model: "lenet5", inChans: 1, imgSize: null }, "grey images of 28 pixels: model lenet5 at 28×28"], // prettier-ignore
    ["pictures as CIFAR's", tiny, {}, { model: "resnet20_cifar", inChans: null, smallImages: false }, "images of 32 pixels: model resnet20_cifar at 32×32"], // prettier-ignore
    ["pictures of 64 pixels", small, {}, { model: "resnet18", smallImages: true, imgSize: 64 }, "model resnet18, in its form for small images, at 64×64"], // prettier-ignore
    ["pictures smaller than ImageNet's", middle, {}, { model: "resnet18", smallImages: false, imgSize: 128 }, "images of 100 pixels: model resnet18 at 128×128"], // prettier-ignore
    ["photos", photos, {}, { model: "resnet18", smallImages: false, imgSize: null }, "images of about 340 pixels: model resnet18 at 224×224"], // prettier-ignore
    ["photos that are to be small", photos, { imgSize: 32 }, { model: "resnet20_cifar", imgSize: 32 }, "model resnet20_cifar at 32×32"], // prettier-ignore
    [
      "grey pictures in colour",
      digits,
      { inChans: 3 },
      { model: "resnet20_cifar", inChans: 3 },
      "images of 28",
    ],
    ["tiny pictures for the larger model", tiny, { smallImages: true }, { model: "resnet18", smallImages: true, imgSize: 32 }, "model resnet18"], // prettier-ignore
  ])("chooses a model for %s, and says so", async (_, data, flags, expected, said) => {
    const { args, notes, data: loaded } = await argumentsByData({ data, ...flags });
    expect(args).toMatchObject({ ...expected, valFraction: 0.2, batchSize: 64 });
    expect(notes).toEqual([expect.stringContaining(said)]);
    expect([loaded!.train.length, loaded!.val!.length, loaded!.split]).toEqual([128, 32, true]);
    const { mean, inputSize } = preparationFor(args.model, loaded!.train, args);
    expect(mean.length).toBe(inputSize[2]);
  });

  it("knows datasets in memory by their shape", async () => {
    const images = idx([4, 28, 28], new Uint8Array(4 * 784));
    for (const part of ["train", "t10k"]) {
      write(`mnist/${part}-images-idx3-ubyte`, images);
      write(`mnist/${part}-labels-idx1-ubyte`, idx([4], [0, 1, 2, 3]));
    }
    const { args, notes } = await argumentsByData({ data: join(top, "mnist") });
    expect(args).toMatchObject({ model: "lenet5", batchSize: 2 });
    expect(notes.join("\n")).toContain("4 images to train on: batches of 2 (--batch-size)");
  });

  it("chooses a batch that few images fill, over a recipe's too, and keeps a given one", async () => {
    expect((await argumentsByData({ data: few })).args).toMatchObject({ batchSize: 8, lr: 0.003125 });
    const flags = { data: few, weights: "x", model: "resnet18", recipe: "finetune" };
    expect((await argumentsByData(flags)).args.batchSize).toBe(8);
    expect((await argumentsByData({ data: few, batchSize: 20 })).args.batchSize).toBe(20);
    const { notes, args } = await argumentsByData({ data: photos, model: "resnet34" });
    expect([notes, args.model, args.batchSize]).toEqual([[], "resnet34", 64]);
  });

  it("takes the model that the weights to begin with are of", async () => {
    init();
    const model = createModel("resnet20_cifar", { numClasses: 2 });
    const config = configOf("resnet20_cifar", preparationFor("resnet20_cifar", undefined), {
      classes: ["a", "b"],
    });
    await saveModel(join(top, "saved"), model, config);
    model.dispose();
    const { args, notes } = await argumentsByData({ data: photos, weights: join(top, "saved") });
    expect([args.model, notes.join()]).toEqual([
      "resnet20_cifar",
      expect.stringContaining("weights of resnet20_cifar"),
    ]);
    write("raw.safetensors", "x");
    const raw = argumentsByData({ data: photos, weights: join(top, "raw.safetensors") });
    await expect(raw).rejects.toThrow("--model: missing; no config.json beside");
  });

  it("trains on everything with --val-fraction 0, where images are too few, and where there is a part to evaluate on", async () => {
    const all = (await argumentsByData({ data: few, valFraction: 0 })).data!;
    expect([all.train.length, all.val, all.notes.join()]).toEqual([30, undefined, expect.stringContaining("no part to evaluate on")]); // prettier-ignore
    const two = (await argumentsByData({ data: folder("two", colour(32, 32), 1) })).data!;
    expect([two.train.length, two.val, two.notes.join()]).toEqual([2, undefined, expect.stringContaining("too few images to keep any")]); // prettier-ignore
    const parts = join(top, "parts");
    folder("parts/train", colour(32, 32), 4);
    folder("parts/val", colour(32, 32), 2);
    const own = (await argumentsByData({ data: parts })).data!;
    expect([own.train.length, own.val!.length, own.split]).toEqual([8, 4, undefined]);
    const useless = argumentsByData({ data: parts, valFraction: 0.3 });
    await expect(useless).rejects.toThrow("--val-fraction: of no use; ");
  });

  it("takes grey photos as colours, which it says, as later ones may be", async () => {
    const scans = folder("scans", () => grey(90));
    const { args, notes } = await argumentsByData({ data: scans });
    expect([args.inChans, notes.join()]).toEqual([null, expect.stringContaining("(--model, --img-size), for colours too (--in-chans)")]); // prettier-ignore
    expect((await argumentsByData({ data: scans, inChans: 1 })).notes.join()).not.toContain("colours");
  });

  describe("of options without an effect on the data", () => {
    const memory = join(top, "memory");
    const parts = join(top, "own-part");
    const several = join(top, "several");
    for (const part of ["train", "t10k"]) {
      write(`memory/${part}-images-idx3-ubyte`, idx([4, 28, 28], new Uint8Array(4 * 784)));
      write(`memory/${part}-labels-idx1-ubyte`, idx([4], [0, 1, 2, 3]));
    }
    folder("own-part/train", colour(32, 32), 4);
    folder("own-part/val", colour(32, 32), 2);
    for (let i = 0; i < 9; i++) write(`several/${i}.png`, colour(32, 32)());
    write(
      "several/train.csv",
      `path,labels\n${[..."012345678"].map((i) => `${i}.png,"a,${i}"`).join("\n")}\n`,
    );

    const rows: [string, TrainFlags, string, TrainFlags][] = [
      ["valFraction", { data: parts, valFraction: 0.3 }, "own-part", { valFraction: 0.2 }],
      ["valInterval", { data: few, valFraction: 0, valInterval: 2 }, "few", { valInterval: 1 }],
      ["sampler", { data: several, sampler: "balanced" }, "several", { sampler: "random" }],
    ];

    it.each(rows)("refuses the flag %s: %j", async (name, flags, data) => {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      await expect(argumentsByData(flags)).rejects.toThrow(
        new RegExp(`^${flag}: of no use; .*${data}.* has `),
      );
    });

    it.each(rows)(
      "leaves out a recipe's %s: %j",
      async (name, { [name as "data"]: value, ...flags }, _, expected) => {
        const { args } = await argumentsByData({ ...flags, recipe: "own.json" }, { [name]: value });
        expect(args).toMatchObject(expected);
      },
    );

    it("refuses a decoder of files for images in memory, and takes the default", async () => {
      await expect(argumentsByData({ data: memory, decoder: "sharp" })).rejects.toThrow("--decoder");
      expect((await argumentsByData({ data: memory, decoder: "fovea" })).args.decoder).toBe("fovea");
    });
  });

  it.each<[TrainFlags, string]>([
    [{ data: photos, dataDir: top }, "--data-dir: of no use; it needs a dataset's name"],
    [
      { data: photos, download: true },
      "--download: of no use; it needs the name of a dataset that can be downloaded",
    ],
    [{ data: join(top, "none") }, "none: no such folder or dataset"],
    [{}, "--model: missing; or --recipe"],
  ])("refuses %j", async (flags, message) => {
    await expect(argumentsByData(flags)).rejects.toThrow(message);
  });
});
