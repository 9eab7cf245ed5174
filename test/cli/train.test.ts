// train and lr-find on a few small pictures.

import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plot } from "../../src/cli/lr-find.js";
import { createModel, init } from "../../src/index.js";
import { resolveArguments, saveWeights } from "../../src/node.js";
import { png } from "../helpers/pictures.js";
import { command, foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-train-"));
const at = (path: string): string => join(top, path);
const bytes = (path: string): Buffer => readFileSync(at(path));

function write(path: string, data: Uint8Array | string): void {
  mkdirSync(join(at(path), ".."), { recursive: true });
  writeFileSync(at(path), data);
}

beforeAll(async () => {
  init();
  for (const [name, file] of [
    ["lenet5", "raw"],
    ["resnet20_cifar", "resnet20"],
  ] as const) {
    const model = createModel(name);
    await saveWeights(at(`${file}.safetensors`), model.stateDict());
    model.dispose();
  }
  for (let i = 0; i < 12; i++) {
    for (const part of ["train", "val"]) {
      write(`photos/${part}/warm/${i}.png`, png(28, 28, [150 + 8 * i, 40 + i, 20]));
      write(`photos/${part}/cold/${i}.png`, png(28, 28, [30, 40 + i, 140 + 8 * i]));
    }
    for (const name of ["a", "b", "c"])
      write(`three/${name}/${i}.png`, png(30, 28, [i, 9 * i, name.charCodeAt(0)]));
    write(`one/only/${i}.png`, png(28, 28, [i, i, i]));
  }
  write("file", "in the way");
});
afterAll(() => rmSync(top, { recursive: true }));

/** A small training; options given later win. */
const small = (out: string, ...more: string[]): string[] => [
  ...["train", "--model", "lenet5", "--data", at("photos"), "--out", at(out), "-b", "8", "--workers", "0"],
  ...["--epochs", "3", "--opt", "adamw", "--lr", "0.003", "--seed", "4"],
  ...more,
];

describe("fovea train", () => {
  it("trains, fills the run folder, and says what came of it", async () => {
    const { status, stdout, stderr } = await foveaHere(...small("run"), "--json");
    expect([status, stderr]).toEqual([0, expect.stringContaining("epoch 3/3  train loss ")]);
    expect(stderr).toMatch(
      new RegExp(
        String.raw`\nbest {4}epoch \d of 3: top-1 100\.00 %(, 100\.00 % after the last)?\n` +
          `report {2}${at("run")}/report.html\nnext {4}fovea predict --model ${at("run")} PICTURE\n$`,
      ),
    );
    const metrics = JSON.parse(stdout) as Record<string, unknown>;
    expect(metrics).toMatchObject({ out: at("run"), top1: 1, epochs: 3, classes: ["cold", "warm"] });
    expect(stderr).toMatch(/ {2}model +lenet5\n/);
    const { out: _, ...rest } = metrics;
    expect(JSON.parse(bytes("run/metrics.json").toString())).toEqual(rest);
    const files = [
      "args.json",
      "results.csv",
      "config.json",
      "weights/best.safetensors",
      "weights/last.safetensors",
    ];
    expect(files.filter((file) => !existsSync(at(`run/${file}`)))).toEqual([]);
    expect(JSON.parse(bytes("run/args.json").toString())).toMatchObject({
      model: "lenet5",
      batchSize: 8,
      lr: 0.003,
    });
    expect(resolveArguments({ resume: at("run") })).toMatchObject({ epochs: 3, seed: 4 });

    const evaluation = await foveaHere(
      "eval",
      "--model",
      at("run"),
      "--data",
      at("photos"),
      "--json",
      "--workers",
      "0",
    );
    expect(JSON.parse(evaluation.stdout)).toMatchObject({ top1: 1, images: 24 });
    const again = await foveaHere(...small("run"));
    expect([again.status, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("holds a training run already");
  });

  it("stops at Ctrl-C with 130, and goes on to the same bits", async () => {
    const long = ["--epochs", "30", "--lr", "0.001"];
    expect((await foveaHere(...small("whole", ...long))).status).toBe(0);
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const child = spawn(process.execPath, command(...small("part", ...long)), { cwd: root });
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      const before = text;
      text += String(chunk);
      if (!before.includes("epoch 2/30") && text.includes("epoch 2/30")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(text).toContain(`to continue: fovea train --resume ${at("part")}`);
    expect(code).toBe(130);
    expect(text).not.toContain("epoch 30/30");
    const { status, stderr } = await foveaHere("train", "--resume", at("part"));
    expect([status, stderr]).toEqual([0, expect.stringContaining("epoch 30/30")]);
    expect(stderr).not.toContain("epoch 1/30");
    for (const file of ["weights/last.safetensors", "weights/best.safetensors"]) {
      expect(bytes(`part/${file}`).equals(bytes(`whole/${file}`))).toBe(true);
    }
  });

  it("ends at once at Ctrl-C while weights are being downloaded", async () => {
    let asked: () => void;
    const request = new Promise<void>((resolve) => (asked = resolve));
    const server = createServer(() => asked()); // and never answers
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const env = { ...process.env, HF_ENDPOINT: `http://127.0.0.1:${port}`, FOVEA_HOME: at("home") };
    const child = spawn(process.execPath, command(...small("none"), "--pretrained", "some/one"), {
      cwd,
      env,
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    await request;
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    server.closeAllConnections();
    server.close();
  });

  it("does not go on with other classes or images", async () => {
    cpSync(at("photos"), at("changing"), { recursive: true });
    const resumed = async (): Promise<string> => (await foveaHere("train", "--resume", at("changed"))).stderr;
    expect((await foveaHere(...small("changed", "--data", at("changing")))).status).toBe(0);
    renameSync(at("changing/train/warm"), at("changing/train/wet"));
    renameSync(at("changing/val/warm"), at("changing/val/wet"));
    const start = `fovea: ${at("changed/checkpoint/training.safetensors")}: belongs to a training run on other data; `;
    expect(await resumed()).toBe(`${start}classes: got ["cold","wet"], expected ["cold","warm"]\n`);
    renameSync(at("changing/train/wet"), at("changing/train/warm"));
    renameSync(at("changing/val/wet"), at("changing/val/warm"));
    rmSync(at("changing/train/warm/3.png"));
    expect(await resumed()).toBe(`${start}images: got 23, expected 24\n`);
  });

  it("reports when training has diverged in its last step", async () => {
    const flags = ["--epochs", "1", "--opt", "sgd", "--lr", "1e30", "-b", "24", "--warmup-epochs", "0"];
    const { status, stderr } = await foveaHere(...small("diverged", ...flags));
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/\nfovea: evaluate: loss is NaN [^]*diverged/),
    ]);
    expect(existsSync(at("diverged/weights/last.safetensors"))).toBe(false);
  });

  it("refuses images that the model cannot take, before it writes anything", async () => {
    const { status, stderr } = await foveaHere(...small("tiny", "--img-size", "9"));
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^fovea: lenet5: cannot take images of \[9,9,3\]; LeNet5: images of 9×9 are too small; the least size is 28×28 \(conv2d: /,
      ),
    ]);
    expect(existsSync(at("tiny"))).toBe(false);
  });

  it("fine-tunes a run for other classes, its images prepared as there", async () => {
    expect((await foveaHere(...small("base", "--mean", "0.1,0.2,0.3", "--epochs", "1"))).status).toBe(0);
    const flags = ["--weights", at("base"), "--freeze", "body", "--epochs", "2", "--freeze-epochs", "1"];
    const { status, stderr } = await foveaHere(...small("tuned", ...flags), "--data", at("three"));
    expect([status, stderr]).toEqual([0, expect.stringContaining("epoch 2/2  train loss ")]);
    const config = JSON.parse(bytes("tuned/config.json").toString()) as Record<string, unknown>;
    expect(config).toMatchObject({ num_classes: 3, pretrained_cfg: { mean: [0.1, 0.2, 0.3] } });
    const other = await foveaHere(...small("refused"), "--model", "resnet20_cifar", "--weights", at("base"));
    expect([other.status, other.stderr]).toEqual([
      1,
      expect.stringContaining("weights of lenet5; expected resnet20_cifar"),
    ]);
    const raw = await foveaHere(
      ...small("refused"),
      "--model",
      "resnet20_cifar",
      "--weights",
      at("raw.safetensors"),
    );
    expect([raw.status, raw.stderr]).toEqual([1, expect.stringContaining("raw.safetensors: missing")]);
    const last = await foveaHere(
      ...small("refused"),
      "--model",
      "resnet32_cifar",
      "--weights",
      at("resnet20.safetensors"),
    );
    expect([last.status, last.stderr]).toEqual([
      1,
      expect.stringContaining(
        "resnet20.safetensors: weights of resnet20_cifar, not of resnet32_cifar; use --model resnet20_cifar",
      ),
    ]);
  });

  it("takes the data as an argument, and --pretrained for a file that is there", async () => {
    const data = at("three");
    const rest = ["--model", "resnet20_cifar", "--img-size", "28", "-b", "8", "--workers", "0"];
    const recipe = ["--recipe", "finetune", "--epochs", "2", "--out", at("by-argument")];
    const start = ["--pretrained", at("resnet20.safetensors")];
    const { status, stderr } = await foveaHere("train", data, ...rest, ...recipe, ...start);
    expect([status, stderr]).toEqual([0, expect.stringContaining("epoch 2/2  train loss ")]);
    const args = JSON.parse(bytes("by-argument/args.json").toString()) as Record<string, unknown>;
    expect(args).toMatchObject({ data, pretrained: at("resnet20.safetensors"), freezeEpochs: 1 });
    const ran = await foveaHere("eval", data, "--model", at("by-argument"), "--workers", "0", "--json");
    // The recipe keeps a fifth of the images from training.
    expect(JSON.parse(ran.stdout)).toMatchObject({ images: 7, split: "val", valFraction: 0.2 });
    const twice = await foveaHere("train", data, "--data", at("photos"), "--model", "lenet5");
    expect([twice.status, twice.stderr]).toEqual([2, `fovea: '${data}' and --data contradict each other; expected one of them\n`]); // prettier-ignore
  });

  it("learns from a teacher, its images prepared as the teacher's", async () => {
    expect((await foveaHere(...small("teacher", "--mean", "0.3,0.2,0.1", "--epochs", "2"))).status).toBe(0);
    const taught = ["--teacher", at("teacher"), "--distill-alpha", "1", "--distill-temperature", "2"];
    const { status, stderr } = await foveaHere(...small("pupil", ...taught, "--seed", "5"));
    expect([status, stderr]).toEqual([0, expect.stringContaining(`  teacher${" ".repeat(13)}${at("teacher")}\n`)]); // prettier-ignore
    const config = JSON.parse(bytes("pupil/config.json").toString()) as Record<string, unknown>;
    expect(config).toMatchObject({ pretrained_cfg: { mean: [0.3, 0.2, 0.1] } });
    // From the teacher's own weights, at a rate of nearly nothing, there is nothing to learn.
    const same = small("same", ...taught, "--weights", at("teacher"), "--lr", "1e-9", "--no-aug");
    expect((await foveaHere(...same)).status).toBe(0);
    const [, row] = bytes("same/results.csv").toString().split("\n");
    expect(Number(row!.split(",")[1])).toBeCloseTo(0, 5);
    const other = await foveaHere(...small("refused", ...taught), "--data", at("three"));
    expect([other.status, other.stderr]).toEqual([1, `fovea: ${at("teacher")}: a teacher of 2 classes; expected 3, those of ${at("three")}\n`]); // prettier-ignore
    const colder = await foveaHere(...small("refused", ...taught), "--weights", at("base"));
    expect([colder.status, colder.stderr]).toEqual([1, expect.stringContaining("a teacher whose images have another mean; got 0.3,0.2,0.1, the initial weights 0.1,0.2,0.3; --mean decides")]); // prettier-ignore
    const raw = await foveaHere(
      ...small("refused"),
      "--teacher",
      at("raw.safetensors"),
      "--teacher-model",
      "lenet5",
    );
    expect(raw.stderr).toContain("a teacher of 10 classes; expected 2");
  });

  it.each<[string, number, string[], string]>([
    ["a teacher's option without one", 2, ["--distill-alpha", "0.5"], "--distill-alpha: of no use; it needs --teacher"], // prettier-ignore
    ["a teacher that is not there", 1, ["--teacher", at("nobody")], "nobody: no such file or folder"],
    ["a teacher without a name", 1, ["--teacher", at("raw.safetensors")], "names its model"],
    ["a decoder that is not known", 2, ["--decoder", "libjpeg"], "one of fovea, jpeg-js, jsquash, sharp"],
    ["one class", 1, ["--data", at("one")], "of 1 class"],
    ["a batch larger than the set", 1, ["-b", "25"], "24 images"],
    ["a run folder that is a file", 1, ["--out", at("file/run")], "file/run"],
    [
      "patience with nothing to evaluate on",
      1,
      ["--data", at("three"), "--patience", "2", "--val-fraction", "0"],
      "which patience needs",
    ],
    ["a file that is no weights", 1, ["--weights", at("file")], "file: "],
    ["no such data", 1, ["--data", at("nowhere")], "nowhere: no such folder or dataset; known: cifar10"],
    ["other weights than classes", 1, ["--class-weights", "1,2,3"], "2"],
    ["two numbers for three channels", 1, ["--mean", "0.5,0.5"], "mean: got 2 numbers; expected 3"],
    ["an unknown recipe", 2, ["--recipe", "none-such"], "known: cifar10-resnet20, finetune, mnist-lenet5"],
    [
      "an unknown option",
      2,
      ["--learning-rate", "1"],
      "unknown option '--learning-rate'; known: --aa, --batch-size",
    ],
    ["a rate that is none", 2, ["--lr", "fast"], "expected a number > 0"],
  ])("refuses %s before it trains", async (_, status, args, message) => {
    const ran = await foveaHere(...small("refused"), ...args);
    expect([ran.status, ran.stdout]).toEqual([status, ""]);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain("epoch 1/");
    expect(existsSync(at("refused"))).toBe(false);
  });
});

describe("fovea lr-find", () => {
  const flags = ["--model", "lenet5", "--data", at("photos"), "-b", "8", "--workers", "0"];

  it("prints rates and suggestions as JSON, and writes no file", async () => {
    const { status, stdout } = await foveaHere(
      "lr-find",
      ...flags,
      "--steps",
      "40",
      "--opt",
      "adamw",
      "--json",
    );
    expect(status).toBe(0);
    const found = JSON.parse(stdout) as {
      rows: { lr: number }[];
      steepest: number;
      valley: number;
      diverged: boolean;
    };
    expect(Object.keys(found).sort()).toEqual(["diverged", "rows", "steepest", "valley"]);
    expect(found.rows[0]!.lr).toBeCloseTo(1e-7, 12);
    for (const lr of [found.steepest, found.valley]) expect(found.rows.map((row) => row.lr)).toContain(lr);
    expect(existsSync("runs/lenet5-photos")).toBe(false);
  });

  it("plots", async () => {
    const { status, stdout } = await foveaHere(
      "lr-find",
      ...flags,
      "--steps",
      "20",
      "--start-lr",
      "1e-5",
      "--end-lr",
      "1e-1",
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/\n +1\.0e-5 +1\.0e-1\n\nsteepest {2}\S+\nvalley {4}\S+\n$/);
    expect((await foveaHere("lr-find", ...flags, "--start-lr", "1")).status).toBe(0);
    expect((await foveaHere("lr-find", ...flags, "--start-lr", "20")).stderr).toContain(
      "--start-lr: got 20; expected less than",
    );
  });

  it("draws high losses above low ones", () => {
    const rows = [3, 3, 2, 1, 9].map((smoothed, i) => ({ lr: 10 ** (i - 4), loss: smoothed, smoothed }));
    const lines = plot({ rows, diverged: true, steepest: 0.001, valley: 0.01 }).split("\n");
    expect(lines[0]).toMatch(/^ {3}5\.000 \| +\*$/);
    expect(lines.find((line) => line.includes("S"))).toBe(`         |*${" ".repeat(16)}S`);
    expect(lines[13]).toMatch(/^ {3}1\.000 \| {52}\*$/);
  });
});
