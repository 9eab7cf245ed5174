// Every registered model: what it is made of, what it gives, and that all of it learns.

import { beforeEach, describe, expect, it } from "vitest";
import {
  Adam,
  createModel,
  crossEntropy,
  DataError,
  manualSeed,
  modelInfo,
  modelNames,
  noGrad,
  registerModel,
  tensor,
  tidy,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";

/** Published numbers of trainable parameters. */
const PARAMETERS: Record<string, number> = {
  lenet5: 61_706,
  resnet18: 11_689_512,
  resnet34: 21_797_672,
  resnet50: 25_557_032,
  resnet101: 44_549_160,
  resnet152: 60_192_808,
  resnet20_cifar: 269_722,
  resnet32_cifar: 464_154,
  resnet44_cifar: 658_586,
  resnet56_cifar: 853_018,
  resnet110_cifar: 1_727_962,
};

/** Networks of more parameters than this are as deep as a smaller one of their family is not, and no more. */
const SMALL = 30e6;
/** The one of each family that learns a batch by heart. */
const OVERFIT = ["lenet5", "resnet20_cifar", "resnet18"];

beforeEach(() => {
  init();
  manualSeed(4);
});

describe.each(modelNames())("%s", (name) => {
  const [height, width, channels] = modelInfo(name).inputSize;
  const shape = [2, Math.min(height, 32), Math.min(width, 32), channels];
  const small = PARAMETERS[name]! <= SMALL;
  const images = () =>
    tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i)), shape); // prettier-ignore

  it("has its published number of parameters", () => {
    const total = createModel(name).parameters().reduce((n, p) => n + p.size, 0); // prettier-ignore
    expect(total).toBe(PARAMETERS[name]);
  });

  it.runIf(small)("gives finite logits of the classes asked for", () => {
    const model = createModel(name, { numClasses: 7 }).eval();
    const y = noGrad(() => tidy(() => model.call(images())));
    expect(y.shape).toEqual([2, 7]);
    expect(y.data().every(Number.isFinite)).toBe(true);
  });

  it.runIf(small)("gives every parameter a finite gradient that is not all zero", () => {
    const model = createModel(name);
    tidy(() => crossEntropy(model.call(images()), tensor(Int32Array.of(0, 1))).backward());
    for (const [key, p] of model.namedParameters()) {
      const grad = p.grad?.data();
      expect(grad?.every(Number.isFinite), key).toBe(true);
      expect(grad?.some((v) => v !== 0), key).toBe(true); // prettier-ignore
    }
  });

  it.runIf(small)("is what its state dict says", () => {
    const [a, b] = [createModel(name).eval(), createModel(name).eval()];
    b.loadStateDict(a.stateDict());
    const logits = (m: typeof a) => noGrad(() => tidy(() => m.call(images()).data()));
    expect(logits(b)).toEqual(logits(a));
  });

  it.runIf(OVERFIT.includes(name))("overfits a batch", () => {
    const model = createModel(name);
    const optimizer = new Adam(model.parameters(), { lr: 2e-3 });
    const [x, y] = [images(), tensor(Int32Array.of(3, 5))];
    let loss = Infinity;
    for (let i = 0; i < 60; i++) {
      loss = tidy(() => {
        const l = crossEntropy(model.call(x), y);
        optimizer.zeroGrad();
        l.backward();
        optimizer.step();
        return l.item();
      });
    }
    expect(loss).toBeLessThan(0.05);
  });
});

describe("the registry", () => {
  it("lists what it knows when asked for something else", () => {
    expect(() => createModel("resnet19")).toThrow(
      new DataError(`createModel: unknown model 'resnet19'; known: ${modelNames().join(", ")}`),
    );
  });

  it("refuses a second model of the same name", () => {
    expect(() => registerModel("lenet5", [28, 28, 1], () => createModel("lenet5"))).toThrow(
      "registerModel: 'lenet5' is registered twice",
    );
  });
});
