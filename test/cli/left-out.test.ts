// What the commands say of pictures that they cannot use, before, after and in files.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode as encodePng } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../src/node/csv.js";
import { png } from "../helpers/pictures.js";
import { foveaHere, type Ran } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-left-out-"));
const at = (path: string): string => join(top, path);

function write(path: string, data: Uint8Array | string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), data);
}

const webp = Uint8Array.from("RIFF\x24\0\0\0WEBPVP8 ", (c) => c.charCodeAt(0));
let trained: Ran;

beforeAll(async () => {
  for (let i = 0; i < 6; i++) {
    write(`photos/warm/${i}.png`, png(28, 28, [200 + i, 40, 20]));
    write(`photos/cold/${i}.png`, png(28, 28, [30, 40, 200 + i]));
  }
  const deep = { width: 28, height: 28, channels: 1, depth: 16 } as const;
  write("photos/cold/deep.png", encodePng({ ...deep, data: new Uint16Array(28 * 28).fill(4000) }));
  for (const name of ["x", "y"]) write(`photos/warm/${name}.webp`, webp);
  write("photos/warm/cut.png", png(28, 28, [1, 2, 3]).subarray(0, 60));
  write("photos/warm/=text.jpg", "a letter");
  write("photos/__MACOSX/._x", "x");
  trained = await foveaHere(
    ...["train", at("photos"), "--model", "lenet5", "--out", at("run"), "-b", "4", "--workers", "0"],
    ...["--epochs", "2", "--no-drop-last", "--val-fraction", "0", "--lr", "0.01"],
  );
});
afterAll(() => rmSync(top, { recursive: true }));

describe("fovea train", () => {
  it("says at the start what it leaves out, which part is not there, and what clips", () => {
    const { status, stderr } = trained;
    expect([status, stderr]).toEqual([0, expect.stringContaining("left out: 2 pictures (")]);
    const start = stderr.slice(0, stderr.indexOf("epoch 1/2"));
    expect(start).toContain(
      `${at("photos/warm/x.webp")}, ${at("photos/warm/y.webp")}): cannot decode this format; got WebP`,
    );
    expect(start).toContain("--decoder sharp");
    expect(start).toContain("no part to evaluate on");
    expect(start).toContain(
      `1 picture in 16-bit grey, in which values above 255 become white, as in Pillow: ${at("photos/cold/deep.png")}`,
    );
    expect(start).toContain("ignored: hidden or the system's own: __MACOSX/");
  });

  it("names at the end, in skipped.csv, in metrics.json and in the report what it could not use", async () => {
    const end = trained.stderr.slice(trained.stderr.indexOf("epoch 2/2"));
    expect(end).toContain("left out: 2 pictures (");
    expect(end).toContain(`left out: 1 picture (${at("photos/warm/cut.png")}): truncated PNG; got`);
    expect(end).toContain(`files that could not be used: ${at("run/skipped.csv")}`);
    const [header, ...rows] = parseCsv(readFileSync(at("run/skipped.csv"), "utf8"));
    expect(header).toEqual(["file", "reason"]);
    expect(
      rows.map(([file, reason]) => [file!.slice(at("photos/warm/").length), reason!.slice(0, 13)]),
    ).toEqual(
      expect.arrayContaining([
        ["x.webp", "cannot decode"],
        ["y.webp", "cannot decode"],
        ["cut.png", "truncated PNG"],
        ["=text.jpg", "not a picture"],
      ]),
    );
    expect(rows.length).toBe(4);
    const metrics = JSON.parse(readFileSync(at("run/metrics.json"), "utf8")) as {
      skipped: number;
      notes: string[];
    };
    expect(metrics.skipped).toBe(4);
    expect(metrics.notes.join("\n")).toContain("16-bit grey");
    const report = readFileSync(at("run/report.html"), "utf8");
    expect(report).toContain("Data left out");
    expect(report.replaceAll("<wbr />", "")).toContain(at("photos/warm/cut.png"));
  });
});

describe("fovea eval", () => {
  const run = (...args: string[]): Promise<Ran> =>
    foveaHere("eval", at("photos"), "--model", at("run"), "--workers", "0", ...args);

  it("stops at the first image that cannot be read", async () => {
    const { status, stdout, stderr } = await run("--json");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("left out: 2 pictures (");
    expect(stderr).toContain(`fovea: ${at("photos/warm/=text.jpg")}: not a picture`);
  });

  it("leaves them out on request, and names them", async () => {
    const { status, stdout, stderr } = await run("--json", "--on-error", "skip");
    const { images, skipped } = JSON.parse(stdout) as {
      images: number;
      skipped: { file: string; reason: string }[];
    };
    expect([status, images]).toEqual([0, 13]);
    expect(skipped.map(({ file }) => file)).toEqual([at("photos/warm/=text.jpg"), at("photos/warm/cut.png")]);
    expect(skipped[0]!.reason).toMatch(/^not a picture; got/);
    expect(stderr).toContain(`left out: 1 picture (${at("photos/warm/cut.png")}): truncated PNG`);
    expect((await run("--on-error", "skip")).stdout).toMatch(/^images +13\nskipped +2\n/);
  });
});

describe("fovea predict", () => {
  it("counts the pictures of a folder that it cannot read, names each, and exits with 1", async () => {
    write("mixed/a.jfif", png(28, 28, [200, 40, 20]));
    write("mixed/b.webp", webp);
    write("mixed/notes.txt", "mine");
    const { status, stdout, stderr } = await foveaHere(
      "predict",
      "--model",
      at("run"),
      at("mixed"),
      "--json",
    );
    const files = (JSON.parse(stdout) as { file: string }[]).map(({ file }) => file);
    expect([status, files]).toEqual([1, [at("mixed/a.jfif")]]);
    expect(stderr).toContain(`fovea: ${at("mixed")}: 1 picture that cannot be read: ${at("mixed/b.webp")}\n`);
    expect(stderr).toContain(
      `fovea: ${at("mixed")}: 1 file that is not a picture: ${at("mixed/notes.txt")}\n`,
    );
    expect(stderr).toContain(
      `fovea: ${at("mixed/b.webp")}: cannot decode this format; got WebP; expected PNG,`,
    );
  });
});
