import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { lenet5 } from "../../src/models/index.js";
import { loadMnist } from "../../src/node/datasets/formats.js";
import { makeFolders, writeFileAtomic } from "../../src/node/files.js";
import { clock, epochLine, stepLine } from "../../src/node/progress.js";
import { RunFolder } from "../../src/node/run-folder.js";
import { readWeights } from "../../src/node/weights.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const row = {
  epoch: 1,
  train_loss: 0.25,
  train_top1: 0.5,
  eval_loss: 0.2,
  eval_top1: 0.75,
  eval_top5: 1,
  lr: 0.01,
  seconds: 2,
  train_count: 60000,
  images_per_second: 30000,
  data_wait: 0.125,
  skipped: 3,
};

describe("files", () => {
  it("are written whole, in pieces too, leaving nothing aside", async () => {
    await writeFileAtomic(join(folder, "deep", "a.txt"), "one");
    await writeFileAtomic(join(folder, "deep", "a.txt"), [Buffer.from("tw"), Buffer.from("o")]);
    expect(await readdir(join(folder, "deep"))).toEqual(["a.txt"]);
    expect(await readFile(join(folder, "deep", "a.txt"), "utf8")).toBe("two");
  });

  it("in folders that cannot be made say why: where folders are made in folders Node says ENOENT", async (context) => {
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(pathToFileURL("src/node/files.ts").href)};
      for (const path of ["a.txt", "deep/a.txt", "deeper/and/deeper/a.txt"])
        await writeFileAtomic(process.argv[1] + "/" + path, "").catch((error) => console.log(error.message));`;
    const mounted = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"';
    const node = [process.execPath, "--import", "tsx", "--input-type=module", "-e", script, folder];
    const inOwn = ["-rm", "sh", "-c", 'mount -t tmpfs -o ro none "$1"', "sh", folder];
    if (spawnSync("unshare", inOwn).status !== 0)
      return context.skip("needs unshare and mount, to see a file system that is read-only");
    const { status, stdout } = spawnSync("unshare", ["-rm", "sh", "-c", mounted, "sh", folder, ...node], { encoding: "utf8" }); // prettier-ignore
    expect(status).toBe(0);
    const said = (path: string): string =>
      `${join(folder, path)}: cannot be written: EROFS: read-only file system`;
    const paths = ["a.txt", "deep/a.txt", "deeper/and/deeper/a.txt"];
    expect(stdout.trim().split("\n")).toEqual(paths.map(said));
  });

  it("in folders that cannot be made say so", async () => {
    const file = join(folder, "no folder");
    await writeFile(file, "");
    const path = join(file, "deep", "a.txt");
    await expect(writeFileAtomic(path, "")).rejects.toThrow(`${path}: cannot be written: ENOTDIR: `);
    await expect(makeFolders(file)).rejects.toThrow("EEXIST");
    expect(await makeFolders(join(folder, "one", "two"))).toBe(join(folder, "one"));
    expect(await makeFolders(join(folder, "one", "two"))).toBeUndefined();
  });

  it("that are missing or damaged are named", async () => {
    await expect(loadMnist(join(folder, "mnist"))).rejects.toThrow(
      new DataError(`${join(folder, "mnist")}: no such folder`),
    );
    await expect(loadMnist(folder)).rejects.toThrow(
      `${join(folder, "train-images-idx3-ubyte")}: cannot be read`,
    );
  });
});

describe("RunFolder", () => {
  it("keeps arguments, results, metrics, and the best and the last weights", async () => {
    const run = new RunFolder(folder);
    const model = lenet5();
    await run.writeArgs({ model: "lenet5", seed: 1 });
    await run.writeEpoch([row], model);
    const best = await readFile(join(folder, "weights", "best.safetensors"));
    model.parameters()[0]!.copyFrom(new Float32Array(150));
    await run.writeEpoch([row, { ...row, epoch: 2, eval_top1: 0.7 }], model);
    const metrics = {
      top1: 0.7,
      top5: 1,
      loss: 0.2,
      bestEpoch: 1,
      bestWeights: "trained" as const,
      last: { top1: 0.75, top5: 1, loss: 0.2 },
      epochs: 2,
      seconds: 4,
      imagesPerSecond: 3e4,
      skipped: 0,
      notes: [],
      classes: ["0"],
    };
    await run.writeMetrics(metrics);
    expect((await readdir(folder)).sort()).toEqual(["args.json", "metrics.json", "results.csv", "weights"]);
    expect(JSON.parse(await readFile(join(folder, "args.json"), "utf8"))).toEqual({
      model: "lenet5",
      seed: 1,
    });
    expect(JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"))).toEqual(metrics);
    expect((await readFile(join(folder, "results.csv"), "utf8")).split("\n")).toEqual([
      "epoch,train_loss,train_top1,eval_loss,eval_top1,eval_top5,lr,seconds,images_per_second,data_wait,skipped",
      "1,0.25,0.5,0.2,0.75,1,0.01,2,30000,0.125,3",
      "2,0.25,0.5,0.2,0.7,1,0.01,2,30000,0.125,3",
      "",
    ]);
    expect(await readFile(join(folder, "weights", "best.safetensors"))).toEqual(best);
    const last = await readWeights(join(folder, "weights", "last.safetensors"));
    expect(last.get("features.0.weight")!.data.every((v) => v === 0)).toBe(true);
    model.dispose();
  });
});

describe("pictures with several classes", () => {
  const several = { ...row, eval_map: 0.625 };

  it("are judged by their mean average precision: best weights, a column, the epoch's line", async () => {
    const run = new RunFolder(folder);
    const model = lenet5();
    await run.writeEpoch([several], model);
    const best = await readFile(join(folder, "weights", "best.safetensors"));
    model.parameters()[0]!.copyFrom(new Float32Array(150));
    await run.writeEpoch([several, { ...several, epoch: 2, eval_top1: 0.9, eval_map: 0.5 }], model);
    expect(await readFile(join(folder, "weights", "best.safetensors"))).toEqual(best);
    await run.writeEpoch([several, { ...several, epoch: 2, eval_top1: 0.6, eval_map: 0.7 }], model);
    expect(await readFile(join(folder, "weights", "best.safetensors"))).not.toEqual(best);
    expect((await readFile(join(folder, "results.csv"), "utf8")).split("\n")).toEqual([
      "epoch,train_loss,train_top1,eval_loss,eval_top1,eval_top5,eval_map,lr,seconds,images_per_second,data_wait,skipped",
      "1,0.25,0.5,0.2,0.75,1,0.625,0.01,2,30000,0.125,3",
      "2,0.25,0.5,0.2,0.6,1,0.7,0.01,2,30000,0.125,3",
      "",
    ]);
    expect(epochLine(several, 6)).toContain("  test loss 0.2000 mAP 62.50 % top-1 75.00 %  2.0 s");
    model.dispose();
  });
});

describe("progress", () => {
  it("says where training stands", () => {
    const report = { epoch: 1, epochs: 6, step: 13, steps: 25, loss: 0.21341, top1: 0.9341, lr: 0.01 };
    expect(stepLine({ ...report, imagesPerSecond: 12345.4, dataWait: 0, secondsLeft: 31 })).toBe(
      "epoch 1/6 [==========          ]  52 %  loss 0.2134  top-1 93.41 %  12,345 images/s  data wait 0 %  ETA 0:31",
    );
    expect(epochLine(row, 6)).toBe(
      "epoch 1/6  train loss 0.2500 top-1 50.00 %  test loss 0.2000 top-1 75.00 % top-5 100.00 %  2.0 s  30,000 images/s  data wait 12.50 %  3 unreadable images skipped",
    );
    expect([0, 59.6, 75, 3675].map(clock)).toEqual(["0:00", "1:00", "1:15", "1:01:15"]);
  });
});
