// A few training steps of LeNet and a small residual network, for engines to be compared by.

import { createModel, crossEntropy, manualSeed, SGD, tensor, tidy } from "../../src/index.js";

const STEPS = 5;

/** All weights after the steps, of one network after the other. */
export async function trainingSteps(): Promise<Float32Array> {
  const weights: number[] = [];
  for (const [name, side, channels] of [
    ["lenet5", 28, 1],
    ["resnet20_cifar", 32, 3],
  ] as const) {
    manualSeed(5);
    const model = createModel(name);
    const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const shape = [16, side, side, channels];
    const pixels = Float32Array.from({ length: 16 * side * side * channels }, (_, i) => ((i * 7919) % 512) / 256 - 1); // prettier-ignore
    const labels = Int32Array.from({ length: 16 }, (_, i) => i % 10);
    for (let step = 0; step < STEPS; step++) {
      tidy(() => {
        optimizer.zeroGrad();
        crossEntropy(model.forward(tensor(pixels, shape)), tensor(labels)).backward();
        optimizer.step();
      });
      await new Promise((resolve) => setTimeout(resolve)); // lets a page's workers start
    }
    for (const p of model.parameters()) weights.push(...(p.data() as Float32Array));
    optimizer.dispose();
    model.dispose();
  }
  return Float32Array.from(weights);
}
