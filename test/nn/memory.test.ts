// What summary() says that training keeps of a network's activations, against what the heap holds after a forward pass.

import { beforeAll, describe, expect, it } from "vitest";
import { createModel, init, memoryStats, ones, summary, tidy } from "../../src/index.js";

describe("activationBytes", () => {
  beforeAll(() => void init());

  it.each([
    ["lenet5", [64, 28, 28, 1]],
    ["resnet18", [4, 96, 96, 3]],
    ["resnet50", [2, 64, 64, 3]],
    ["mobilenet_v2", [4, 96, 96, 3]],
    ["mobilenet_v3_small", [4, 96, 96, 3]],
    ["efficientnet_b0", [2, 96, 96, 3]],
    ["densenet121", [1, 64, 64, 3]],
  ] as const)("of %s are what is in use after its forward pass", (name, shape) => {
    const model = createModel(name);
    model.train();
    const x = ones(shape);
    const said = summary(model, shape).activationBytes;
    const before = memoryStats().bytesInUse;
    const y = tidy(() => model.forward(x));
    const held = memoryStats().bytesInUse - before;
    for (const t of [x, y, model]) t.dispose();
    console.log(name, said, held, said / held);
    expect(said / held).toBeGreaterThan(0.9);
    expect(said / held).toBeLessThan(1.1);
  });
});
