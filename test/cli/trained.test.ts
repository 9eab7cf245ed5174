// eval, predict and export: a small model in a folder, a few pictures.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, DataLoader, evaluate, init, manualSeed } from "../../src/index.js";
import {
  configOf,
  evalTransforms,
  ImageFolder,
  loadModel,
  preprocessingOf,
  saveModel,
  saveWeights,
} from "../../src/node.js";
import { jpg, png } from "../helpers/pictures.js";
import { sharedData } from "../helpers/shared-data.js";
import { readOnnx } from "../onnx/read-onnx.js";
import { foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-trained-"));
const at = (path: string): string => join(top, path);
const classes = ["blue", "grey", "red"];
const preparation = {
  inputSize: [32, 32, 3],
  cropPct: 32 / 36,
  interpolation: "bicubic",
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
} as const;

function write(path: string, data: Uint8Array | string): void {
  mkdirSync(join(at(path), ".."), { recursive: true });
  writeFileSync(at(path), data);
}

beforeAll(async () => {
  init();
  manualSeed(3);
  for (let i = 0; i < 3; i++) {
    write(`photos/val/red/${i}.png`, png(40 + i, 30, [200 + i, 9, 9]));
    write(`photos/val/blue/${i}.png`, png(30, 50 + i, [9, 9, 200 + i]));
    write(`photos/train/red/${i}.png`, png(40, 40, [255, 0, 0]));
    write(`photos/train/blue/${i}.png`, png(40, 40, [0, 0, 255]));
  }
  write("mixed/b, c.jpg", jpg(40, 40));
  write("mixed/bad.png", "no picture");
  write("mixed/deep/a.PNG", png(32, 32, [0, 255, 0]));
  write("mixed/notes.txt", "no picture either");
  write("names.txt", "blue\r\ngrey\r\nred\r\n");
  write("two.txt", "blue\ngrey\n");
  write("twice.txt", "red\ngrey\nred\n");
  const model = createModel("resnet20_cifar", { numClasses: 3 });
  const config = configOf("resnet20_cifar", preparation, { classes });
  await saveModel(at("saved"), model, config);
  await saveModel(at("run"), model, config);
  mkdirSync(at("run/weights"));
  copyFileSync(at("saved/model.safetensors"), at("run/weights/best.safetensors"));
  rmSync(at("run/model.safetensors"));
  await saveWeights(at("raw.safetensors"), model.stateDict());
  model.dispose();
});
afterAll(() => rmSync(top, { recursive: true }));

describe("fovea eval", () => {
  it("evaluates as the folder's config.json says, with the model's classes", async () => {
    const { status, stdout, stderr } = await foveaHere(
      "eval",
      "--model",
      at("saved"),
      "--data",
      at("photos"),
      "--json",
    );
    expect([status, stderr]).toEqual([0, ""]);
    const { model, config } = await loadModel(at("saved"));
    const data = new ImageFolder(at("photos/val"), { folders: classes });
    const loader = new DataLoader(data, { batchSize: 4, ...evalTransforms(data, preprocessingOf(config)) });
    const expected = await evaluate(model, loader);
    const got = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(got).slice(0, 4)).toEqual(["top1", "top5", "loss", "images"]);
    expect(got).toMatchObject({ top1: expected.top1, top5: 1, images: 6 });
    expect(got["loss"]).toBeCloseTo(expected.loss, 5);
    model.dispose();

    const run = await foveaHere(
      "eval",
      "--model",
      at("run"),
      "--data",
      at("photos"),
      "--json",
      "--workers",
      "2",
      "-b",
      "2",
    );
    expect(JSON.parse(run.stdout)).toMatchObject({ top1: expected.top1, images: 6 });
    expect((JSON.parse(run.stdout) as { loss: number }).loss).toBeCloseTo(expected.loss, 5);
  });

  it("prints a table, of the requested part and with the requested views", async () => {
    const weights = at("run/weights/best.safetensors");
    const { status, stdout } = await foveaHere("eval", "--weights", weights, "--data", at("photos"), "--split", "train", "--tta", "ten-crop"); // prettier-ignore
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^images {13}6\ntop-1 +\d+\.\d\d %\ntop-5 +100\.00 %\nloss +\d\.\d{4}\nimages\/s +\d+\n\nclass +precision +recall +F1 +count\nblue /,
    );
  });

  it.each<[string, number, string[], string]>([
    ["no weights", 2, ["--model", "resnet18", "--data", "photos"], "--weights: missing"],
    [
      "an unknown model",
      2,
      ["--model", "resnet19", "--data", "photos"],
      "unknown model or folder 'resnet19'; did you mean resnet18? modelNames() and 'fovea models' list all",
    ],
    ["no data", 2, ["--model", "saved"], "--data: missing; expected a dataset's name, or a folder"],
    ["too few names", 1, ["--model", "saved", "--data", "photos", "--class-map", "two.txt"], "two.txt: 2 names; expected 3, one for each class"], // prettier-ignore
    ["a name twice", 1, ["--model", "saved", "--data", "photos", "--class-map", "twice.txt"], "twice.txt:3: 'red' once more"], // prettier-ignore
    ["a decoder that is not known", 2, ["--model", "saved", "photos", "--decoder", "fast"], "one of fovea, jpeg-js, jsquash, sharp"], // prettier-ignore
    [
      "unknown data",
      2,
      ["--model", "saved", "--data", "nowhere"],
      "nowhere: no such folder or dataset; known: cifar10",
    ],
    [
      "other classes",
      1,
      ["--model", "saved", "--data", "mixed"],
      "is not one of the model's 3: blue, grey, red",
    ],
    [
      "weights of a file without a name",
      1,
      ["--weights", "raw.safetensors", "--data", "photos"],
      "expected its name (--model)",
    ],
    [
      "weights of another model",
      1,
      ["--model", "resnet18", "--weights", "raw.safetensors", "--data", "photos"],
      "raw.safetensors: weights of resnet20_cifar, not of resnet18; use --model resnet20_cifar",
    ],
    [
      "a count that is none",
      2,
      ["--model", "saved", "--data", "photos", "-b", "0"],
      "expected an integer ≥ 1",
    ],
    [
      "an unknown option",
      2,
      ["--data", "x", "--batchsize", "1"],
      "unknown option '--batchsize'; did you mean --batch-size? known: --batch-size, --class-map",
    ],
  ])("refuses %s", async (_, status, args, message) => {
    const paths = args.map((arg) => (existsSync(at(arg)) ? at(arg) : arg));
    const ran = await foveaHere("eval", ...paths);
    expect([ran.status, ran.stdout]).toEqual([status, ""]);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr.trim().split("\n")).toHaveLength(1);
  });

  const bin = process.env["FOVEA_CIFAR10_BIN"];
  const scores = {
    "20-12fca82f": 0.8103,
    "32-d509ac18": 0.8256,
    "44-014dd654": 0.8267,
    "56-4bfd9763": 0.832,
  };
  it.skipIf(!bin).each(Object.entries(scores))(
    "scores PyTorch's ResNet-%s as PyTorch does",
    async (name, score) => {
      const weights = sharedData(`resnet-cifar10/resnet${name}.th`)!;
      const model = `resnet${name.slice(0, 2)}_cifar`;
      const { stdout } = await foveaHere(
        "eval",
        "--model",
        model,
        "--weights",
        weights,
        "--data",
        bin!,
        "--json",
      );
      expect(JSON.parse(stdout)).toMatchObject({ top1: score, images: 10_000 });
    },
    300_000,
  );
});

interface Line {
  file: string;
  top: { class: string; label: number; probability: number }[];
}

describe("fovea predict", () => {
  it("names the likeliest classes of files, folders and patterns, and lists what it cannot read", async () => {
    const pattern = at("photos/val/*/1.png");
    const { status, stdout, stderr } = await foveaHere("predict", "--model", at("saved"), "--json", at("mixed"), pattern, at("mixed/b, c.jpg")); // prettier-ignore
    expect(status).toBe(1);
    expect(stderr).toBe(
      `fovea: ${at("mixed")}: 1 file that is not a picture: ${at("mixed/notes.txt")}\n` +
        `fovea: ${at("mixed/bad.png")}: not a picture; got a file that starts with 6e 6f 20 70 69 63 74 75; expected a picture\n`,
    );
    const lines = JSON.parse(stdout) as Line[];
    const files = ["mixed/b, c.jpg", "mixed/deep/a.PNG", "photos/val/blue/1.png", "photos/val/red/1.png"];
    expect(lines.map(({ file }) => file)).toEqual(files.map(at));
    for (const { top } of lines) {
      expect(top.map((guess) => guess.class)).toEqual(top.map(({ label }) => classes[label]));
      expect(top.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
      expect(top.map((guess) => guess.probability)).toEqual(
        top.map((g) => g.probability).sort((a, b) => b - a),
      );
    }

    const csv = await foveaHere(
      "predict",
      "--weights",
      at("run"),
      "--csv",
      "--topk",
      "2",
      at("mixed/b, c.jpg"),
    );
    expect(csv.status).toBe(0);
    const [first, second] = lines[0]!.top;
    const rows = csv.stdout.trim().split("\n");
    expect(rows[0]).toBe("file,rank,class,label,probability");
    expect(rows[1]).toContain(`"${at("mixed/b, c.jpg")}",1,${first!.class},${first!.label},0.`);
    expect(rows[2]).toContain(`"${at("mixed/b, c.jpg")}",2,${second!.class},${second!.label},0.`);
  });

  it("lists every file where none can be read, and prints an empty list", async () => {
    const { status, stdout, stderr } = await foveaHere("predict", "--model", at("saved"), "--json", at("a.png"), at("b.png")); // prettier-ignore
    expect([status, stdout]).toEqual([1, "[]\n"]);
    expect(stderr).toMatch(/^fovea: .*a\.png: cannot be read: .*\nfovea: .*b\.png: cannot be read: .*\n$/);
  });

  it("prints lines, the classes by number where their names are unknown", async () => {
    const file = at("photos/val/red/0.png");
    const { stdout } = await foveaHere("predict", "--model", "resnet20_cifar", "--weights", at("raw.safetensors"), "--topk", "1", file); // prettier-ignore
    expect(stdout).toMatch(new RegExp(`^${file}\n +\\d+\\.\\d\\d %  [012]\n$`));
  });

  it("takes names of classes from a file; eval finds its labels by them", async () => {
    const raw = ["--model", "resnet20_cifar", "--weights", at("raw.safetensors"), "--decoder", "jpeg-js"];
    const names = ["--class-map", at("names.txt")];
    const ran = await foveaHere("predict", ...raw, ...names, "--json", at("photos/val/red/0.png"));
    const [line] = JSON.parse(ran.stdout) as Line[];
    expect(line!.top.map((guess) => guess.class)).toEqual(line!.top.map(({ label }) => classes[label]));
    const evaluated = await foveaHere("eval", at("photos"), ...raw, ...names, "--json");
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ images: 6 });
    expect((await foveaHere("eval", at("photos"), ...raw)).stderr).toContain("2 classes; the model has 3");
  });

  it.each([
    [2, ["--json", "--csv", "x.png"], "--json and --csv contradict each other"],
    [1, [at("photos/*.gif")], "photos/*.gif: matches no file"],
    [2, [], "missing required argument 'picture'"],
    [2, ["--topk", "none", "x.png"], "expected an integer ≥ 1"],
  ])("exits with %i for %j", async (status, args, message) => {
    const ran = await foveaHere("predict", "--model", at("saved"), ...args);
    expect([ran.status, ran.stdout]).toEqual([status, ""]);
    expect(ran.stderr).toContain(message);
  });
});

describe("fovea export", () => {
  it("writes what a run holds as a folder that is the same model", async () => {
    const { status, stdout } = await foveaHere("export", at("run"), "--out", at("exported"));
    expect([status, stdout]).toEqual([0, `${at("exported")}\n`]);
    for (const file of ["config.json", "model.safetensors"]) {
      expect(readFileSync(at(`exported/${file}`)).equals(readFileSync(at(`saved/${file}`)))).toBe(true);
    }
  });

  it("writes a file of ONNX, with classes and preparation", async () => {
    const { status, stdout } = await foveaHere(
      "export",
      at("run"),
      "--out",
      at("for-others"),
      "--format",
      "onnx",
    );
    expect([status, stdout]).toEqual([0, `${at("for-others")}\n`]);
    expect(readdirSync(at("for-others"))).toEqual(["model.onnx"]);
    const { inputs, outputs, metadata } = readOnnx(readFileSync(at("for-others/model.onnx")));
    const config = JSON.parse(readFileSync(at("saved/config.json"), "utf8")) as Record<string, object>;
    const { num_classes, first_conv, classifier, ...prepared } = config["pretrained_cfg"] as Record<
      string,
      unknown
    >;
    expect(JSON.parse(metadata["pretrained_cfg"]!)).toEqual(prepared);
    expect(JSON.parse(metadata["names"]!)).toEqual(config["label_names"]);
    expect(metadata["architecture"]).toBe("resnet20_cifar");
    expect(inputs[0]!.shape).toEqual(["batch", ...(prepared["input_size"] as number[])]);
    expect(outputs[0]!.shape).toEqual(["batch", num_classes]);
    expect([first_conv, classifier]).toEqual(["conv1", "linear"]);
  });

  it("takes weights and a name, and refuses less", async () => {
    const raw = at("raw.safetensors");
    expect(
      (await foveaHere("export", raw, "--model", "resnet20_cifar", "--out", at("from-raw"))).status,
    ).toBe(0);
    const config = JSON.parse(readFileSync(at("from-raw/config.json"), "utf8")) as Record<string, object>;
    expect(config).toMatchObject({ architecture: "resnet20_cifar", num_classes: 3 });
    expect(config["pretrained_cfg"]).toMatchObject({ mean: [0.485, 0.456, 0.406], crop_pct: 1 });
    expect(await foveaHere("export", raw, "--out", at("none"))).toMatchObject({ status: 1, stdout: "" });
    expect((await foveaHere("export", raw)).stderr).toContain("required option '--out <dir>' not specified");
    expect(existsSync(at("none"))).toBe(false);
  });
});
