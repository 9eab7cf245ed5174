import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ImageDataset, Subset, type Dataset } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { byCodePoint } from "../../src/node/datasets/names.js";
import {
  FileDataset,
  ImageFolder,
  ImageList,
  openDataset,
  TarDataset,
} from "../../src/node/datasets/index.js";
import { useDecoder } from "../../src/node/decoder.js";
import { png, tar } from "../helpers/pictures.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function put(files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), data);
  }
}

const red = png(2, 1, [255, 0, 0]);
const blue = png(3, 1, [0, 0, 255]);
const paths = (set: FileDataset): string[] => Array.from({ length: set.length }, (_, i) => set.files.at(i));

describe("ImageFolder", () => {
  it("takes class folders by code point, files as torchvision orders them", async () => {
    await put({
      "b/2.png": red,
      "b/10.PNG": red,
      "b/sub/1.jpeg": blue,
      "b/sub/deep/1.png": blue,
      "b/sub-1/1.png": blue,
      "B/x.jpg": red,
      "B/.hidden.png": red,
      "B/notes.txt": "",
      ".git/x.png": red,
      "ä/x.png": blue,
      "readme.png": red,
    });
    const set = new ImageFolder(root);
    expect(set.classes).toEqual(["B", "b", "ä"]);
    expect(paths(set)).toEqual([
      "B/x.jpg",
      "b/10.PNG",
      "b/2.png",
      "b/sub/1.jpeg",
      "b/sub-1/1.png",
      "b/sub/deep/1.png",
      "ä/x.png",
    ]);
    expect([...set.labels]).toEqual([0, 1, 1, 1, 1, 1, 2]);
    expect(await set.image(6)).toMatchObject({ width: 3, height: 1, channels: 3 });
    expect(set.path(0)).toBe(join(root, "B/x.jpg"));
  });

  it("follows links, once, and none back to a folder around", async () => {
    await put({ "real/a/1.png": red, "set/b/1.png": red });
    await symlink(join(root, "real/a"), join(root, "set/a"));
    await symlink(join(root, "set"), join(root, "set/b/again"));
    expect(paths(new ImageFolder(join(root, "set")))).toEqual(["a/1.png", "b/1.png"]);
  });

  it.skipIf(process.platform === "win32")(
    "passes over pipes, and leaves links in a circle to the reader",
    async () => {
      await put({ "a/1.png": red });
      execFileSync("mkfifo", [join(root, "a/2.png")]);
      await symlink("3.png", join(root, "a/3.png"));
      const set = new ImageFolder(root);
      expect(paths(set)).toEqual(["a/1.png", "a/3.png"]);
      expect(() => set.image(1)).toThrow(`${root}/a/3.png: cannot be read: ELOOP`);
    },
  );

  it("keeps labels of classes that are absent where folders are given", async () => {
    await put({ "n3/1.png": red, "n1/1.png": blue });
    const set = new ImageFolder(root, { folders: ["n1", "n2", "n3"], classes: ["one", "two", "three"] });
    expect([...set.labels]).toEqual([0, 2]);
    expect(set.classes).toEqual(["one", "two", "three"]);
    expect(() => new ImageFolder(root, { folders: ["n1"] })).toThrow(
      new DataError(`${root}: unknown class folder 'n3'; expected the 1 given`),
    );
    expect(() => new ImageFolder(root, { classes: ["one"] })).toThrow(
      new DataError(`${root}: 1 names of classes; expected 2, one a folder`),
    );
  });

  it("names what is wrong", async () => {
    await put({ "a/1.png": red.subarray(0, 40), "a/2.jpg": "GIF89a......", "b/notes.txt": "" });
    const none = join(root, "none");
    expect(() => new ImageFolder(none)).toThrow(`${none}: cannot be read: ENOENT`);
    expect(() => new ImageFolder(join(root, "a"))).toThrow(
      `${root}/a: no class folders; expected ${root}/a/<class>`,
    );
    expect(() => new ImageFolder(root)).toThrow(
      new DataError(
        `${root}: class 'b' has no pictures that can be read; expected files of PNG, JPEG, BMP, PNM`,
      ),
    );
    const set = new ImageFolder(root, { allowEmpty: true });
    expect(set.classes).toEqual(["a", "b"]);
    expect(() => set.image(0)).toThrow(`${root}/a/1.png: truncated PNG; got`);
    expect(() => set.image(1)).toThrow(
      `${root}/a/2.jpg: cannot decode this format; got GIF; expected PNG, JPEG, BMP, PNM; --decoder sharp`,
    );
    await rm(join(root, "a/1.png"));
    expect(() => set.image(0)).toThrow(`${root}/a/1.png: cannot be read: ENOENT`);
  });

  it("sorts by code point, not by UTF-16", () => {
    expect(["\u{1F600}", "\uFF5E", "z", "zz", ""].sort(byCodePoint)).toEqual([
      "",
      "z",
      "zz",
      "\uFF5E",
      "\u{1F600}",
    ]);
  });
});

describe("ImageList", () => {
  const list = (...lines: string[]): Promise<void> => put({ "list.txt": lines.join("\n") });
  const open = (options = {}): ImageList => new ImageList(root, join(root, "list.txt"), options);

  it("reads paths and labels, spaces in paths and other delimiters too", async () => {
    await put({ "a/my cat.png": red, "b.png": blue });
    await list("a/my cat.png 1\r", "", "b.png 0");
    const set = open();
    expect(paths(set)).toEqual(["a/my cat.png", "b.png"]);
    expect([...set.labels]).toEqual([1, 0]);
    expect(set.classes).toEqual(["0", "1"]);
    await list("a/my cat.png\t1");
    expect([...open({ delimiter: "\t", classes: ["x", "y"] }).labels]).toEqual([1]);
  });

  it.each([
    ["b.png", 'no label; got "b.png"; expected path label'],
    ["b.png x", 'no label; got "b.png x"; expected path label'],
    ["b.png 2", "label out of range; got 2; expected 0…1"],
    ["b.png -1", "label out of range; got -1; expected 0…1"],
    ["n2/a.png 0", "label disagrees with the folder; got 0 for n2/a.png; expected 1"],
    ["b.png 1", "label disagrees with line 1; got 1 for b.png; expected 0"],
  ])("names file and line of '%s'", async (line, message) => {
    await put({ "b.png": red, "n2/a.png": red });
    await list("b.png 0", line);
    const options = { classes: ["one", "two"], folders: ["n1", "n2"] };
    expect(() => open(options)).toThrow(new DataError(`${root}/list.txt:2: ${message}`));
  });

  it("refuses labels that no list of classes could hold, and takes a picture twice", async () => {
    await put({ "b.png": red });
    await list("b.png 0", "b.png 0");
    expect([...open().labels]).toEqual([0, 0]);
    await list("b.png 4000000000");
    expect(() => open()).toThrow(
      new DataError(`${root}/list.txt:1: label out of range; got 4000000000; expected 0…1048575`),
    );
  });

  it("names the line of a missing picture, and an empty list", async () => {
    await list("none.png 0");
    expect(() => open()).toThrow(new DataError(`${root}/list.txt:1: no such picture; got ${root}/none.png`));
    await list("");
    expect(() => open()).toThrow(
      new DataError(`${root}/list.txt: no pictures; expected lines of path label`),
    );
  });

  it("reads several labels a picture, or none", async () => {
    await put({ "a.png": red, "b.png": blue });
    await list("a.png 2,0", "b.png -", "b.png 1");
    const set = open({ multiLabel: true });
    expect([...set.targets!]).toEqual([1, 0, 1, 0, 0, 0, 0, 1, 0]);
    expect([...set.labels]).toEqual([0, -1, 1]);
    expect(set.classes).toEqual(["0", "1", "2"]);
    const again = await openDataset(structuredClone(set.source!));
    expect([...again.targets!]).toEqual([...set.targets!]);
  });

  it.each([
    ["b.png", 'no label; got "b.png"; expected path label,label,…'],
    ["b.png 0,", 'no label; got "b.png 0,"; expected path label,label,…'],
    ["b.png 0,2", "label out of range; got 2; expected 0…1"],
    ["b.png 0,-1", "label out of range; got -1; expected 0…1"],
    ["n2/a.png 0", "label disagrees with the folder; got 0 for n2/a.png; expected 1"],
  ])("names file and line of '%s', of several labels", async (line, message) => {
    await put({ "b.png": red, "n2/a.png": red });
    await list("n2/a.png 0,1", line);
    const options = { classes: ["one", "two"], folders: ["n1", "n2"], multiLabel: true };
    expect(() => open(options)).toThrow(new DataError(`${root}/list.txt:2: ${message}`));
  });
});

describe("TarDataset", () => {
  it("refuses labels that no list of classes could hold", async () => {
    await put({
      "0.tar": tar([
        ["a.png", red],
        ["a.cls", "4000000000"],
      ]),
    });
    expect(() => TarDataset.open([join(root, "0.tar")])).toThrow(
      new DataError(`${root}/0.tar: label out of range; got 4000000000 for a.png; expected 0…1048575`),
    );
  });

  it("finds samples in all shards, at any place", async () => {
    await put({
      "0.tar": tar([
        ["./a.png", red],
        ["./a.cls", "0"],
        ["./a.seg.png", blue],
        ["d/b.jpg", blue],
        ["d/b.json", '{"label": 2, "text": "x"}'],
        ["d/.DS_Store", "x"],
      ]),
      "1.tar": tar([
        ["c.cls", "1\n"],
        ["c.png", red],
        ["c.txt", "words"],
      ]),
    });
    const shards = [join(root, "0.tar"), join(root, "1.tar")];
    const set = TarDataset.open(shards, { classes: ["x", "y", "z"] });
    expect([...set.labels]).toEqual([0, 2, 1]);
    const widths = await Promise.all([2, 1, 0].map(async (i) => (await set.image(i)).width));
    expect(widths).toEqual([2, 3, 2]);
  });

  it.each([
    [
      "two pictures",
      [
        ["a.png", red],
        ["a.jpg", red],
      ],
      "sample 'a' has two pictures; got a.png and a.jpg",
    ],
    [
      "another class",
      [
        ["a.png", red],
        ["a.cls", "cat"],
      ],
      'a.cls: no class; got "cat"; expected a number',
    ],
    [
      "a class as text in JSON",
      [
        ["a.png", red],
        ["a.json", '{"label":"x"}'],
      ],
      'a.json: no class; got "{\\"label\\":\\"x\\"}"; expected a number under "label"',
    ],
    [
      "damaged JSON",
      [
        ["a.png", red],
        ["a.json", "{"],
      ],
      'a.json: no class; got "{"; expected a number under "label"',
    ],
    [
      "a class of 3",
      [
        ["a.png", red],
        ["a.cls", "3"],
      ],
      "label out of range; got 3 for a.png; expected 0…1",
    ],
    ["nothing", [], "no samples in 1 tar; expected key.jpg and key.cls"],
  ] as const)("refuses a shard with %s", async (_, files, message) => {
    await put({ "0.tar": tar(files) });
    const path = join(root, "0.tar");
    expect(() => TarDataset.open([path], { classes: ["x", "y"] })).toThrow(
      new DataError(`${path}: ${message}`),
    );
  });

  it("refuses damaged shards, by byte", async () => {
    const good = tar([
      ["a.png", red],
      ["a.cls", "0"],
    ]);
    const path = join(root, "0.tar");
    await put({ "0.tar": good.subarray(0, 540) });
    expect(() => TarDataset.open([path])).toThrow(
      new DataError(`${path}: truncated tar; got 28 bytes of the entry at 0; expected ${red.length}`),
    );
    await put({ "0.tar": good.map((b, i) => (i === 5 ? 65 : b)) });
    expect(() => TarDataset.open([path])).toThrow(`${path}: not a tar file; got checksum`);
    expect(() => TarDataset.open([])).toThrow(
      new DataError("TarDataset: no shards; got []; expected paths of .tar files"),
    );
  });

  it("reads long names of GNU tar and pax", async () => {
    const long = `${"d/".repeat(60)}picture`;
    const record = ` path=${long}.cls\n`;
    const pax = `${record.length + 3}${record}`;
    await put({
      "0.tar": tar([
        ["././@LongLink", `${long}.png\0`, "L"],
        ["short", red],
        ["PaxHeader", pax, "x"],
        ["short", "1"],
      ]),
    });
    const set = TarDataset.open([join(root, "0.tar")]);
    expect([...set.labels]).toEqual([1]);
    expect(await set.image(0)).toMatchObject({ width: 2 });
  });
});

describe("openDataset", () => {
  async function same(set: Dataset): Promise<void> {
    const copy = await openDataset(structuredClone(set.source!));
    expect([copy.name, copy.length, copy.classes]).toEqual([set.name, set.length, set.classes]);
    expect(copy.labels).toEqual(set.labels);
    for (let i = 0; i < set.length; i++) expect(await copy.image(i)).toEqual(await set.image(i));
  }

  it("opens files, shards, memory and subsets from their sources", async () => {
    await put({
      "a/1.png": red,
      "b/2.png": blue,
      "list.txt": "a/1.png 1\nb/2.png 0",
      "0.tar": tar([
        ["a.png", red],
        ["a.cls", "0"],
      ]),
    });
    const folder = new ImageFolder(root, { channels: 1 });
    await same(folder);
    await same(new ImageList(root, join(root, "list.txt")));
    await same(TarDataset.open([join(root, "0.tar")]));
    await same(new Subset(new Subset(folder, [1, 0, 1]), [0, 1], "some"));
    const fields = {
      images: Uint8Array.of(1, 2, 3, 4),
      labels: [1, 0],
      shape: [1, 2, 1] as const,
      classes: ["x", "y"],
    };
    const memory = new ImageDataset(fields);
    await same(memory);
    await same(memory.slice(1, 2));
    expect((memory.source.images as Uint8Array).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memory.images.buffer).toBe((memory.source.images as Uint8Array).buffer);
  });

  it("refuses other kinds", async () => {
    await expect(openDataset({ kind: "cloud" })).rejects.toThrow(
      new DataError("openDataset: unknown kind 'cloud'; known: concat, files, memory, module, subset, tar"),
    );
  });
});

describe("useDecoder", () => {
  it("takes jpeg-js and fovea's own, and says what is unknown or not installed", async () => {
    expect(await useDecoder("jpeg-js")).toBe("jpeg-js; fovea");
    expect(await useDecoder("fovea")).toBe("fovea");
    await expect(useDecoder("libpng" as "auto")).rejects.toThrow(
      new DataError("useDecoder: unknown decoder 'libpng'; known: auto, fovea, jpeg-js, jsquash, sharp"),
    );
    await useDecoder("jsquash").catch((error: Error) => {
      expect(error.message).toMatch(
        /^useDecoder: cannot load @jsquash\/jpeg: .*; npm install @jsquash\/jpeg$/,
      );
    });
    const installed = await useDecoder("auto");
    if (installed !== "fovea") return void (await useDecoder("fovea"));
    await expect(useDecoder("sharp")).rejects.toThrow(
      "useDecoder: cannot load sharp: Cannot find module 'sharp'",
    );
    await expect(useDecoder("jsquash")).rejects.toThrow(
      "useDecoder: cannot load @jsquash/jpeg: Cannot find module",
    );
  });
});
