// What loadDataset() makes of folders as people have them: which parts, which files, and what it says aloud.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setDecoder } from "../../src/data/decode/index.js";
import { classCounts } from "../../src/data/index.js";
import { FileDataset, ImageFolder, loadDataset, type LoadedDataset } from "../../src/node/datasets/index.js";
import { checkFolder } from "../../src/node/check-folder.js";
import { jpg, png, tar } from "../helpers/pictures.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fovea-layout-"));
});
afterEach(() => {
  setDecoder(undefined);
  rmSync(root, { recursive: true });
});

const red = png(2, 1, [255, 0, 0]);
const text = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
const webp = text("RIFF\x24\0\0\0WEBPVP8 \0\0\0\0");

function put(files: Record<string, Uint8Array | string>): void {
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), data);
  }
}

/** Two classes of one picture in each of these folders. */
const twoClasses = (...parts: string[]): void =>
  put(
    Object.fromEntries(parts.flatMap((part) => ["cat", "dog"].map((name) => [`${part}/${name}/0.png`, red]))),
  );

const names = (set: unknown): string[] => {
  const { files, length } = set as FileDataset;
  return Array.from({ length }, (_, i) => files.at(i));
};
const notes = ({ notes }: LoadedDataset): string => notes.join("\n").replaceAll(root, "ROOT");

describe("parts", () => {
  it.each([
    ["training", "validation"],
    ["Train", "Test"],
    ["TRAIN", "VAL"],
    ["train", "valid"],
    ["train", "dev"],
    ["train", "Eval"],
    ["train_set", "test-set"],
    ["Training Images", "testing"],
    ["train2017", "val2017"],
    ["images_train", "images_val"],
    ["seg_train", "seg_test"],
    ["train_224", "val_224"],
    ["trainA", "testB"],
    ["01_train", "02-holdout"],
    ["CUB_train", "CUB_test"],
    ["Train (1)", "Test (1)"],
    ["train.data", "val.data"],
    ["trn", "tst"],
    ["train_cropped", "validation_cropped"],
  ])("are found in %s/ and %s/", async (train, val) => {
    twoClasses(train, val);
    const loaded = await loadDataset(root);
    expect([loaded.train.name, loaded.val!.name]).toEqual([join(root, train), join(root, val)]);
    expect([loaded.train.classes, loaded.val!.classes]).toEqual([
      ["cat", "dog"],
      ["cat", "dog"],
    ]);
    expect(loaded.notes).toEqual([]);
  });

  it("say which of their neighbours are not read", async () => {
    twoClasses("train", "test", "val", "extra");
    put({ "test1/1.jpg": red, "loose.jpg": red });
    const loaded = await loadDataset(root);
    expect(loaded.val!.name).toBe(join(root, "val"));
    expect(notes(loaded)).toContain("ROOT: not read, as no part's name: extra/");
    expect(notes(loaded)).toContain("ROOT: not read, as there are no class folders in it: test1/");
    expect(notes(loaded)).toContain("ROOT: not read, as val/ is there: test/");
  });

  it("without class folders are named, or refused where they are all that is there", async () => {
    twoClasses("train");
    put({ "test/1.png": red, "loose.png": red });
    const said = notes(await loadDataset(root));
    expect(said).toContain("ROOT: not read, as there are no class folders in it: test/");
    expect(said).toContain("left out: 1 picture (ROOT/loose.png): is in no class folder");
    put({ "b/train/1.png": red, "b/val/1.png": red, "c/train/1.png": red, "c/val/cat/1.png": red });
    for (const name of ["b", "c"]) {
      const train = join(root, name, "train");
      const what = `${train}: no class folders; expected ${join(train, "<class>", "*.jpg")}`;
      await expect(loadDataset(join(root, name))).rejects.toThrow(what);
      await expect(checkFolder(join(root, name))).rejects.toThrow(`${train}: no class folders`);
    }
  });

  it("are found in folders that hold nothing else, which is reported", async () => {
    twoClasses("a/data/train", "a/data/val", "b/photos", "c/seg_train/seg_train", "c/seg_test/seg_test");
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => loadDataset(join(root, name))));
    expect([a!.train.name, a!.val!.name]).toEqual(["train", "val"].map((part) => join(root, "a/data", part)));
    expect(notes(a!)).toBe("ROOT/a: holds one folder and nothing else; read ROOT/a/data");
    expect([b!.train.name, b!.train.classes]).toEqual([join(root, "b/photos"), ["cat", "dog"]]);
    expect([c!.train.classes, c!.val!.classes]).toEqual([
      ["cat", "dog"],
      ["cat", "dog"],
    ]);
    const report = await checkFolder(join(root, "a"), { minSize: 1 });
    expect(report.splits.map(({ name, images }) => [name, images])).toEqual([
      ["train", 2],
      ["val", 2],
    ]);
  });

  it("with unknown names are classes, and evidence against that is reported", async () => {
    twoClasses("entrenamiento", "prueba");
    const loaded = await loadDataset(root);
    expect(loaded.train.classes).toEqual(["entrenamiento", "prueba"]);
    expect(notes(loaded)).toContain(
      "ROOT: the classes are entrenamiento, prueba, and in each there are cat, dog; if these are the classes, call",
    );
  });

  it("are classes where all are tests, or all trains", async () => {
    put({ "blood_test/0.png": red, "skin_test/0.png": red });
    expect((await loadDataset(root)).train.classes).toEqual(["blood_test", "skin_test"]);
    put({ "x/bullet train/1.png": red, "x/steam train/old/2.png": red });
    expect((await loadDataset(join(root, "x"))).train.classes).toEqual(["bullet train", "steam train"]);
  });

  it("say that there is none to evaluate on", async () => {
    twoClasses("Train");
    const said = notes(await loadDataset(root));
    expect(said).toContain("ROOT/Train: no part to evaluate on (val/, valid/, ");
    expect(said).toContain("--val-fraction 0.2");
    twoClasses("folder");
    expect(notes(await loadDataset(join(root, "folder")))).toContain("no part to evaluate on");
  });

  it("only for evaluation are not classes", async () => {
    twoClasses("Test");
    const { train, val, notes } = await loadDataset(root);
    expect(train).toBe(val);
    expect([val!.classes, notes.join()]).toEqual([
      ["cat", "dog"],
      expect.stringContaining("nothing to train on"),
    ]);
  });

  it("are classes where pictures travel", async () => {
    put({ "bus/0.png": red, "car/0.png": red, "train/0.png": red });
    const { train, val } = await loadDataset(root);
    expect([train.classes, val]).toEqual([["bus", "car", "train"], undefined]);
  });

  it("for training must be one", async () => {
    twoClasses("train", "Training");
    await expect(loadDataset(root)).rejects.toThrow(
      `${root}: 2 folders for training; got Training, train; expected one`,
    );
  });

  it("of shards are recognised by words in their names or folders, in any case", async () => {
    const shard = tar([
      ["a.png", red],
      ["a.cls", "1"],
    ]);
    put({
      "imagenet-Train-000.tar": shard,
      "imagenet-train-001.tar": shard,
      "imagenet-val-000.tar": shard,
      "x.tar": shard,
    });
    const loaded = await loadDataset(root);
    expect([loaded.train.length, loaded.val!.length]).toEqual([2, 1]);
    expect(notes(loaded)).toContain("ROOT: shards that are not read: ROOT/x.tar");
    twoClasses("d/photos");
    put({ "d/a.tar": shard });
    expect(notes(await loadDataset(join(root, "d")))).toContain(
      "ROOT/d: not read, as there are shards: photos/",
    );
    put({ "b/Training/0.tar": shard, "b/dev/0.tar": shard, "c/0.tar": shard, "c/1.tar": shard });
    const below = await loadDataset(join(root, "b"));
    expect([below.train.length, below.val!.length]).toEqual([1, 1]);
    expect((await loadDataset(join(root, "c"))).train.length).toBe(2);
  });
});

describe("files", () => {
  it("of known formats are taken, whatever they are called", async () => {
    put({
      "a/1.jfif": jpg(8, 8),
      "a/2.JPE": jpg(8, 8),
      "a/3": red,
      "a/4.webp": red,
      "a/5.bmp": "BM",
      "a/6.ppm": "P6 1 1 255 abc",
    });
    put({ "b/7.dat": jpg(8, 8), "b/notes.txt": "mine" });
    const set = new ImageFolder(root);
    expect(names(set)).toEqual(["a/1.jfif", "a/2.JPE", "a/3", "a/4.webp", "a/5.bmp", "a/6.ppm", "b/7.dat"]);
    expect(await set.image(1)).toMatchObject({ width: 8 });
    expect(await set.image(5)).toMatchObject({ data: text("abc") });
    expect(set.notes).toEqual([`${root}: 1 file that is not a picture: b/notes.txt`]);
  });

  it("of formats that nothing reads are left out aloud, with what reads them", async () => {
    put({ "a/0.png": red, "a/1.webp": webp, "a/2.webp": webp, "b/0.png": red });
    put({ "b/x.heic": text("\0\0\0\x18ftypheic"), "b/y.tif": text("II*\0\x08\0\0\0"), "b/photo": webp });
    const loaded = await loadDataset(root);
    expect(loaded.train.length).toBe(2);
    expect(loaded.leftOut.map(({ file }) => file.slice(root.length + 1))).toEqual([
      "a/1.webp",
      "a/2.webp",
      "b/photo",
      "b/x.heic",
      "b/y.tif",
    ]);
    expect(notes(loaded)).toContain("left out: 3 pictures (ROOT/a/1.webp, ROOT/a/2.webp, ROOT/b/photo): ");
    expect(notes(loaded)).toContain("got WebP; expected PNG, JPEG, BMP, PNM; --decoder sharp, or useDecoder");
    expect(notes(loaded)).toContain("got HEIC; expected PNG, JPEG, BMP, PNM; --decoder jsquash");
  });

  it("of formats that nothing reads are left out of lists too", async () => {
    put({
      "0.png": red,
      "1.webp": webp,
      "2.png": red,
      "train.csv": "path,label\n0.png,a\n1.webp,a\n2.png,b\n",
    });
    const loaded = await loadDataset(root);
    expect([loaded.train.length, ...loaded.train.labels]).toEqual([2, 0, 1]);
    expect(loaded.leftOut).toEqual([
      {
        file: `${root}/1.webp`,
        reason: expect.stringMatching(/^cannot decode this format; got WebP;/) as string,
      },
    ]);
    put({ "train.csv": "path,label\n1.webp,a\n" });
    await expect(loadDataset(root)).rejects.toThrow(
      `${root}/train.csv: no pictures that can be read; got ${root}/1.webp: cannot decode this format; got WebP`,
    );
  });

  it("are taken by a decoder that reads them", async () => {
    put({ "a/1.webp": webp, "b/0.png": red });
    const image = { data: Uint8Array.of(1, 2, 3), width: 1, height: 1, channels: 3 };
    setDecoder({ name: "mine", formats: ["webp"], decode: () => image });
    const set = new ImageFolder(root);
    expect(names(set)).toEqual(["a/1.webp", "b/0.png"]);
    expect(set.leftOut).toEqual([]);
    expect(await set.image(0)).toEqual(image);
  });

  it("make a class that has nothing else an error that says what to do", () => {
    put({ "a/0.png": red, "b/1.webp": webp });
    expect(() => new ImageFolder(root)).toThrow(
      `${root}: class 'b' has no pictures that can be read; got 1 picture as b/1.webp: cannot decode this format; got WebP;`,
    );
  });

  it("that are hidden, the system's own or beside the classes are neither classes nor pictures, and listed", async () => {
    put({
      "__MACOSX/cat/._0.png": "x",
      ".git/x/0.png": red,
      "cat/.ipynb_checkpoints/0.png": red,
      "cat/._0.png": "x",
    });
    put({ "pictures.zip": "PK", "labels.txt": "x" });
    put({ "cat/0.png": red, "cat/Thumbs.db": "x", "cat/.DS_Store": "x", "dog/0.png": red, "lost.jpg": red });
    const loaded = await loadDataset(root);
    expect([loaded.train.classes, names(loaded.train)]).toEqual([
      ["cat", "dog"],
      ["cat/0.png", "dog/0.png"],
    ]);
    const ignored = "ROOT: ignored: hidden or the system's own: .git/, __MACOSX/, cat/.DS_Store and 3 more";
    expect(notes(loaded)).toContain(ignored);
    expect(notes(loaded)).toContain("ROOT: 1 file that is not a picture: pictures.zip");
    expect(loaded.leftOut).toEqual([{ file: join(root, "lost.jpg"), reason: "is in no class folder" }]);
  });
});

describe("links", () => {
  const link = (path: string, to: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(to, join(root, path));
  };

  it("to one folder from two classes give both its pictures, in check too", async () => {
    put({ "real/0.png": red, "data/cow/0.png": jpg(2, 1) });
    link("data/cat", "../real");
    link("data/dog", "../real");
    const { train } = await loadDataset(join(root, "data"));
    expect(names(train)).toEqual(["cat/0.png", "cow/0.png", "dog/0.png"]);
    const { splits } = await checkFolder(join(root, "data"), { minSize: 1 });
    expect(splits[0]!.classes).toEqual({ cat: 1, cow: 1, dog: 1 });
  });

  it("back to a folder around, or twice to the same, are not followed, and named", async () => {
    put({ "cat/0.png": red, "dog/0.png": red, "dog/more/1.png": red });
    link("cat/loop", "..");
    link("dog/again", "more");
    const loaded = await loadDataset(root);
    expect(names(loaded.train)).toEqual(["cat/0.png", "dog/0.png", "dog/again/1.png"]);
    expect(notes(loaded)).toContain(
      "ROOT: not read: links to folders that are read elsewhere: cat/loop/, dog/more/",
    );
    const { remarks } = await checkFolder(root, { minSize: 1 });
    expect(remarks.flatMap(({ kind, paths }) => (kind === "ignored" ? paths : []))).toEqual([
      "cat/loop/",
      "dog/more/",
    ]);
  });
});

describe("a split by valFraction", () => {
  it("leaves every class an image to train on, and says which have none to evaluate", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) put({ [`${name}/0.png`]: red });
    for (let i = 0; i < 10; i++) put({ [`g/${i}.png`]: red });
    for (const seed of [0, 1, 2, 3]) {
      const loaded = await loadDataset(root, { valFraction: 0.2, seed });
      expect(classCounts(loaded.train).slice(0, 6)).toEqual([1, 1, 1, 1, 1, 1]);
      expect(loaded.train.length + loaded.val!.length).toBe(16);
      expect(loaded.val!.length).toBeGreaterThan(0);
      const said = "ROOT: 6 classes with too few images to evaluate any of: a, b, c and 3 more";
      expect(notes(loaded)).toBe(said);
    }
  });
});
