// Sums of gradients over processes begin while backward goes on. One process stands for both here: its group only takes notes.

import { expect, it } from "vitest";
import {
  createModel,
  DataLoader,
  fit,
  ImageDataset,
  init,
  manualSeed,
  parameterGroups,
  SGD,
} from "../../src/index.js";
import type { Group } from "../../src/core/group.js";
import type { Tensor } from "../../src/core/tensor.js";
import { bucketsOf } from "../../src/train/together.js";

interface Begun {
  begin: number;
  end: number;
  /** How many parameters have a gradient by then. */
  having: number;
}

/** A group of two, the other of which has what this one has; sums are written down and not done. */
function taking(notes: Begun[], parameters: readonly Tensor[]): Group {
  return {
    rank: 0,
    size: 2,
    allReduce: () => {},
    startAllReduce(_, begin, end) {
      notes.push({ begin, end, having: parameters.filter((p) => p.grad).length });
      return { advance: () => true };
    },
    allGather: (bytes) => [bytes.slice(), bytes.slice()],
    broadcast: () => {},
  };
}

function pictures(): ImageDataset {
  const images = new Uint8Array(4 * 32 * 32 * 3).map((_, i) => (i * 13) % 256);
  return new ImageDataset({ images, labels: [0, 1, 0, 1], shape: [32, 32, 3], classes: ["a", "b"] });
}

it.each(["one group", "groups without decay for norms and biases"])(
  "with %s, buckets begin as soon as their layers are through",
  async (kind) => {
    init({ threads: 1 });
    manualSeed(1);
    const model = createModel("resnet20_cifar", { numClasses: 2 });
    const parameters = model.parameters();
    const notes: Begun[] = [];
    const loader = new DataLoader(pictures(), { batchSize: 2, group: taking(notes, parameters) });
    const groups = kind === "one group" ? parameters : parameterGroups(model);
    using optimizer = new SGD(groups, { lr: 0.1, weightDecay: 1e-4 });
    await fit(model, loader, { optimizer, epochs: 1 });
    const floats = parameters.reduce((n, { size }) => n + 16 * Math.ceil(size / 16), 0);
    expect(notes.map(({ begin, end }) => [begin, end])).toEqual([
      [196_608, floats],
      [65_536, 196_608],
      [0, 65_536],
    ]);
    // The last block of layers has most of the elements, and its gradients are there first.
    expect(notes[0]!.having).toBeLessThan(0.2 * parameters.length);
    expect(notes[1]!.having).toBeLessThan(0.4 * parameters.length);
    expect(notes[2]!.having).toBe(parameters.length);
    model.dispose();
  },
);

it("the last bucket is small, each divides into equal parts", () => {
  for (const processes of [1, 2, 3, 7]) {
    for (const floats of [16, 65_536, 11_699_112]) {
      const ends = [...bucketsOf(floats, processes).slice(1), floats];
      const sizes = bucketsOf(floats, processes).map((begin, i) => ends[i]! - begin);
      expect(sizes[0]).toBeLessThanOrEqual(65_536 + 16 * processes);
      for (const [i, size] of sizes.slice(0, -1).entries()) {
        expect(size % (16 * processes)).toBe(0);
        if (i > 0) expect(size).toBeLessThan(2 * sizes[i - 1]! + 16 * processes);
      }
    }
  }
});
