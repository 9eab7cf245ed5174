// What datasets, samplers, transforms and networks of the user's own give that is none: errors of ours, which name the part.

import { expect, test } from "vitest";
import * as fovea from "../../src/index.js";
import { DataError, DataLoader, Linear, Module, SGD, type Dataset, type Tensor } from "../../src/index.js";

const any = (value: unknown): never => value as never;
const image = { data: new Uint8Array(4), height: 2, width: 2, channels: 1 };
const own = (changed: object = {}): Dataset => ({
  name: "mine",
  classes: ["a", "b"],
  length: 4,
  labels: Int32Array.of(0, 1, 0, 1),
  image: () => image,
  ...changed,
});

class Net extends Module {
  readonly fc = new Linear(4, 2);
  override forward(x: Tensor): Tensor {
    return this.fc.forward(x.flatten());
  }
}
class Nothing extends Net {
  override forward(): Tensor {
    return any(undefined);
  }
}
class Late extends Net {
  override forward(x: Tensor): Tensor {
    return any(Promise.resolve(super.forward(x)));
  }
}

const loader = (changed?: object, options: object = {}): DataLoader =>
  new DataLoader(own(changed), { batchSize: 2, ...options });
async function read(loader: DataLoader): Promise<void> {
  for await (const batch of loader.epoch()) expect(batch.images.shape).toEqual([2, 2, 2, 1]);
}
const train = (model: Module, options: object = {}): Promise<unknown> =>
  fovea.fit(model, loader(), { optimizer: new SGD(model.parameters()), epochs: 1, ...options });

const pixels = "must be { data, height, width, channels } with a Uint8Array of height × width × channels";
const rows: [string, () => unknown, string][] = [
  [
    "labels of some images",
    () => loader({ labels: Int32Array.of(0, 1) }),
    "DataLoader: mine has 2 labels; expected 4, one an image",
  ],
  [
    "names as labels",
    () => loader({ labels: ["a", "b", "a", "b"] }),
    "DataLoader: label 0 of mine must be an integer; got a string",
  ],
  ["no image", () => read(loader({ image: () => null })), `DataLoader: image 0 of mine ${pixels}; got null`],
  [
    "a promise of no image",
    () => read(loader({ image: async () => 3 })),
    `DataLoader: image 0 of mine ${pixels}; got 3`,
  ],
  [
    "too few pixels",
    () => read(loader({ image: () => ({ ...image, data: new Uint8Array(3) }) })),
    `DataLoader: image 0 of mine ${pixels}; got a Uint8Array of 3 for 2 × 2 × 1`,
  ],
  [
    "an array of pixels",
    () => read(loader({ image: () => ({ ...image, data: [1, 2, 3, 4] }) })),
    `DataLoader: image 0 of mine ${pixels}; got an object`,
  ],
  [
    "a transform that gives nothing",
    () => read(loader({}, { transform: { apply: () => undefined } })),
    `DataLoader: what transforms give ${pixels}, or a Float32Array; got undefined (sample 0 of mine)`,
  ],
  [
    "a sampler that draws none",
    () => read(loader({}, { sampler: { length: 2, indices: () => 3 } })),
    "DataLoader: what the sampler's indices() gives must be a Uint32Array; got 3",
  ],
  ["forward() in training", () => train(new Nothing()), "outputsOf: y must be a tensor; got undefined"],
  [
    "an asynchronous forward()",
    () => fovea.evaluate(new Late(), loader()),
    "tidy: fn must not be async; got a promise",
  ],
  [
    "forward() in evaluation",
    () => fovea.evaluate(new Nothing(), loader()),
    "evaluate: the output of the model's forward() must be a tensor; got undefined",
  ],
  [
    "forward() in a trace",
    () => fovea.summary(new fovea.Sequential(new Nothing()), [1, 4]),
    "trace: 0: the output of forward() must be a tensor; got undefined",
  ],
  [
    "a state of numbers",
    () => new Net().loadStateDict(any(new Map([["fc.weight", 3]]))),
    "loadStateDict: missing fc.bias; fc.weight is 3, expected { dtype, shape, data }",
  ],
  [
    "a position that is none",
    () => train(new Net(), { position: {} }),
    "fit: position: epoch must be a number; got undefined",
  ],
];

test.each(rows)("%s", async (_, act, message) => {
  const error: unknown = await Promise.resolve()
    .then(act)
    .catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toContain(message);
});
