// One model of each family: its weights start as torchvision's, and it learns a batch by heart.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  Adam,
  add,
  createModel,
  crossEntropy,
  manualSeed,
  mul,
  tensor,
  tidy,
  type Module,
  outputsOf,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { dropoutOff } from "../helpers/drawn.js";
import starts from "../golden/model-starts.json" with { type: "json" };
import { isLong } from "../helpers/ring.js";

/** Their linear layers of a hundred million weights take long: in the long ring alone. */
const WIDE = ["alexnet", "vgg11_bn"];

beforeAll(() => void init());
beforeEach(() => manualSeed(4));

/** In doubles, by loops without a callback: there are a hundred million elements. */
function momentsOf(x: Tensor): { mean: number; variance: number } {
  const view = x.view();
  let [sum, squares] = [0, 0];
  for (let i = 0; i < view.length; i++) sum += view[i]!;
  const mean = sum / view.length;
  for (let i = 0; i < view.length; i++) squares += (view[i]! - mean) ** 2;
  return { mean, variance: squares / (view.length - 1) };
}

describe.each(Object.entries(starts.rows).filter(([name]) => isLong || !WIDE.includes(name)))(
  "%s",
  (name, want) => {
    it("starts as torchvision's does", () => {
      const model = createModel(name, { numClasses: 10 });
      const parameters = new Map(model.namedParameters());
      for (const [key, [mean, std]] of Object.entries(want as Record<string, number[]>) as [
        string,
        [number, number],
      ][]) {
        // prettier-ignore
        const p = parameters.get(key)!;
        const { mean: ownMean, variance } = momentsOf(p);
        if (std === 0) expect([key, ownMean, variance]).toEqual([key, mean, 0]);
        // Deviations of two samples of n numbers differ by their share 1/√n, six times which does not happen.
        else expect(Math.abs(Math.sqrt(variance) / std - 1), key).toBeLessThan(6 / Math.sqrt(p.size));
      }
      model.dispose();
    });
  },
);

/** Name, side of the images, learning rate, most steps (1.4 times as many as it takes, or more), options, seed. */
const RUNS: [string, number, number, number, object?, number?][] = [
  ["lenet5", 28, 2e-3, 60],
  ["alexnet", 64, 3e-4, 45],
  ["vgg11_bn", 32, 1e-3, 25, { smallImages: true }],
  ["googlenet", 64, 1e-3, 16],
  ["resnet18", 32, 2e-3, 12],
  ["resnet20_cifar", 32, 2e-3, 60],
  ["resnet18_vd", 32, 1e-3, 10, { smallImages: true }],
  ["resnext50_32x4d", 32, 1e-3, 14],
  ["densenet121", 32, 1e-3, 20],
  ["efficientnet_b0", 32, 2e-3, 12, { smallImages: true }],
  ["mobilenet_v1", 32, 2e-3, 40, { smallImages: true }],
  ["mobilenet_v2", 32, 2e-3, 15, { smallImages: true }],
  ["mobilenet_v3_small", 32, 2e-3, 40, { smallImages: true }],
  // Its logits come out of a ReLU: with some seeds, 4 among them, that of a label is dead, or alive by rounding alone.
  ["squeezenet1_1", 32, 3e-4, 100, { smallImages: true }, 1],
];

function lossOf(model: Module, x: Tensor, y: Tensor<"i32">) {
  const losses = outputsOf(model.forward(x)).map(({ weight, logits }) =>
    mul(crossEntropy(logits, y), weight),
  );
  return losses.reduce((a, b) => add(a, b));
}

it.each(RUNS.filter(([name]) => isLong || !WIDE.includes(name)))(
  "%s overfits a batch",
  (name, side, lr, steps, options = {}, seed = 4) => {
    manualSeed(seed);
    const model = createModel(name, { numClasses: 10, ...options });
    dropoutOff(model);
    const channels = name === "lenet5" ? 1 : 3;
    const shape = [4, side, side, channels];
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i));
    const [x, y] = [tensor(values, shape), tensor(Int32Array.of(3, 5, 0, 5))];
    const optimizer = new Adam(model.parameters(), { lr });
    let loss = Infinity;
    for (let i = 0; i < steps && !(loss < 0.05); i++) {
      loss = tidy(() => {
        const l = lossOf(model, x, y);
        optimizer.zeroGrad();
        l.backward();
        optimizer.step();
        return l.item();
      });
    }
    expect(loss).toBeLessThan(0.05);
    optimizer.dispose();
    model.dispose();
  },
);
