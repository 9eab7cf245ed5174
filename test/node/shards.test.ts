// Shards as WebDataset reads them (test/golden/shards.py), and what is said of files that become no sample.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tarSamples } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { loadDataset, TarDataset } from "../../src/node/datasets/index.js";
import { jpg, png, tar } from "../helpers/pictures.js";

interface Case {
  name: string;
  files: string[];
  samples: { key: string; fields: string[] }[] | { error: string };
}
const golden = JSON.parse(readFileSync(new URL("../golden/shards.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const red = png(2, 1, [255, 0, 0]);
const webp = Uint8Array.from("RIFF\x24\0\0\0WEBPVP8 ", (c) => c.charCodeAt(0));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fovea-shards-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function open(...files: (readonly [string, Uint8Array | string, string?])[]): TarDataset {
  writeFileSync(join(root, "0.tar"), tar(files));
  return TarDataset.open([join(root, "0.tar")]);
}
const leftOut = (set: TarDataset): string[] =>
  set.leftOut.map(({ file, reason }) => `${file.slice(root.length + 1)}: ${reason}`);

describe("samples of a shard", () => {
  it.each(golden.cases)("are WebDataset's: $name", ({ files, samples }) => {
    const bytes = tar(
      files.map((name, i) => [name, /jpg|png/i.test(name) ? red : `${i}`.replace(/.*/, "1")]),
    );
    const left: string[] = [];
    const read = (): string[] =>
      [
        ...tarSamples((at, n) => bytes.subarray(at, at + n), bytes.length, "f", {
          leave: (name) => left.push(name),
        }),
      ].map(({ picture }) => picture.name);
    if ("error" in samples) {
      const twice = samples.error.split(":")[0]!;
      expect(read).toThrow(`f: sample 'a' has two fields 'jpg'; got a.jpg and ${twice}`);
      return;
    }
    // One picture and one class make a sample that can be learnt from.
    const ends = (fields: string[], end: string): string[] =>
      fields.filter((f) => f === end || f.endsWith(`.${end}`));
    const whole = samples.filter(
      ({ fields }) => ends(fields, "jpg").length === 1 && ends(fields, "cls").length === 1,
    );
    const name = (key: string, field: string): string =>
      files.find((file) => file.toLowerCase() === `${key}.${field}`.toLowerCase() && file.startsWith(key))!;
    expect(read()).toEqual(whole.map(({ key, fields }) => name(key, ends(fields, "jpg")[0]!)));
    const rest = samples.filter((sample) => !whole.includes(sample));
    expect(new Set(left.map((file) => file.replace(/(\/|^)([^./]+)\..*$/, "$1$2")))).toEqual(
      new Set(rest.map(({ key }) => key)),
    );
  });

  it("may have dots in their names", async () => {
    const set = open(
      ["photo.v2.jpg", jpg(8, 8)],
      ["photo.v2.cls", "3"],
      ["b.x.y.png", red],
      ["b.x.y.json", '{"label": 1}'],
    );
    expect([...set.labels]).toEqual([3, 1]);
    expect([set.leftOut, set.notes]).toEqual([[], []]);
    expect(await set.image(0)).toMatchObject({ width: 8 });
  });

  it("take a class from .cls whatever .json says, in either order", () => {
    const set = open(
      ...[["a.json", '{"text": "a cat"}'] as const, ["a.cls", "2"] as const, ["a.jpg", red] as const],
      ...[["b.cls", "1"] as const, ["b.jpg", red] as const, ["b.json", "{}"] as const],
      ...[["c.json", "[1]"] as const, ["c.jpg", red] as const, ["c.cls", "0"] as const],
    );
    expect([...set.labels]).toEqual([2, 1, 0]);
  });

  it("that lack something are left out and named, with other files", () => {
    const set = open(
      ["a.jpg", red],
      ["a.cls", "0"],
      ["2021.01.jpg", red],
      ["2021.01.cls", "1"],
      ["2021.02.jpg", red],
      ["2021.02.cls", "1"],
      ["alone.jpg", red],
      ["label.cls", "1"],
      ["c.json", "{}"],
      ["c.jpg", red],
      ["d.webp", webp],
      ["d.cls", "1"],
      ["README", "words"],
      ["x/.DS_Store", "x"],
      ["__meta__/a.jpg", red],
      ["link.jpg", "", "2"],
      ["folder/", "", "5"],
    );
    expect([...set.labels]).toEqual([0]);
    const many = "2 pictures in sample '2021': names up to the first dot make one";
    expect(leftOut(set)).toEqual([
      `0.tar: 2021.01.jpg: ${many}`,
      `0.tar: 2021.02.jpg: ${many}`,
      '0.tar: alone.jpg: no class; expected alone.cls, or alone.json with a number under "label"',
      "0.tar: label.cls: no picture; expected label.jpg, .png or the like",
      '0.tar: c.jpg: no class; expected c.cls, or c.json with a number under "label"',
      expect.stringMatching(
        /^0\.tar: d\.webp: cannot decode this format; got WebP; expected .*--decoder sharp/,
      ),
    ]);
    const files = "README, x/.DS_Store, __meta__/a.jpg, link.jpg";
    expect(set.notes).toEqual([`${root}/0.tar: 4 files of no sample in 1 tar: ${files}`]);
  });

  it("have pictures recognised by their bytes if no field says so", async () => {
    const set = open(
      ["a.image", red],
      ["a.cls", "1"],
      ["a.txt", "words"],
      ["b.webp", jpg(8, 8)],
      ["b.cls", "0"],
    );
    expect([...set.labels]).toEqual([1, 0]);
    expect(await set.image(1)).toMatchObject({ width: 8 });
  });

  it("of a compressed archive cannot be read where they lie", () => {
    const path = join(root, "0.tar");
    writeFileSync(path, gzipSync(tar([["a.jpg", red]])));
    expect(() => TarDataset.open([path])).toThrow(
      new DataError(
        `${path}: compressed tar; got a gzip file; expected it unpacked, so that pictures can be read where they lie`,
      ),
    );
  });
});

describe("archives as others write them", () => {
  const picture: readonly (readonly [string, Uint8Array | string])[] = [
    ["a.png", red],
    ["a.cls", "1"],
  ];
  /** A pax record, whose length counts itself. */
  const record = (text: string): string => {
    let n = text.length + 2;
    while (`${n} ${text}\n`.length !== n) n = `${n} ${text}\n`.length;
    return `${n} ${text}\n`;
  };
  const ends = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - 1024);
  /** An entry whose header says that it has contents, which are not there. */
  const sized = (name: string, type: string): Uint8Array => {
    const bytes = Buffer.from(ends(tar([[name, "", type]])));
    bytes.write("00000010000\0", 124, "latin1");
    bytes.write("        ", 148, "latin1");
    bytes.write(`${bytes.reduce((a, b) => a + b, 0).toString(8).padStart(6, "0")}\0 `, 148, "latin1"); // prettier-ignore
    return bytes;
  };
  const openBytes = (...parts: Uint8Array[]): TarDataset => {
    writeFileSync(join(root, "0.tar"), Buffer.concat(parts));
    return TarDataset.open([join(root, "0.tar")]);
  };
  const paths = (set: TarDataset): string[] =>
    Array.from({ length: set.length }, (_, i) => set.path(i).slice(root.length + 8));

  it("have links and folders without contents, whatever size these say", () => {
    const set = openBytes(sized("l.png", "2"), sized("h.png", "1"), sized("d", "5"), tar(picture));
    expect(paths(set)).toEqual(["a.png"]);
    expect(set.notes).toEqual([`${root}/0.tar: 2 files of no sample in 1 tar: l.png, h.png`]);
  });

  it("may have several extended headers before a file, Solaris's too", () => {
    const long = `${"d/".repeat(90)}q`;
    const named = (end: string): readonly [string, string, string] => [
      "x",
      record(`path=${long}.${end}`),
      "X",
    ];
    const set = open(named("png"), ["y", record("mtime=1.5"), "x"], ["s", red], named("cls"), ["s", "1"]);
    expect(paths(set)).toEqual([`${long}.png`]);
  });

  it("with sparse files in pax's way have these passed over, by their own names", () => {
    const records =
      record("GNU.sparse.major=1") + record("GNU.sparse.minor=0") + record("GNU.sparse.name=a.png");
    const set = open(["x", records, "x"], ["GNUSparseFile.0/a.png", red], ["b.png", red], ["b.cls", "1"]);
    expect([paths(set), leftOut(set)]).toEqual([["b.png"], []]);
    expect(set.notes).toEqual([`${root}/0.tar: 1 file of no sample in 1 tar: a.png`]);
  });

  it("are reported if something follows their end", () => {
    const set = openBytes(tar(picture), tar([["b.png", red], ["b.cls", "0"]])); // prettier-ignore
    expect(paths(set)).toEqual(["a.png"]);
    const end = tar(picture).length;
    expect(set.notes).toEqual([
      `${root}/0.tar: 1 file of no sample in 1 tar: what follows the end at byte ${end}`,
    ]);
  });

  it.each([
    ["gzip", [0x1f, 0x8b]],
    ["bzip2", [0x42, 0x5a, 0x68]],
    ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ])("that are compressed by %s are refused as such, and listed beside others", async (name, start) => {
    const bytes = Buffer.concat([Buffer.from(start), Buffer.alloc(600)]);
    expect(() => openBytes(bytes)).toThrow(
      `${root}/0.tar: compressed tar; got a ${name} file; expected it unpacked`,
    );
    rmSync(join(root, "0.tar"));
    writeFileSync(join(root, "1.tgz"), bytes);
    await expect(loadDataset(root)).rejects.toThrow(`${root}/1.tgz: compressed tar; got a ${name} file`);
    writeFileSync(join(root, "0.tar"), tar(picture));
    const { notes } = await loadDataset(root);
    expect(notes).toContain(`${root}: shards that are not read: ${root}/1.tgz`);
  });
});
