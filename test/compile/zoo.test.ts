// Models, compiled, give what their forward() gives: one of each family's forms here, every registered one in test/long/.

import { describe, expect, it, beforeAll } from "vitest";
import { manualSeed, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { compiled, difference, eager, expectEager, modelFor, SMALL, wave } from "../helpers/compiled.js";
import { isLong } from "../helpers/ring.js";

beforeAll(() => {
  init({ threads: 1 });
  manualSeed(1);
});

describe("compiled models give what their forward() gives", () => {
  it.each([
    "alexnet",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "lenet5",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "resnet20_cifar",
    "resnet18_vd",
    "resnet50",
    "resnext50_32x4d",
    "squeezenet1_1",
    ...(isLong ? ["vgg11_bn"] : []),
  ])("%s", (name) => expectEager(name));

  it("to 1e-5 where no convolution goes by Winograd's algorithm", () => {
    init({ threads: 1, winograd: false });
    for (const name of ["resnet18", "mobilenet_v3_small", "densenet121", "googlenet"]) {
      const model = modelFor(name);
      tidy(() => {
        const x = wave(SMALL);
        expect(difference(compiled(model, x), eager(model, x)), name).toBeLessThan(1e-5);
      });
      model.dispose();
    }
  });

  it("with the same bits at 1, 2 and 4 threads", () => {
    const bits = [1, 2, 4].map((threads) => {
      init({ threads });
      manualSeed(1);
      const model = modelFor("mobilenet_v3_small");
      return tidy(() => compiled(model, wave(SMALL)));
    });
    expect(bits[1]).toEqual(bits[0]);
    expect(bits[2]).toEqual(bits[0]);
  });
});
