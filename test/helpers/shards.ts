// A small model and tar shards for tests of long predictions.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createModel, init, manualSeed } from "../../src/index.js";
import { configOf, saveModel } from "../../src/node.js";
import { png, tar } from "./pictures.js";

/** An untrained LeNet-5 for these classes, as a folder. */
export async function saveLenet(folder: string, classes: readonly string[], seed: number): Promise<void> {
  init();
  manualSeed(seed);
  const model = createModel("lenet5", { numClasses: classes.length });
  const preparation = { inputSize: [28, 28, 1], cropPct: 1, interpolation: "bilinear", mean: [0.5], std: [0.2] } as const; // prettier-ignore
  await saveModel(folder, model, configOf("lenet5", preparation, { classes }));
  model.dispose();
}

/** data-00.tar … in a folder, with this many pictures each and no class; returns what predictions call them. */
export function writeShards(folder: string, counts: readonly number[]): string[] {
  mkdirSync(folder, { recursive: true });
  return counts.flatMap((n, shard) => {
    const path = join(folder, `data-${String(shard).padStart(2, "0")}.tar`);
    const names = Array.from({ length: n }, (_, i) => `${shard}-${i}.png`);
    writeFileSync(
      path,
      tar(names.map((name, i) => [name, png(28, 28, [40 * shard, 20 * i, (7 * i) % 256])])),
    );
    return names.map((name) => `${path}: ${name}`);
  });
}

/** The first cell of each line but the header's, for lines of a CSV file with one line for each picture. */
export const filesIn = (csv: string): string[] =>
  csv.trimEnd().split("\n").slice(1).map((line) => line.split(",")[0]!); // prettier-ignore
