// Weights in another order than the network's own: Python's safetensors sorts tensors by name.

import { expect, it } from "vitest";
import { createModel, init } from "../../src/index.js";
import { createWith } from "../../src/pretrained/load.js";

init({ threads: 1 });

it.each([
  ["lcnet_035", 3],
  ["mobilenet_v3_small", 1],
  ["starnet_s050", 4],
  ["resnet20_cifar", 3],
])(
  "%s of %i channels loads from a file that is sorted by name, or the other way round",
  (name, inChannels) => {
    const model = createModel(name, { numClasses: 4, inChannels });
    const entries = [...model.stateDict()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const order of [entries, entries.toReversed()]) {
      const loaded = createWith(name, new Map(order), "sorted.safetensors");
      expect(loaded).toMatchObject({ numClasses: 4, inChannels });
      const [own, first] = [model, loaded.model].map((each) => each.parameters()[0]!.data());
      expect(first).toEqual(own);
      loaded.model.dispose();
    }
    model.dispose();
  },
);
