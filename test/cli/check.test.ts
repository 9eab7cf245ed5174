import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { checkFolder, type Problem, type Remark } from "../../src/node/check-folder.js";
import { command, foveaHere } from "./run.js";

const random = new Random(3);
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(256));
}

function png(size: number, channels = 3, depth: 8 | 16 = 8): Uint8Array {
  const bytes = noise(size * size * channels);
  const data = depth === 16 ? Uint16Array.from(bytes, (v) => v * 257) : bytes;
  return encodePng({ width: size, height: size, channels, depth, data });
}

function jpg(size: number): Uint8Array {
  return jpeg.encode({ width: size, height: size, data: noise(size * size * 4) }, 90).data;
}

let top: string;
const write = (path: string, data: Uint8Array | string): void => {
  const file = join(top, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, data);
};

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "fovea-check-"));
  for (const split of ["train", "val"]) {
    for (const name of ["cat", "dog"]) {
      for (let i = 0; i < (split === "train" && name === "cat" ? 4 : 2); i++) {
        write(`good/${split}/${name}/${i}.jpg`, jpg(20));
        write(`good/${split}/${name}/deep/${i}.PNG`, png(20));
      }
    }
  }
  cpSync(join(top, "good"), join(top, "bad"), { recursive: true });
  const twin = noise(20 * 20 * 3);
  const data = { width: 20, height: 20, channels: 3, data: twin };
  write("bad/train/cat/twin.png", encodePng(data));
  write("bad/train/dog/twin.png", encodePng({ ...data, text: { Comment: "again" } }));
  cpSync(join(top, "bad/train/cat/1.jpg"), join(top, "bad/val/cat/leaked.jpg"));
  write("bad/train/cat/cut.jpg", jpg(20).subarray(0, 300));
  write("bad/train/cat/empty.png", "");
  write("bad/train/cat/text.jpg", "a letter");
  write("bad/train/cat/swapped.jpg", png(20));
  write("bad/train/cat/named", jpg(20));
  write("bad/train/cat/notes.txt", "mine");
  write("bad/train/cat/.hidden", "not looked at");
  write("bad/val/dog/tiny.png", png(15));
  write("bad/val/dog/grey.png", png(20, 1));
  write("bad/val/dog/alpha.png", png(20, 4));
  write("bad/val/dog/deep.png", png(20, 3, 16));
  write("bad/val/loose.png", png(20));
  write("bad/train/cow/0.png", png(20));
  mkdirSync(join(top, "bad/val/bird"));
  mkdirSync(join(top, "bad/extra"));
  symlinkSync(join(top, "bad/train"), join(top, "bad/train/dog/again"));
});
afterAll(() => rmSync(top, { recursive: true }));

describe("checkFolder", () => {
  it("has nothing to say of a good folder but what it holds", async () => {
    const report = await checkFolder(join(top, "good"));
    expect(report).toEqual({
      folder: join(top, "good"),
      images: 20,
      splits: [
        { name: "train", images: 12, classes: { cat: 8, dog: 4 }, imbalance: 2 },
        { name: "val", images: 8, classes: { cat: 4, dog: 4 }, imbalance: 1 },
      ],
      modes: { RGB: 20 },
      problems: [],
      remarks: [],
    });
  });

  it("takes a folder of classes for one split", async () => {
    const { splits } = await checkFolder(join(top, "good/train"));
    expect(splits).toEqual([{ name: "", images: 12, classes: { cat: 8, dog: 4 }, imbalance: 2 }]);
  });

  it("finds all that is wrong, and what is worth a remark", async () => {
    const { problems, remarks, modes, splits } = await checkFolder(join(top, "bad"));
    const of = (kind: (Problem | Remark)["kind"]): [string, string][] =>
      [...problems, ...remarks]
        .filter((p) => p.kind === kind)
        .map(({ paths, detail }) => [paths.join(" "), detail]);
    expect(of("undecodable")).toEqual([
      ["train/cat/cut.jpg", expect.stringMatching(/truncated/)],
      ["train/cat/empty.png", expect.stringMatching(/^empty file/)],
      ["train/cat/text.jpg", expect.stringMatching(/^not a picture/)],
    ]);
    expect(of("extension")).toEqual([
      ["train/cat/named", "is JPEG, named without an extension"],
      ["train/cat/swapped.jpg", "is PNG, named .jpg"],
    ]);
    expect(of("small")).toEqual([["val/dog/tiny.png", "is 15×15; expected at least 16"]]);
    expect(of("mode")).toEqual([
      ["val/dog/alpha.png", "is RGBA (colour with alpha); most pictures are RGB (colour)"],
      ["val/dog/deep.png", "is RGB, 16 bits (colour); most pictures are RGB (colour)"],
      ["val/dog/grey.png", "is L (grey); most pictures are RGB (colour)"],
    ]);
    expect(of("duplicate")).toEqual([
      ["train/cat/1.jpg val/cat/leaked.jpg", "the same file across splits, in one class"],
      ["train/cat/twin.png train/dog/twin.png", "the same pixels in one split, in different classes"],
    ]);
    expect(of("stray")).toEqual([
      ["extra", "is not a split"],
      ["val/loose.png", "is in no class folder"],
    ]);
    expect(of("other")).toEqual([["train/cat/notes.txt", "is not a picture, by name or contents"]]);
    expect(of("ignored")).toEqual([
      ["train/cat/.hidden", "is ignored"],
      ["train/dog/again/", "is a link to what is read elsewhere"],
    ]);
    expect(remarks.map(({ kind }) => kind)).not.toContain("undecodable");
    expect(of("class")).toEqual([
      ["train/bird", "is missing; another split has it"],
      ["val/bird", "has no pictures"],
      ["val/cow", "is missing; another split has it"],
    ]);
    expect(modes).toEqual({ RGB: 27, RGBA: 1, "RGB, 16 bits": 1, L: 1 });
    expect(splits.map(({ name, images, imbalance }) => [name, images, imbalance])).toEqual([
      ["train", 17, 11],
      ["val", 13, null],
    ]);
  });
});

describe("checkFolder of pixels", () => {
  it("remarks on other pixels and names without calling them problems, which is exit code 0", async () => {
    for (let i = 0; i < 4; i++) for (const name of ["cat", "dog"]) write(`grey/${name}/${i}.png`, png(20));
    write("grey/cat/grey.png", png(20, 1));
    write("grey/cat/named.jfif", png(20));
    write("grey/cat/Thumbs.db", "x");
    write("grey/__MACOSX/cat/._0.png", "x");
    const { status, stdout } = await foveaHere("check", join(top, "grey"), "--json");
    const { problems, remarks } = JSON.parse(stdout) as { problems: Problem[]; remarks: Remark[] };
    expect([status, problems]).toEqual([0, []]);
    expect(remarks.map(({ kind, paths }) => `${kind} ${paths.join()}`)).toEqual([
      "ignored __MACOSX/",
      "ignored cat/Thumbs.db",
      "extension cat/named.jfif",
      "mode cat/grey.png",
    ]);
    expect((await foveaHere("check", join(top, "grey"))).stdout).toContain(
      "\nnothing is wrong; remarks: 4\n",
    );
  });

  it("calls 16-bit grey that becomes white a problem, and takes what fits into 8 bits", async () => {
    const data = Uint16Array.from({ length: 400 }, (_, i) => i * 160);
    write("deep/a/0.png", encodePng({ width: 20, height: 20, channels: 1, depth: 16, data }));
    const dark = { width: 20, height: 20, channels: 1, depth: 16, data: data.map((v) => v % 255) } as const;
    write("deep/b/0.png", encodePng(dark));
    const { problems } = await checkFolder(join(top, "deep"));
    const detail = "is 16-bit grey: 100 % of it is white, since values above 255 become white (as in Pillow)";
    expect(problems).toEqual([{ kind: "clipped", paths: ["a/0.png"], detail }]);
  });

  it("reads the splits that training does, in any case", async () => {
    for (const split of ["Training", "VALID", "Test"]) {
      for (const name of ["cat", "dog"]) write(`cased/${split}/${name}/0.png`, png(20));
    }
    const { splits, problems } = await checkFolder(join(top, "cased"));
    expect(splits.map(({ name }) => name)).toEqual(["Training", "VALID", "Test"]);
    expect(problems).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("checkFolder of something other than a file", () => {
  it("names pipes without reading them, and links in a circle", async () => {
    write("odd/a/0.png", png(20));
    symlinkSync("loop.png", join(top, "odd/a/loop.png"));
    execFileSync("mkfifo", [join(top, "odd/a/pipe.jpg")]);
    const { images, problems } = await checkFolder(join(top, "odd"));
    expect(images).toBe(1);
    expect(problems).toEqual([
      { kind: "stray", paths: ["a/pipe.jpg"], detail: "is a pipe, socket or device" },
      { kind: "undecodable", paths: ["a/loop.png"], detail: expect.stringMatching(/^cannot be read: ELOOP/) },
    ]);
  });
});

describe("fovea check", () => {
  it.skipIf(process.platform !== "linux")("says so if its output cannot be written", () => {
    const args = command("check", join(top, "good"));
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, args, {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^fovea: stdout: cannot be written: ENOSPC.*\n$/),
    ]);
  });

  it("exits with 0 and says what there is, as text or JSON", async () => {
    const { status, stdout, stderr } = await foveaHere("check", join(top, "good"));
    expect(status).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toBe(
      `${join(top, "good")}: 20 pictures\n` +
        "  train: 12 pictures in 2 classes, 4 to 8 pictures each, largest/smallest 2.00\n" +
        "  val: 8 pictures in 2 classes, 4 to 4 pictures each, largest/smallest 1.00\n" +
        "  pixels: RGB 20\n\nnothing is wrong\n",
    );
    const json = await foveaHere("check", "--json", join(top, "good"));
    expect(json.status).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual(await checkFolder(join(top, "good")));
  });

  it("exits with 1 if something is wrong, and names it", async () => {
    const { status, stdout } = await foveaHere("check", join(top, "bad"), "--min-size", "21");
    expect(status).toBe(1);
    expect(stdout).toContain("cannot be decoded: 3\n  train/cat/cut.jpg ");
    expect(stdout).toContain("too small: 30\n");
    expect(stdout).toContain("  … 20 more; --json lists all\n");
    expect(stdout).toContain(
      "  the same file across splits, in one class: train/cat/1.jpg, val/cat/leaked.jpg\n",
    );
    const none = await foveaHere("check", join(top, "none"));
    expect([none.status, none.stdout]).toEqual([1, ""]);
    expect(none.stderr).toMatch(/^fovea: .*none: cannot be read: ENOENT/);
    const flat = await foveaHere("check", join(top, "good/train/cat/deep"));
    expect([flat.status, flat.stderr]).toEqual([
      1,
      `fovea: ${join(top, "good/train/cat/deep")}: no class folders; ` +
        "expected <class>/<pictures>, or <split>/<class>/<pictures>\n",
    ]);
  });
});

describe("the command line", () => {
  it.each([
    [["chek"], "fovea: unknown command 'chek'; did you mean check? known: "],
    [
      ["check", "--jsn", "."],
      "fovea: unknown option '--jsn'; did you mean --json? known: --decoder, --help, --json, --min-size\n",
    ],
    [["check"], "fovea: missing required argument 'dir'\n"],
    [["check", ".", "--min-size", "x"], "fovea: option '--min-size <n>' argument 'x' is invalid."],
  ])("exits with 2 for %j, listing what is known", async (args, message) => {
    const { status, stdout, stderr } = await foveaHere(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.slice(0, message.length)).toBe(message);
  });

  it("prints help when asked, exiting with 0", async () => {
    const { status, stdout } = await foveaHere("check", "--help");
    expect(status).toBe(0);
    expect(stdout).toContain("Usage: fovea check [options] <dir>");
  });
});
