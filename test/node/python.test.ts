// Weights to torchvision and back. Needs a Python with torch, torchvision and safetensors: FOVEA_PYTHON, or python3.

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createModel, manualSeed, noGrad, tensor, tidy, type Module } from "../../src/index.js";
import { saveModel } from "../../src/node/model-folder.js";
import { loadWeights } from "../../src/node/weights.js";
import { init } from "../../src/wasm/runtime.js";

const script = fileURLToPath(new URL("../golden/weights/check_torchvision.py", import.meta.url));
const python = [process.env["FOVEA_PYTHON"] ?? "", "python3"].find(
  (name) => name && spawnSync(name, ["-c", "import torchvision, safetensors.torch"]).status === 0,
);

function logitsOf(model: Module): number[] {
  const image = Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => Math.sin(i / 10));
  const run = (): number[] => [
    ...model
      .eval()
      .call(tensor(image, [1, 64, 64, 3]))
      .data(),
  ];
  return noGrad(() => tidy(run));
}

function expectClose(got: readonly number[], expected: readonly number[]): void {
  const scale = Math.max(...expected.map(Math.abs));
  expect(got).toHaveLength(expected.length);
  expect(Math.max(...got.map((v, i) => Math.abs(v - expected[i]!))) / scale).toBeLessThan(1e-4);
}

describe.skipIf(!python)("torchvision (skipped without a Python that has it and safetensors)", () => {
  it.each(["resnet18"])("takes %s from fovea with strict=True, and fovea takes its", async (architecture) => {
    init();
    manualSeed(1);
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    try {
      const model = createModel(architecture, { numClasses: 7 });
      await saveModel(folder, model, { architecture, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
      const { stdout } = await promisify(execFile)(python!, [script, architecture, folder]);
      const { ours, theirs } = JSON.parse(stdout) as { ours: number[]; theirs: number[] };
      expectClose(logitsOf(model), ours);
      for (const file of ["theirs.safetensors", "theirs.pth", "theirs-legacy.pth"]) {
        const other = createModel(architecture, { numClasses: 7 });
        expect(await loadWeights(other, join(folder, file))).toEqual({
          missing: [],
          unexpected: [],
          mismatched: [],
        });
        expectClose(logitsOf(other), theirs);
        other.dispose();
      }
      model.dispose();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
