// Weights to begin with for images of other channels than they were trained on.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init } from "../../src/index.js";
import { saveWeights } from "../../src/node.js";
import { loadStartingWeights } from "../../src/node/starting-weights.js";
import { forChannels } from "../../src/pretrained/load.js";

const top = mkdtempSync(join(tmpdir(), "fovea-channels-"));
const at = (path: string): string => join(top, path);

beforeAll(() => void init());
afterAll(() => rmSync(top, { recursive: true }));

/** [2, 3, 1, 2], counted up; the answers are those of timm 1.0.31's adapt_input_conv(). */
const counted = { dtype: "F32", shape: [2, 3, 1, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) } as const; // prettier-ignore

describe("forChannels", () => {
  it.each([
    [1, [6, 9, 24, 27]],
    [2, [0, 1.5, 3, 4.5, 9, 10.5, 12, 13.5]],
    [4, [0, 0.75, 1.5, 2.25, 3, 3.75, 0, 0.75, 4.5, 5.25, 6, 6.75, 7.5, 8.25, 4.5, 5.25]],
  ])("gives %i channels what timm gives them", (channels, values) => {
    const { shape, data } = forChannels(counted, channels);
    expect([shape, [...data].map(Number)]).toEqual([[2, channels, 1, 2], values]);
  });
});

describe("loadStartingWeights", () => {
  it("makes the first convolution fit other channels, and leaves the rest", async () => {
    const coloured = createModel("resnet20_cifar", { inChannels: 3 });
    await saveWeights(at("coloured.safetensors"), coloured.stateDict());
    for (const channels of [1, 4]) {
      const model = createModel("resnet20_cifar", { inChannels: channels, numClasses: 4 });
      await loadStartingWeights(model, at("coloured.safetensors"));
      const [own, from] = [model.stateDict(), coloured.stateDict()];
      expect(own.get("conv1.weight")!.data).toEqual(forChannels(from.get("conv1.weight")!, channels).data);
      expect(own.get("layer3.2.conv2.weight")!.data).toEqual(from.get("layer3.2.conv2.weight")!.data);
      model.dispose();
    }
    coloured.dispose();
  });

  it("refuses a first convolution of another window", async () => {
    const [tiny, plain] = [createModel("resnet18", { smallImages: true }), createModel("resnet18")];
    await saveWeights(at("tiny.safetensors"), tiny.stateDict());
    await expect(loadStartingWeights(plain, at("tiny.safetensors"))).rejects.toThrow(
      "tiny.safetensors: weights of another model; got none that fit conv1.weight",
    );
    tiny.dispose();
    plain.dispose();
  });
});
