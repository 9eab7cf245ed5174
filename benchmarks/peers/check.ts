// Compares the peers' networks with fovea's: equal parameters and images must give equal losses, step after step. Sizes are
// small, since only the arithmetic is checked. Usage: npx tsx benchmarks/peers/check.ts [MODEL…]

import { Adam, createModel, crossEntropy, init, SGD, tensor, tidy, type Tensor } from "../../src/index.js";
import { runMain } from "../cli.js";
import { randomFloats, randomLabels, type ModelSpec } from "../workload.js";
import { jaxJs } from "./jax.js";
import { sizeOf } from "./library.js";
import { network, type Operations } from "./networks.js";
import { installPeers } from "./remote.js";
import { tfjs } from "./tfjs.js";

const STEPS = 2;
/** Relative tolerance: float32 sums have different orders, and differences accumulate over steps. */
const TOLERANCE = 2e-3;

const SPECS: ModelSpec[] = [
  { model: "lenet5", batch: 16, inputSize: [28, 28, 1], classes: 10, optimizer: "adam" },
  { model: "resnet20_cifar", batch: 4, inputSize: [16, 16, 3], classes: 10, optimizer: "sgd" },
  { model: "resnet18", batch: 4, inputSize: [32, 32, 3], classes: 100, optimizer: "sgd" },
];

/** The parameters that network() gives, in its order. */
function parametersOf({ model, classes }: ModelSpec): { shape: readonly number[]; values: Float32Array }[] {
  const found: { shape: readonly number[]; values: Float32Array }[] = [];
  const parameter: Operations<never>["parameter"] = (shape, values) => {
    found.push({ shape, values });
    return () => {
      throw new Error("check: only the parameters are asked for");
    };
  };
  network({ parameter } as Operations<never>, model, classes);
  return found;
}

function losses(spec: ModelSpec): number[] {
  const { model: name, batch, inputSize, classes, optimizer: kind } = spec;
  const model = createModel(name, { numClasses: classes });
  const parameters: Tensor[] = model.parameters();
  const given = parametersOf(spec);
  const shapes = (list: readonly { shape: readonly number[] }[]): string =>
    list.map(({ shape }) => `[${shape.join()}]`).join(" ");
  if (shapes(given) !== shapes(parameters)) {
    throw new Error(`check: ${name}: parameters ${shapes(given)}; expected fovea's ${shapes(parameters)}`);
  }
  parameters.forEach((p, i) => p.copyFrom(given[i]!.values));
  const optimizer = kind === "adam" ? new Adam(parameters) : new SGD(parameters, { lr: 0.01, momentum: 0.9 });
  const shape = [batch, ...inputSize];
  const x = tensor(randomFloats(sizeOf(shape), 1), shape);
  const labels = tensor(randomLabels(batch, classes, 2), [batch]);
  model.train();
  return Array.from({ length: STEPS }, () =>
    tidy(() => {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), labels);
      loss.backward();
      optimizer.step();
      return loss.item();
    }),
  );
}

await runMain(async () => {
  init();
  installPeers();
  const libraries = [await jaxJs(), await tfjs("cpu")];
  const wanted = process.argv.slice(2);
  for (const spec of SPECS.filter(({ model }) => wanted.length === 0 || wanted.includes(model))) {
    const expected = losses(spec);
    console.log(`${spec.model}: fovea ${expected.join(" ")}`);
    for (const { version, prepare } of libraries) {
      const work = await prepare({ kind: "train", ...spec });
      if (typeof work === "string") throw new Error(`check: ${version}: ${work}`);
      const actual: number[] = [];
      for (let i = 0; i < STEPS; i++) actual.push(Number(await work.run()));
      await work.dispose();
      console.log(`${spec.model}: ${version} ${actual.join(" ")}`);
      expected.forEach((loss, i) => {
        if (Math.abs(actual[i]! - loss) <= TOLERANCE * loss) return;
        console.error(`check: ${spec.model}: ${version}: step ${i} gives ${actual[i]}; expected ${loss}`);
        process.exitCode = 1;
      });
    }
  }
});
