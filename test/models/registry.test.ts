// Every registered model: what it is made of, that its outputs are PyTorch's, and that all of it learns.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  add,
  crossEntropy,
  type Linear,
  createModel,
  DataError,
  mul,
  manualSeed,
  modelInfo,
  modelNames,
  noGrad,
  registerModel,
  tensor,
  tidy,
  type Classifier,
  type Tensor,
  type TypedArray,
  outputsOf,
} from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { init } from "../../src/wasm/runtime.js";
import { drawInto, drawnState, dropoutOff, entriesOf } from "../helpers/drawn.js";
import { ONE_OF_EACH, SMALLEST } from "../helpers/models.js";
import { isLong } from "../helpers/ring.js";
import golden from "../golden/models.json" with { type: "json" };

interface Golden {
  digest: string;
  parameters: number;
  size: number;
  logits: number[];
}
const goldens = golden.rows as Record<string, Golden>;

/** Σ|xᵢ|: in doubles it is finite if every element is, and 0 if every element is. */
function sumOfSizes(x: Tensor): number {
  const view = x.view();
  let sum = 0;
  for (let i = 0; i < view.length; i++) sum += Math.abs(view[i]!);
  return sum;
}

beforeAll(() => {
  init();
  manualSeed(4);
});

it.each(Object.entries(goldens))("%s has PyTorch's names and shapes", (name, want) => {
  const entries = shapesOnly(() => entriesOf(createModel(name, { initialise: false })));
  const lines = entries.map((e) => `${e.name} [${e.shape.join(", ")}]`).sort();
  const digest = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
  const { parameters } = modelInfo(name);
  expect({ digest, parameters }).toEqual({ digest: want.digest, parameters: want.parameters });
});

/** A third of one of each kind, all in the long ring; test/golden/zoo.test.ts has the logits of all of these. */
const NAMES = isLong
  ? [...new Set([...Object.keys(goldens), ...ONE_OF_EACH])]
  : ONE_OF_EACH.filter((_, i) => i % 3 === 0);

describe.each(NAMES)("%s", (name) => {
  const { inputSize } = modelInfo(name);
  const want = goldens[name];
  const side = want?.size ?? SMALLEST[name] ?? Math.min(inputSize[0], 32);
  const shape = [2, side, side, inputSize[2]];
  let model: Classifier;
  let images: Tensor;
  let logits: TypedArray;
  const logitsOf = (m: Classifier) => noGrad(() => tidy(() => m.eval().forward(images).data()));

  beforeAll(() => {
    model = createModel(name, { numClasses: 7, initialise: false });
    model.loadStateDict(drawnState(model));
    images = tensor(drawInto(8, new Float32Array(shape.reduce((a, b) => a * b))), shape);
    logits = logitsOf(model);
  });
  afterAll(() => {
    model.dispose();
    images.dispose();
  });

  it.runIf(want)("has PyTorch's logits", () => {
    const largest = Math.max(...want!.logits.map(Math.abs));
    const error = Math.max(...want!.logits.map((v, i) => Math.abs(v - logits[i]!))) / largest;
    expect(error).toBeLessThan(1e-4);
  });

  it("returns finite logits for the requested classes", () => {
    expect(logits.length).toBe(2 * 7);
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  it.runIf(isLong && (!want || ONE_OF_EACH.includes(name)))("is what its state dict says", () => {
    const other = createModel(name, { numClasses: 7, initialise: false });
    other.loadStateDict(model.stateDict());
    expect(logitsOf(other)).toEqual(logits);
    other.dispose();
  });

  it.runIf(ONE_OF_EACH.includes(name))("gives every parameter a finite gradient that is not all zero", () => {
    dropoutOff(model.train());
    const labels = tensor(Int32Array.of(0, 1));
    tidy(() => {
      const losses = outputsOf(model.forward(images)).map(({ weight, logits }) => mul(crossEntropy(logits, labels), weight)); // prettier-ignore
      losses.reduce((a, b) => add(a, b)).backward();
    });
    const wrong = model.namedParameters().flatMap(([key, p]) => {
      const size = p.grad ? sumOfSizes(p.grad) : NaN;
      if (!Number.isFinite(size)) return `${key} not finite`;
      return size > 0 ? [] : `${key} zero`;
    });
    expect(wrong).toEqual([]);
    labels.dispose();
  });
});

it("each series has a model in ONE_OF_EACH", () => {
  const series = new Set(modelNames().map((name) => modelInfo(name).series));
  expect(series).not.toContain("");
  for (const name of ONE_OF_EACH) series.delete(modelInfo(name).series);
  expect([...series]).toEqual(["ResNeXt101_wsl"]); // a ResNeXt of other widths, the least of 89 million weights
});

describe("the registry", () => {
  it("knows models by the names that they have elsewhere", () => {
    expect(modelInfo("resnet50d")).toBe(modelInfo("resnet50_vd"));
    expect(modelInfo("ResNet50_vd").name).toBe("resnet50_vd");
    expect(modelInfo("DenseNet161").name).toBe("densenet161");
    expect(modelNames()).not.toContain("DenseNet161");
  });

  it("names the nearest for an unknown name", () => {
    expect(() => createModel("resnet19")).toThrow(
      new DataError(
        `createModel: unknown model 'resnet19'; did you mean resnet18? modelNames() and 'fovea models' list all ${modelNames().length}`,
      ),
    );
  });

  it("refuses a second model of the same name", () => {
    expect(() => registerModel("lenet5", modelInfo("lenet5"), () => createModel("lenet5"))).toThrow(
      "registerModel: 'lenet5' is registered twice",
    );
    expect(() => registerModel("AlexNet", modelInfo("alexnet"), () => createModel("alexnet"))).toThrow(
      "registerModel: 'AlexNet' is registered twice",
    );
  });
});

it("layers of a network are fields too, under their names in files", () => {
  const made: Classifier = createModel("resnet18", { initialise: false });
  const model = made as Classifier & Record<string, unknown>;
  expect(model["layer4"]).toBe(model.getSubmodule("layer4"));
  model.resetClassifier(3);
  expect(model["fc"]).toBe(model.getSubmodule("fc"));
  expect((model["fc"] as Linear).weight.shape).toEqual([3, 512]);
  model.dispose();
});
