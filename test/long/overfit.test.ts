// The smallest network of every series learns four images by heart.

import { beforeAll, expect, it } from "vitest";
import sizes from "../../src/cli/model-sizes.json";
import {
  Adam,
  add,
  createModel,
  crossEntropy,
  init,
  manualSeed,
  modelInfo,
  mul,
  outputsOf,
  tensor,
  tidy,
} from "../../src/index.js";
import { dropoutOff } from "../helpers/drawn.js";
import { SMALLEST } from "../helpers/models.js";

beforeAll(() => void init());

/** Of LeNet and SqueezeNet see test/models/training.test.ts; PaddleClas's GoogLeNet, without normalisation, learns too slowly. */
const OTHERS = [
  "lenet5",
  "paddle_googlenet",
  "squeezenet1_0",
  "squeezenet1_1",
  "paddle_squeezenet1_0",
  "paddle_squeezenet1_1",
];
/** Learning rates of those that do not learn at 0.001. */
const RATES: Readonly<Record<string, number>> = {
  paddle_vgg11: 1e-4,
  micronet_m0: 1e-2,
};

/** By series. */
const smallest = new Map<string, [name: string, parameters: number]>();
for (const [name, [parameters]] of Object.entries(sizes)) {
  const { series } = modelInfo(name);
  if (!OTHERS.includes(name) && !(parameters! >= (smallest.get(series)?.[1] ?? Infinity)))
    smallest.set(series, [name, parameters!]);
}

it.each([...smallest].map(([series, [name]]) => [series, name]))(
  "%s: %s overfits a batch",
  (_, name) => {
    manualSeed(4);
    const model = createModel(name, { numClasses: 10 });
    dropoutOff(model);
    const side = Math.max(64, SMALLEST[name] ?? 0);
    const shape = [4, side, side, 3];
    const one = side * side * 3;
    const values = Float32Array.from({ length: 4 * one }, (_, i) => {
      const n = Math.floor(i / one);
      return Math.sin((i % one) * 0.05 * (n + 1)) + n - 1.5;
    });
    const [x, y] = [tensor(values, shape), tensor(Int32Array.of(3, 5, 0, 5))];
    const optimizer = new Adam(model.parameters(), { lr: RATES[name] ?? 1e-3 });
    let loss = Infinity;
    let steps = 0;
    for (; steps < 600 && !(loss < 0.05); steps++) {
      loss = tidy(() => {
        const outputs = outputsOf(model.forward(x));
        const total = outputs
          .map(({ weight, logits }) => mul(crossEntropy(logits, y), weight))
          .reduce((a, b) => add(a, b));
        optimizer.zeroGrad();
        total.backward();
        optimizer.step();
        return total.item();
      });
    }
    expect(loss, `after ${steps} steps`).toBeLessThan(0.05);
    for (const held of [optimizer, model, x, y]) held.dispose();
  },
  600_000,
);
