// The trained ResNets for CIFAR-10 of github.com/akamaster/pytorch_resnet_cifar10, straight from its legacy files.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createModel, noGrad, tensor, tidy, type Module } from "../../src/index.js";
import { loadWeights } from "../../src/node/weights.js";
import { init } from "../../src/wasm/runtime.js";
import golden from "../golden/weights/cifar-logits.json";
import { forOwnBinary } from "../helpers/binaries.js";
import { sharedData } from "../helpers/shared-data.js";
import { goldens } from "../helpers/weights.js";

const RECORD = 1 + 3 * 1024;
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

const folder = sharedData("resnet-cifar10");
/** cifar-10-batches-bin/ as Pillow decodes the JPEG copies: make_cifar10_bin.py of the shared data. */
const binary = process.env["FOVEA_CIFAR10_BIN"];
const testBatch = binary && join(binary, "test_batch.bin");

/** Logits of the records [from, to) of a file in CIFAR-10's binary layout. */
function logitsOf(model: Module, file: Uint8Array, from: number, to: number): Float32Array {
  const pixels = new Float32Array((to - from) * 3072);
  for (let i = 0, at = 0; i < to - from; i++) {
    const planes = file.subarray((from + i) * RECORD + 1, (from + i + 1) * RECORD);
    for (let p = 0; p < 1024; p++) {
      for (let c = 0; c < 3; c++) pixels[at++] = (planes[c * 1024 + p]! / 255 - MEAN[c]!) / STD[c]!;
    }
  }
  const run = (): Float32Array =>
    model.forward(tensor(pixels, [to - from, 32, 32, 3])).data() as Float32Array;
  return noGrad(() => tidy(run));
}

async function trained(layers: number): Promise<Module> {
  const file = Object.keys(golden.logits).find((name) => name.startsWith(`resnet${layers}-`))!;
  const model = createModel(`resnet${layers}_cifar`);
  expect(await loadWeights(model, join(folder!, file))).toEqual({
    missing: [],
    unexpected: [],
    mismatched: [],
  });
  return model.eval();
}

describe.skipIf(!folder)("the trained ResNets for CIFAR-10 (skipped without the shared data)", () => {
  forOwnBinary((binary) => {
    describe.each([true, false])("Winograd %s:", (winograd) => {
      it.each(Object.entries(golden.logits))("%s gives PyTorch's logits", async (file, rows) => {
        init({ binary, winograd });
        const model = await trained(Number(file.slice(6, 8)));
        const images = await readFile(new URL("cifar-images.bin", goldens));
        const logits = logitsOf(model, images, 0, rows.length);
        const worst = Math.max(...rows.flat().map((value, i) => Math.abs(logits[i]! - value)));
        expect(worst / Math.max(...rows.flat().map(Math.abs))).toBeLessThan(1e-5);
        model.dispose();
      });

      it.skipIf(!testBatch || !existsSync(testBatch)).each([
        [20, 8103],
        [32, 8256],
        [44, 8267],
        [56, 8320],
      ])(
        "ResNet-%i names %i of the 10,000 (skipped without FOVEA_CIFAR10_BIN)",
        async (layers, expected) => {
          init({ binary, winograd });
          const model = await trained(layers);
          const file = await readFile(testBatch!);
          let correct = 0;
          for (let from = 0; from < 10_000; from += 250) {
            const logits = logitsOf(model, file, from, from + 250);
            for (let i = 0; i < 250; i++) {
              const row = logits.subarray(i * 10, i * 10 + 10);
              if (row.indexOf(Math.max(...row)) === file[(from + i) * RECORD]) correct++;
            }
          }
          expect(correct).toBe(expected);
          model.dispose();
        },
        300_000,
      );
    });
  });
});
