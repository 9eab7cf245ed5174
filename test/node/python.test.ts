// Weights to PyTorch and back, for one model of each family. Needs a Python with torch, torchvision and safetensors:
// FOVEA_PYTHON, or python3.

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { createModel, manualSeed, noGrad, tensor, tidy, type Module } from "../../src/index.js";
import { saveModel } from "../../src/node/model-folder.js";
import { loadWeights } from "../../src/node/weights.js";
import { init } from "../../src/wasm/runtime.js";

const script = fileURLToPath(new URL("../golden/weights/exchange.py", import.meta.url));
const python = [process.env["FOVEA_PYTHON"] ?? "", "python3"].find(
  (name) => name && spawnSync(name, ["-c", "import torchvision, safetensors.torch"]).status === 0,
);

const PICTURE = [64, 64, 3] as const;
/** What comes back; of the first model in every format. */
const FORMATS = ["theirs.safetensors", "theirs.pth", "theirs-legacy.pth"];

/** lenet5, resnet20_cifar, mobilenet_v1 and resnet18_vd are not torchvision's. */
const MODELS: [string, readonly [number, number, number], string[]][] = [
  ["resnet18", PICTURE, FORMATS],
  ...[
    "alexnet",
    "vgg11_bn",
    "googlenet",
    "resnext50_32x4d",
    "resnet18_vd",
    "densenet121",
    "efficientnet_b0",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "squeezenet1_1",
    "resnet20_cifar",
  ].map((name): [string, typeof PICTURE, string[]] => [name, PICTURE, FORMATS.slice(0, 1)]),
  ["lenet5", [28, 28, 1], FORMATS.slice(0, 1)],
];

function logitsOf(model: Module, shape: readonly number[]): number[] {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i / 10));
  return noGrad(() =>
    tidy(() => [
      ...model
        .eval()
        .forward(tensor(values, [1, ...shape]))
        .data(),
    ]),
  );
}

function expectClose(got: readonly number[], expected: readonly number[]): void {
  const scale = Math.max(...expected.map(Math.abs));
  expect(got).toHaveLength(expected.length);
  expect(Math.max(...got.map((v, i) => Math.abs(v - expected[i]!))) / scale).toBeLessThan(1e-4);
}

describe.skipIf(!python)("PyTorch (skipped without a Python that has torchvision and safetensors)", () => {
  beforeAll(() => {
    init();
    manualSeed(1);
  });

  it.each(MODELS)("takes %s from fovea with strict=True, and fovea takes its", async (name, shape, files) => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    const [side, , channels] = shape;
    const model = createModel(name, { numClasses: 7 });
    try {
      await saveModel(folder, model, { architecture: name });
      const args = [script, name, folder, String(side), String(channels), ...files];
      const { stdout } = await promisify(execFile)(python!, args);
      const { ours, theirs } = JSON.parse(stdout) as { ours: number[]; theirs: number[] };
      expectClose(logitsOf(model, shape), ours);
      for (const file of files) {
        const report = await loadWeights(model, join(folder, file));
        expect(report).toEqual({ missing: [], unexpected: [], mismatched: [] });
        expectClose(logitsOf(model, shape), theirs);
      }
    } finally {
      model.dispose();
      await rm(folder, { recursive: true });
    }
  });
});
