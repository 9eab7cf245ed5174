// fovea predict in parts: tar shards and many files, one file for each part, and starts that continue.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { version } from "../../src/version.js";
import { png, tar } from "../helpers/pictures.js";
import { filesIn, saveLenet, writeShards } from "../helpers/shards.js";
import { foveaHere, type Ran } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-parts-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string): string => join(top, name);
const COUNTS = [3, 1, 4, 2];
let pictures: string[];

beforeAll(async () => {
  await saveLenet(at("model"), ["a", "b"], 3);
  await saveLenet(at("other"), ["a", "b"], 4);
  pictures = writeShards(at("shards"), COUNTS);
});
beforeEach(() => rmSync(at("out"), { recursive: true, force: true }));

const predict = (...args: string[]): Promise<Ran> =>
  foveaHere("predict", "--topk", "1", "--workers", "0", ...args);
const shards = (...args: string[]): Promise<Ran> =>
  predict("--model", at("model"), at("shards/data-{00..03}.tar"), "--out", at("out/part-%r.csv"), ...args);
const parts = (): string[] => readdirSync(at("out")).sort();
const read = (name: string): string => readFileSync(at(`out/${name}`), "utf8");
const all = (): string[] => parts().filter((name) => /(^|-)\d+\.csv$/.test(name)).flatMap((name) => filesIn(read(name))); // prettier-ignore

it("writes a file for each shard, whose pictures need no class", async () => {
  expect(await shards()).toEqual({ status: 0, stdout: `${at("out/part-all.json")}\n`, stderr: "" });
  expect(parts()).toEqual([
    "part-0000.csv",
    "part-0001.csv",
    "part-0002.csv",
    "part-0003.csv",
    "part-all.json",
  ]);
  expect(COUNTS.map((_, i) => filesIn(read(`part-000${i}.csv`)).length)).toEqual(COUNTS);
  expect(all()).toEqual(pictures);
  expect(JSON.parse(read("part-all.json"))).toMatchObject({
    fovea: version,
    topk: 1,
    parts: COUNTS.map(() => ({})),
  });
  const whole = await predict("--model", at("model"), at("shards/*.tar"), "--csv");
  const rows = (text: string): string[] => text.trimEnd().split("\n").slice(1);
  expect(rows(whole.stdout)).toEqual(parts().slice(0, 4).flatMap((name) => rows(read(name)))); // prettier-ignore
});

it("continues with the shards that are missing", async () => {
  await shards("--shard", "1/2");
  expect(parts()).toEqual(["part-0001.csv", "part-0003.csv", "part-all.json"]);
  writeFileSync(at("out/part-0001.csv"), "kept");
  writeFileSync(at("out/part-0000.csv.1.fovea-tmp"), "file,rank\nhalf,1,");
  const again = await shards();
  expect(again).toMatchObject({ status: 0, stderr: "fovea: 2 of 4 parts are there already\n" });
  expect(read("part-0001.csv")).toBe("kept");
  expect(all()).toEqual(pictures.filter((name) => !name.includes("data-01")));
});

it("is shared out among the tasks of an array job", async () => {
  vi.stubEnv("SLURM_ARRAY_TASK_COUNT", "3");
  vi.stubEnv("SLURM_ARRAY_TASK_MIN", "1");
  try {
    for (const id of [1, 2, 3]) {
      vi.stubEnv("SLURM_ARRAY_TASK_ID", String(id));
      const ran = await shards();
      const own = id === 1 ? 2 : 1;
      expect(ran.stderr).toBe(
        `fovea: task ${id - 1} of 3 (SLURM_ARRAY_TASK_ID; --shard 0/1 takes all): ${own} of 4 parts\n`,
      );
    }
    expect(all()).toEqual(pictures);
  } finally {
    vi.unstubAllEnvs();
  }
});

it("takes files of a folder by the thousand", async () => {
  mkdirSync(at("folder"));
  for (let i = 0; i < 1001; i++) writeFileSync(at(`folder/${i}.png`), png(4, 4, [i % 256, 9, 9]));
  const folder = (...args: string[]): Promise<Ran> =>
    predict("--model", at("model"), at("folder"), "--out", at("out/%r.csv"), ...args);
  expect((await folder("--shard", "1/2")).status).toBe(0);
  expect(parts()).toEqual(["0001.csv", "all.json"]);
  expect((await folder()).status).toBe(0);
  expect(["0000.csv", "0001.csv"].map((name) => filesIn(read(name)).length)).toEqual([1000, 1]);
  expect(new Set(all()).size).toBe(1001);
  const third = await predict("--model", at("model"), at("folder"), "--csv", "--shard", "2/3");
  expect(filesIn(third.stdout)).toHaveLength(333);
});

it("lists what it cannot read beside the part, and still exits with 1 when it is started again", async () => {
  mkdirSync(at("bad"), { recursive: true });
  writeFileSync(at("bad/0.tar"), tar([["a.png", png(8, 8, [1, 2, 3])], ["b.png", "no picture"], ["c.txt", "words"]])); // prettier-ignore
  const bad = (): Promise<Ran> =>
    predict("--model", at("model"), at("bad/0.tar"), "--out", at("out/p-%r.json"));
  for (const begin of ["", "fovea: 1 of 1 parts are there already\n"]) {
    const ran = await bad();
    expect(ran.status).toBe(1);
    expect(ran.stderr).toBe(`${begin}fovea: 2 pictures could not be read: ${at("out/p-0000.skipped.csv")}\n`);
  }
  expect((JSON.parse(read("p-0000.json")) as { file: string }[]).map(({ file }) => file)).toEqual([
    `${at("bad/0.tar")}: a.png`,
  ]);
  expect(read("p-0000.skipped.csv")).toMatch(/^file,reason\n.*: b\.png,.*\n.*: c\.txt,.*no picture/);
  expect(parts()).toContain("p-all-parts.json");
});

it.each<[string, number, string[], string]>([
  ["a missing shard", 1, [at("shards/data-{03..05}.tar")], `${at("shards/data-04.tar")}: no such shard; expected a tar file; 2 shards are missing`], // prettier-ignore
  ["more tasks than parts", 2, [at("shards/data-00.tar"), "--shard", "0/2", "--out", at("out/%r.csv")], "--shard: 2 tasks for 1 parts"], // prettier-ignore
  ["another ending", 2, [at("shards/data-00.tar"), "--out", "x.txt"], "--out: unknown ending of 'x.txt'; known: .csv, .json"], // prettier-ignore
  ["two formats", 2, [at("shards/data-00.tar"), "--out", "x.csv", "--csv"], "--csv: of no use; --out's ending decides"], // prettier-ignore
  ["shards to sort", 2, [at("shards/data-00.tar"), "--move", at("sorted"), "--csv"], "--move: pictures in tar shards stay there; expected files"], // prettier-ignore
  ["two places", 2, [at("shards/data-00.tar"), "--out", "x.csv", "--move", at("sorted"), "--csv"], "--csv: of no use"], // prettier-ignore
  ["a share that is none", 2, [at("shards/data-00.tar"), "--shard", "1/1"], `--shard: got "1/1"; expected i/n with 0 ≤ i < n`], // prettier-ignore
])("refuses %s", async (_, status, args, message) => {
  const ran = await predict("--model", at("model"), ...args);
  expect(ran.stderr).toContain(message);
  expect([ran.status, ran.stdout]).toEqual([status, ""]);
});

it("refuses to continue with another model, other shards, or another job's files", async () => {
  await shards("--shard", "0/4");
  const out = ["--out", at("out/part-%r.csv")];
  const record = at("out/part-all.json");
  const model = await predict("--model", at("other"), at("shards/data-{00..03}.tar"), ...out);
  expect(model.stderr).toContain(`fovea: ${record}: belongs to a job with other model; got "`);
  const fewer = await predict("--model", at("model"), at("shards/data-{00..02}.tar"), ...out);
  expect(fewer.stderr).toContain(`${record}: belongs to a job with other parts; got`);
  rmSync(record);
  expect((await shards()).stderr).toContain(
    `fovea: ${at("out/part-0000.csv")}: exists already, and no ${record} says of what it is a part; expected another --out\n`,
  );
});
