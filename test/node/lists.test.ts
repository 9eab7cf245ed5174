// Datasets of list files: PaddleClas's, tables with a header, several labels a picture; and what is wrong with them, by line.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDataset } from "../../src/node/datasets/index.js";
import { foveaHere } from "../cli/run.js";
import { png } from "../helpers/pictures.js";

const top = mkdtempSync(join(tmpdir(), "fovea-lists-"));
let made = 0;

/** A folder with pictures a.png … f.png, and these files. */
function folder(files: Record<string, string>): string {
  const root = join(top, String(made++));
  for (const name of "abcdef") put(join(root, `jpg/${name}.png`), png(12, 10, [name.charCodeAt(0), 0, 0]));
  for (const [name, text] of Object.entries(files)) put(join(root, name), text);
  return root;
}

function put(path: string, data: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
}

beforeAll(() => mkdirSync(top, { recursive: true }));
afterAll(() => rmSync(top, { recursive: true }));

const shown = async (path: string) => {
  const { train, val } = await loadDataset(path);
  const of = (data: typeof train | undefined) =>
    data && [[...data.labels], data.targets && [...data.targets]];
  return { classes: [...train.classes], train: of(train), val: of(val) };
};

describe("a folder of lists", () => {
  it("is PaddleClas's: labels by number, their names beside them", async () => {
    const root = folder({
      "train_list.txt": "jpg/a.png 1\njpg/b.png 0\n\njpg/c.png 2\n",
      "val_list.txt": "jpg/d.png 2\r\n",
      "flowers_label_list.txt": "0 rose\n1 water lily\n2 tulip\n",
    });
    expect(await shown(root)).toEqual({
      classes: ["rose", "water lily", "tulip"],
      train: [[1, 0, 2], undefined],
      val: [[2], undefined],
    });
  });

  it("has several labels a picture, 0 or 1 for each class after a tab, as PaddleClas writes them", async () => {
    const root = folder({
      "train.txt": "jpg/a.png\t1,0,1\njpg/b.png\t0,0,0\n",
      "val.txt": "jpg/c.png\t0,1,0\n",
    });
    expect(await shown(root)).toEqual({
      classes: ["0", "1", "2"],
      train: [
        [0, -1],
        [1, 0, 1, 0, 0, 0],
      ],
      val: [[1], [0, 1, 0]],
    });
  });

  it("may be tables with a header, labels by name, several in one cell", async () => {
    const root = folder({
      "train.csv": 'id,Image,Labels\n1,jpg/a.png,"cat,dog"\n2,jpg/b.png,\n3,jpg/c.png,dog|bird\n',
      "val.csv": "image,labels\njpg/d.png,cat;bird\n",
    });
    expect(await shown(root)).toEqual({
      classes: ["bird", "cat", "dog"],
      train: [
        [1, -1, 0],
        [0, 1, 1, 0, 0, 0, 1, 0, 1],
      ],
      val: [[0], [1, 1, 0]],
    });
  });

  it("reads a single list by its path, with the list to evaluate on beside it", async () => {
    const root = folder({
      "train.csv": "path,label\njpg/a.png,red fox\njpg/b.png,cat\n",
      "val.csv": "path,label\njpg/c.png,cat\n",
    });
    expect(await shown(join(root, "train.csv"))).toEqual(await shown(root));
    const only = folder({ "photos.tsv": "path\tlabel\njpg/a.png\tred fox\njpg/b.png\tcat\n" });
    expect(await shown(join(only, "photos.tsv"))).toEqual({
      classes: ["cat", "red fox"],
      train: [[1, 0], undefined],
      val: undefined,
    });
  });
});

describe("a list is refused by line:", () => {
  it.each([
    [
      "no label",
      { "train.txt": "jpg/a.png 0\njpg/b.png\n" },
      'train.txt:2: no label; got "jpg/b.png"; expected path label',
    ],
    [
      "no header",
      { "train.csv": "jpg/a.png,0\n" },
      'train.csv:1: not a table of pictures; got "jpg/a.png,0"; expected a header with path',
    ],
    [
      "a row of other cells",
      { "train.csv": "path,label\njpg/a.png,0,1\n" },
      "train.csv: row 2 has 3 cells; expected 2",
    ],
    [
      "a quote that does not end",
      { "train.csv": 'path,label\njpg/a.png,"0\n' },
      "train.csv: an unclosed quote",
    ],
    ["a missing picture", { "train.txt": "jpg/z.png 0\n" }, "train.txt:1: no such picture"],
    ["a path out of the folder", { "train.txt": "../x.png 0\n" }, "train.txt:1: a path out of the folder"],
    [
      "a class the training list has not",
      { "train.csv": "path,label\njpg/a.png,cat\n", "val.csv": "path,label\njpg/b.png,cow\n" },
      'val.csv:2: unknown class; got "cow"; expected one of cat',
    ],
    [
      "a label beyond the names",
      { "train.txt": "jpg/a.png 2\n", "classes.txt": "cat\ndog\n" },
      "train.txt:1: label out of range; got 2; expected 0…1",
    ],
    [
      "a name missing",
      { "train.txt": "jpg/a.png 0\n", "label_list.txt": "0 cat\n2 dog\n" },
      "label_list.txt: no name of label 1",
    ],
    ["nothing", { "train.txt": "\n" }, "train.txt: no pictures"],
  ] as [string, Record<string, string>, string][])("%s", async (_, files, message) => {
    await expect(loadDataset(folder(files))).rejects.toThrow(message);
  });
});

it("lists of absurdly many labels are refused by name, at once", async () => {
  const start = performance.now();
  const line = folder({ "train.csv": `path,label\njpg/a.png,"${"1,".repeat(2 ** 20)}1"\n` });
  await expect(loadDataset(line)).rejects.toThrow(
    `${line}/train.csv:2: too many labels of a picture; got 1048577 labels; expected at most 1048576`,
  );
  const rows = Array.from({ length: 20_000 }, (_, i) => `jpg/a.png,x|n${i}`);
  const names = folder({ "train.csv": ["path,label", ...rows].join("\n") });
  await expect(loadDataset(names)).rejects.toThrow(
    "targets of 20000 images of several of 20001 classes; expected at most 268435456 numbers",
  );
  expect(performance.now() - start).toBeLessThan(20_000);
});

it("fovea train learns several classes a picture from a list", { timeout: 60_000 }, async () => {
  const root = folder({
    "train.csv": 'path,labels\njpg/a.png,"x,y"\njpg/b.png,y\njpg/c.png,x\njpg/d.png,"x,y"\n',
    "val.csv": "path,labels\njpg/e.png,x\njpg/f.png,y\n",
  });
  const out = join(root, "run");
  const { stdout, stderr } = await foveaHere(
    ...[
      "train",
      root,
      "--model",
      "resnet20_cifar",
      "--img-size",
      "32",
      "--epochs",
      "1",
      "--batch-size",
      "2",
      "--json",
      "--workers",
      "0",
      "--out",
      out,
    ],
  );
  const metrics = JSON.parse(stdout) as Record<string, unknown>;
  expect(stderr).toContain("several classes a picture: loss bce (--loss)");
  expect(metrics, stderr).toMatchObject({ classes: ["x", "y"], map: expect.any(Number) as number });

  // The same pictures and classes, but with one class each.
  writeFileSync(join(root, "train.csv"), "path,labels\njpg/a.png,x\njpg/b.png,y\njpg/c.png,x\njpg/d.png,x\n");
  const resumed = await foveaHere("train", "--resume", out, "--epochs", "2");
  expect(resumed.stderr).toContain(
    'belongs to a training run on other data; task: got "single-label", expected "multi-label"',
  );
});
