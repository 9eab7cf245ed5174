// Every registered model: what it is made of, that its outputs are PyTorch's, and that all of it learns.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  add,
  crossEntropy,
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
import golden from "../golden/models.json" with { type: "json" };

/**
 * Published numbers of trainable parameters, and of billions of multiply-accumulates. torchvision's documentation;
 * LeNet-5: counted by hand; CIFAR: He et al. (2015), table 6, to the digits of the implementation that is followed; vd:
 * the standard form, timm's resnet18d … 152d; MobileNet V1: the paper's 4.2 million and 569 million.
 */
const PUBLISHED: Record<string, readonly [parameters: number, gmacs: number]> = {
  alexnet: [61_100_840, 0.71],
  densenet121: [7_978_856, 2.83],
  densenet161: [28_681_000, 7.73],
  densenet169: [14_149_480, 3.36],
  densenet201: [20_013_928, 4.29],
  efficientnet_b0: [5_288_548, 0.39],
  efficientnet_b1: [7_794_184, 0.69],
  efficientnet_b2: [9_109_994, 1.09],
  efficientnet_b3: [12_233_232, 1.83],
  efficientnet_b4: [19_341_616, 4.39],
  efficientnet_b5: [30_389_784, 10.27],
  efficientnet_b6: [43_040_704, 19.07],
  efficientnet_b7: [66_347_960, 37.75],
  googlenet: [13_004_888, 1.5],
  lenet5: [61_706, 0],
  mobilenet_v1: [4_231_976, 0.57],
  mobilenet_v2: [3_504_872, 0.3],
  mobilenet_v3_large: [5_483_032, 0.22],
  mobilenet_v3_small: [2_542_856, 0.06],
  resnet18: [11_689_512, 1.81],
  resnet34: [21_797_672, 3.66],
  resnet50: [25_557_032, 4.09],
  resnet101: [44_549_160, 7.8],
  resnet152: [60_192_808, 11.51],
  resnet18_vd: [11_708_744, 2.05],
  resnet34_vd: [21_816_904, 3.9],
  resnet50_vd: [25_576_264, 4.33],
  resnet101_vd: [44_568_392, 8.04],
  resnet152_vd: [60_212_040, 11.75],
  resnet20_cifar: [269_722, 0.04],
  resnet32_cifar: [464_154, 0.07],
  resnet44_cifar: [658_586, 0.1],
  resnet56_cifar: [853_018, 0.13],
  resnet110_cifar: [1_727_962, 0.25],
  resnext50_32x4d: [25_028_904, 4.23],
  resnext101_32x8d: [88_791_336, 16.41],
  resnext101_64x4d: [83_455_272, 15.46],
  squeezenet1_0: [1_248_424, 0.82],
  squeezenet1_1: [1_235_496, 0.35],
  vgg11: [132_863_336, 7.61],
  vgg13: [133_047_848, 11.31],
  vgg16: [138_357_544, 15.47],
  vgg19: [143_667_240, 19.63],
  vgg11_bn: [132_868_840, 7.61],
  vgg13_bn: [133_053_736, 11.31],
  vgg16_bn: [138_365_992, 15.47],
  vgg19_bn: [143_678_248, 19.63],
  wide_resnet50_2: [68_883_240, 11.4],
  wide_resnet101_2: [126_886_696, 22.75],
};

interface Golden {
  digest: string;
  parameters: number;
  size: number;
  logits: number[];
}
const goldens = golden.rows as Record<string, Golden>;

/** The smallest of each kind. The others are made of the same layers, and their names and shapes in files are compared to PyTorch's. */
const ONE_OF_EACH = new Set(
  (
    "alexnet vgg11 vgg11_bn googlenet resnet18 resnet50 resnet18_vd resnext50_32x4d densenet121 efficientnet_b0 " +
    "mobilenet_v1 mobilenet_v2 mobilenet_v3_small squeezenet1_1"
  ).split(" "),
);

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

it("every model of the golden file is registered", () => {
  expect(modelNames()).toEqual(expect.arrayContaining(Object.keys(goldens)));
});

describe.each(modelNames())("%s", (name) => {
  const { inputSize } = modelInfo(name);
  const want = goldens[name];
  const side = want?.size ?? Math.min(inputSize[0], 32);
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

  it("has its published number of parameters and multiply-accumulates", () => {
    const { parameters, macs } = modelInfo(name);
    const [wantParameters, gmacs] = PUBLISHED[name]!;
    expect(parameters).toBe(wantParameters);
    expect(Math.abs(macs / 1e9 - gmacs)).toBeLessThan(0.0051);
  });

  it.runIf(want)("has PyTorch's names, shapes and logits", () => {
    const [parameters] = PUBLISHED[name]!;
    const entries = shapesOnly(() => entriesOf(createModel(name, { initialise: false })));
    const lines = entries.map((e) => `${e.name} [${e.shape.join(", ")}]`).sort();
    const digest = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
    expect({ digest, parameters }).toEqual({ digest: want!.digest, parameters: want!.parameters });
    const largest = Math.max(...want!.logits.map(Math.abs));
    const error = Math.max(...want!.logits.map((v, i) => Math.abs(v - logits[i]!))) / largest;
    expect(error).toBeLessThan(1e-4);
  });

  it("gives finite logits of the classes asked for", () => {
    expect(logits.length).toBe(2 * 7);
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  it.runIf(!want || ONE_OF_EACH.has(name))("is what its state dict says", () => {
    const other = createModel(name, { numClasses: 7, initialise: false });
    other.loadStateDict(model.stateDict());
    expect(logitsOf(other)).toEqual(logits);
    other.dispose();
  });

  it("gives every parameter a finite gradient that is not all zero", () => {
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

describe("the registry", () => {
  it("lists what it knows when asked for something else", () => {
    expect(() => createModel("resnet19")).toThrow(
      new DataError(
        `createModel: unknown model 'resnet19'; did you mean resnet18? known: ${modelNames().join(", ")}`,
      ),
    );
  });

  it("refuses a second model of the same name", () => {
    expect(() => registerModel("lenet5", modelInfo("lenet5"), () => createModel("lenet5"))).toThrow(
      "registerModel: 'lenet5' is registered twice",
    );
  });
});
