// Ctrl-C: every command lets the event loop turn, without which no signal is seen, and the process ends with 130.

import { spawn } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createModel, init } from "../../src/index.js";
import { configOf, saveModel } from "../../src/node.js";
import { png } from "../helpers/pictures.js";
import { command, foveaHere } from "./run.js";

const top = mkdtempSync(join(tmpdir(), "fovea-interrupted-"));
const at = (path: string): string => join(top, path);
const COPIES = 75;

beforeAll(async () => {
  init();
  const model = createModel("lenet5", { numClasses: 2, inChannels: 3 });
  const preparation = { inputSize: [28, 28, 3], cropPct: 1, interpolation: "bilinear", mean: [0, 0, 0], std: [1, 1, 1] } as const; // prettier-ignore
  await saveModel(at("model"), model, configOf("lenet5", preparation, { classes: ["a", "b"] }));
  model.dispose();
  for (const name of ["a", "b"]) {
    mkdirSync(at(`photos/${name}`), { recursive: true });
    writeFileSync(at(`photos/${name}/0.png`), png(400, 300, [9, 9, 200]));
    for (let i = 1; i < COPIES; i++) linkSync(at(`photos/${name}/0.png`), at(`photos/${name}/${i}.png`));
  }
});
afterAll(() => rmSync(top, { recursive: true }));

const looks = ["--model", at("model"), "--workers", "0", "-b", "4"];

it.each<[string[]]>([
  [["check", at("photos")]],
  [["predict", at("photos"), ...looks, "--csv"]],
  [["eval", at("photos"), ...looks, "--json"]],
  [["features", at("photos"), ...looks, "--out", at("features.csv")]],
])("the event loop turns during %j", async (args) => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const started = performance.now();
  await foveaHere(...args);
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  expect(turns).toBeGreaterThanOrEqual(Math.max(1, Math.floor(seconds)));
});

it("fovea predict ends with 130", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const child = spawn(process.execPath, command("predict", at("photos"), ...looks, "--csv"), { cwd: root });
  child.stdout.once("data", () => child.kill("SIGINT"));
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  const code = await new Promise((resolve) =>
    child.on("close", (status, signal) => resolve(status ?? signal)),
  );
  expect([code, stderr]).toEqual([130, ""]);
});
