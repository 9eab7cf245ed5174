// What eval says of a model: scores of each class, confusions, mistakes by file, and the files it writes.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluationJson, evaluationText } from "../../src/cli/eval-output.js";
import { judge } from "../../src/node/report/collect.js";
import { columnsOf } from "../../src/node/status-line.js";
import { createModel, DataLoader, ImageDataset, init, manualSeed, Random } from "../../src/index.js";
import { configOf, saveModel, type JudgedModel } from "../../src/node.js";
import { parseCsv } from "../../src/node/csv.js";
import { Predictions } from "../../src/node/predictions.js";
import { png } from "../helpers/pictures.js";
import { foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-eval-"));
const at = (path: string): string => join(top, path);
afterAll(() => rmSync(top, { recursive: true }));

const LONG = "a class whose name is longer than any line of a terminal of eighty columns can be";
const classes = ["blue", LONG, "red"];
const side = 32;

beforeAll(() => void init());

/** Images of three classes, or of several each, judged by a net of random weights. */
async function judgedNoise(
  several = false,
): Promise<{ judged: JudgedModel; data: ImageDataset; csv: string }> {
  manualSeed(3);
  const random = new Random(1);
  const n = 30;
  const data = new ImageDataset({
    images: Uint8Array.from({ length: n * side * side * 3 }, () => random.integer(256)),
    ...(several
      ? { targets: Float32Array.from({ length: n * 3 }, () => random.integer(2)) }
      : { labels: Array.from({ length: n }, (_, i) => i % 3) }),
    shape: [side, side, 3],
    classes,
  });
  const model = createModel("resnet20_cifar", { numClasses: 3 });
  const predictions = new Predictions(data);
  const judged = await judge(model, new DataLoader(data, { batchSize: 8, shuffle: true }), {
    metrics: [predictions],
  });
  model.dispose();
  return { judged, data, csv: predictions.csv };
}

/** Precision, recall and F1 of a class, and its images, counted from a predictions file. */
function counted(rows: readonly string[][], name: string): object {
  const [of, as] = [rows.filter((row) => row[1] === name), rows.filter((row) => row[2] === name)];
  const right = of.filter((row) => row[2] === name).length;
  const share = (whole: number): number => (whole ? right / whole : 0);
  const f1 = of.length + as.length ? (2 * right) / (of.length + as.length) : 0;
  return { class: name, precision: share(as.length), recall: share(of.length), f1, count: of.length };
}

describe("evaluationText and evaluationJson", () => {
  it("give each class its precision, recall, F1 and count, and agree with the predictions", async () => {
    const { judged, data, csv } = await judgedNoise();
    const [head, ...rows] = parseCsv(csv);
    expect(head).toEqual(["file", "label", "predicted", "probability", "correct", "label_probability"]);
    expect(rows.map((row) => row[0])).toEqual(rows.map((_, i) => `image ${i}`)); // in order, however it was drawn
    expect(rows.filter((row) => row[4] === "true")).toHaveLength(Math.round(judged.evaluation.top1 * 30));
    const json = evaluationJson(judged, data) as Record<string, unknown> & { mistakes: object[] };
    expect(Object.keys(json).slice(0, 5)).toEqual(["top1", "top5", "map", "loss", "images"]);
    expect(json["perClass"]).toEqual(classes.map((name) => counted(rows, name)));
    expect(json["confused"]).toContainEqual(expect.objectContaining({ class: expect.any(String) as string }));
    expect(json.mistakes.length).toBeGreaterThan(0);
    const text = evaluationText(judged, data);
    for (const name of classes) expect(text).toMatch(new RegExp(`^${name} +\\d+\\.\\d %.* 10$`, "m"));
    expect(text).toMatch(/^mean of the classes .* 30$/m);
    expect(text).toMatch(/\nmost confused\n {2}.* taken for .* \d+ +\d+\.\d %\n/);
    expect(text).toMatch(/\nworst mistakes\n {2}image \d+ {2}.* \d+\.\d %, is /);
  });

  it("fit the class names to the terminal", async () => {
    const { judged, data } = await judgedNoise();
    const lines = evaluationText(judged, data, 80).split("\n");
    const tables = lines.slice(0, lines.indexOf("worst mistakes"));
    expect(Math.max(...tables.map(columnsOf))).toBeLessThanOrEqual(80);
    expect(tables.join("\n")).toContain("a class whose name is longer");
  });

  it("give average precisions where images have several classes", async () => {
    const { judged, data, csv } = await judgedNoise(true);
    expect(evaluationText(judged, data)).toMatch(/^class +AP +precision +recall +F1 +count\nblue /m);
    const json = evaluationJson(judged, data) as { perClass: { ap: number }[]; confused?: unknown };
    expect(json.perClass.every(({ ap }) => ap > 0)).toBe(true);
    expect(json.confused).toBeUndefined();
    for (const [, label, predicted, probability, correct] of parseCsv(csv).slice(1)) {
      expect(correct).toBe(String(label === predicted));
      expect(predicted !== "").toBe(Number(probability) > 0.5);
    }
  });
});

describe("fovea eval", () => {
  it("writes report, confusion and predictions, and names the files of mistakes", async () => {
    for (let i = 0; i < 4; i++) {
      for (const [name, colour] of Object.entries({ red: [200 + i, 9, 9], blue: [9, 9, 200 + i] } as const)) {
        mkdirSync(at(`photos/val/${name}`), { recursive: true });
        writeFileSync(
          at(`photos/val/${name}/${i}.png`),
          png(side, side, [...colour] as [number, number, number]),
        );
      }
    }
    mkdirSync(at("photos/train"));
    for (const name of ["red", "blue"]) {
      mkdirSync(at(`photos/train/${name}`));
      writeFileSync(at(`photos/train/${name}/0.png`), png(side, side, [1, 2, 3]));
    }
    const model = createModel("resnet20_cifar", { numClasses: 2 });
    const preparation = { inputSize: [32, 32, 3], cropPct: 1, interpolation: "bilinear", mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as const; // prettier-ignore
    await saveModel(
      at("saved"),
      model,
      configOf("resnet20_cifar", preparation, { classes: ["blue", "red"] }),
    );
    model.dispose();
    const ran = await foveaHere("eval", at("photos"), "--model", at("saved"), "--json", "--report", at("out/r.html"), "--confusion", at("out/c.csv"), "--predictions", at("out/p.csv")); // prettier-ignore
    expect([ran.status, ran.stderr]).toEqual([0, ""]);
    const json = JSON.parse(ran.stdout) as { top1: number; images: number; perClass: object[]; mistakes: { file: string; class: string }[] }; // prettier-ignore
    const [, ...rows] = parseCsv(readFileSync(at("out/p.csv"), "utf8"));
    expect(rows.map((row) => row[0])).toEqual(
      ["blue", "red"].flatMap((name) => [0, 1, 2, 3].map((i) => at(`photos/val/${name}/${i}.png`))),
    );
    expect(json.perClass).toEqual(["blue", "red"].map((name) => counted(rows, name)));
    const matrix = parseCsv(readFileSync(at("out/c.csv"), "utf8"));
    expect([matrix[0], matrix.map((row) => row[0])]).toEqual([["label", "blue", "red"], ["label", "blue", "red"]]); // prettier-ignore
    expect(matrix.slice(1).flatMap((row) => row.slice(1).map(Number)).reduce((a, b) => a + b)).toBe(8); // prettier-ignore
    expect(Number(matrix[1]![1]) + Number(matrix[2]![2])).toBe(json.top1 * 8);
    const wrong = rows.filter((row) => row[4] === "false").map((row) => row[0]);
    expect(json.mistakes.map(({ file }) => file).sort()).toEqual([...wrong].sort());
    const page = readFileSync(at("out/r.html"), "utf8");
    expect(page).toContain(`title="${wrong[0]}"`);
    expect(page).toContain(`>${wrong[0]!.slice(-"0.png".length).replace(".", ".<wbr />")}<`);
    expect(page).not.toMatch(/Epochs|Training loss/);
  });

  it.each([
    [1, ["--confusion", "saved"], "saved: cannot be written: it is a folder"],
    [2, ["--confusion", "x.csv", "--predictions", "x.csv"], "would be written twice"],
  ])("exits with %i before it evaluates, for %j", async (status, args, message) => {
    const paths = args.map((arg) => (arg.startsWith("--") ? arg : at(arg)));
    mkdirSync(dirname(at("saved/x")), { recursive: true });
    const ran = await foveaHere("eval", at("photos"), "--model", at("saved"), ...paths);
    expect([ran.status, ran.stdout]).toEqual([status, ""]);
    expect(ran.stderr).toContain(message);
  });
});
