// predict --move as a user runs it: the plan first, then the files, then back.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init, manualSeed } from "../../src/index.js";
import { configOf, saveModel } from "../../src/node.js";
import { png } from "../helpers/pictures.js";
import { foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-sorting-"));
const at = (path: string): string => join(top, path);
const classes = ["blue", "red/green"];

beforeAll(async () => {
  init();
  manualSeed(3);
  mkdirSync(at("in"));
  for (let i = 0; i < 4; i++) writeFileSync(at(`in/${i}.png`), png(32, 32, [60 * i, 9, 250 - 60 * i]));
  writeFileSync(at("in/bad.png"), "no picture");
  const model = createModel("resnet20_cifar", { numClasses: 2 });
  const preparation = { inputSize: [32, 32, 3], cropPct: 1, interpolation: "bilinear", mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as const; // prettier-ignore
  await saveModel(at("saved"), model, configOf("resnet20_cifar", preparation, { classes }));
  model.dispose();
});
afterAll(() => rmSync(top, { recursive: true }));

interface Line {
  file: string;
  top: { class: string; probability: number }[];
  to: string | null;
  done: boolean;
}

describe("fovea predict --move", () => {
  it("shows the plan and moves nothing without --yes; undo reverts it", async () => {
    const names = readdirSync(at("in"));
    const args = ["predict", at("in"), "--model", at("saved"), "--move", at("out")];
    const dry = await foveaHere(...args);
    expect(dry.status).toBe(1); // for bad.png
    expect(dry.stdout.trim().split("\n")).toHaveLength(4);
    expect(dry.stdout).toMatch(/^.*in\/0\.png → .*out\/(blue|red_green)\/0\.png {2}.* \d+\.\d\d %$/m);
    expect(dry.stderr).toMatch(
      /^move 4 files to .*\nnothing was moved; use --yes to do it\nfovea: .*bad\.png: not a picture/,
    );
    expect([readdirSync(at("in")), existsSync(at("out"))]).toEqual([names, false]);

    const moved = await foveaHere(...args, "--yes", "--json", "--min-confidence", "0.5");
    const lines = JSON.parse(moved.stdout) as Line[];
    expect(lines.map(({ done }) => done)).toEqual([true, true, true, true]);
    for (const { file, to, top: guesses } of lines) {
      expect(to).toBe(join(at("out"), guesses[0]!.class.replace("/", "_"), file.slice(-5)));
      expect([existsSync(to!), existsSync(file)]).toEqual([true, false]);
    }
    const list = /fovea undo (.*\.csv)/.exec(moved.stderr)![1]!;
    expect(await foveaHere("undo", list)).toMatchObject({ status: 0, stdout: "reverted: 4 of 4\n" });
    expect(readdirSync(at("in"))).toEqual(names);
  });

  it.each([
    [["--move", "a", "--copy", "b"], "--move and --copy contradict each other"],
    [["--min-confidence", "0.5"], "--min-confidence: of no use; it needs --move or --copy"],
    [["--yes"], "--yes: of no use; it needs --move or --copy"],
    [["--move", "a", "--yes", "--dry-run"], "--dry-run and --yes contradict each other"],
    [["--move", "a", "--min-confidence", "80"], "expected a number from 0 to 1"],
  ])("refuses %j", async (args, message) => {
    const ran = await foveaHere("predict", at("in"), "--model", at("saved"), ...args);
    expect([ran.status, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toContain(message);
  });
});
