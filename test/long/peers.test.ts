// The benchmarks beside other libraries still run, and these compute what fovea does. Installs the peers on first use.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../helpers/run-source.js";

const run = promisify(execFile);
const tsx = (...args: string[]) => run("npx", ["tsx", ...args], { cwd: root, maxBuffer: 2 ** 24 });
const timeout = 1_800_000;

it("peers' losses are fovea's, step after step", { timeout }, async () => {
  const { stdout } = await tsx("benchmarks/peers/check.ts", "lenet5");
  const told = stdout.split("\n").filter((line) => line.startsWith("lenet5: "));
  expect(told).toHaveLength(3); // fovea, jax-js, TensorFlow.js; the program fails where they differ
});

it("convolutions are timed with peers, each of which has a row", { timeout }, async () => {
  const file = join(mkdtempSync(join(tmpdir(), "fovea-peers-")), "rows.json");
  await tsx("benchmarks/peers/main.ts", "--suite", "conv", "--filter", "28x28x128-128-b1", "--json", file);
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as { rows: { impl: string; ms: number }[] };
  expect(rows.map(({ impl }) => impl)).toEqual(expect.arrayContaining(["fovea", "tfjs-wasm"]));
  for (const { impl, ms } of rows) expect(ms, impl).toBeGreaterThan(0);
});

it("onnxruntime runs the files that exportOnnx() writes", { timeout }, async () => {
  const file = join(mkdtempSync(join(tmpdir(), "fovea-peers-")), "rows.json");
  const peers = "ort-web,ort-native";
  await tsx(
    "benchmarks/peers/main.ts",
    "--suite",
    "infer",
    "--filter",
    "resnet20",
    "--peers",
    peers,
    "--json",
    file,
  );
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as { rows: { impl: string; ms: number }[] };
  expect(rows.map(({ impl }) => impl)).toEqual(expect.arrayContaining(["fovea", "fovea-eager", "ort-web"]));
  for (const { impl, ms } of rows) expect(ms, impl).toBeGreaterThan(0);
});
