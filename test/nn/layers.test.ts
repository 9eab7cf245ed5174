// Layers that are more than one op: against their definitions, and what is random in them against its promises.

import { beforeEach, describe, expect, it } from "vitest";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  Conv2d,
  CrossEntropyLoss,
  DataError,
  freeze,
  Hardsigmoid,
  Hardswish,
  LeakyReLU,
  LocalResponseNorm,
  manualSeed,
  MaxPool2d,
  memoryStats,
  ones,
  ReLU6,
  resnet18,
  Sequential,
  ShapeError,
  SiLU,
  SqueezeExcitation,
  StochasticDepth,
  summary,
  tensor,
  tidy,
  unfreeze,
  Linear,
  type Module,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { draw } from "../helpers/random.js";

beforeEach(() => {
  init();
  manualSeed(1);
});

const numbers = (name: string, n: number): number[] => draw("normal", name, n);

describe("LocalResponseNorm", () => {
  it.each([1, 2, 4, 5])("divides by its neighbours' squares, size %i", (size) => {
    const [pixels, channels] = [6, 7];
    const x = numbers(`size ${size}`, pixels * channels);
    const want = x.map((v, i) => {
      const c = i % channels;
      let sum = 0;
      for (let k = 0; k < size; k++) {
        const at = c - Math.floor(size / 2) + k;
        if (at >= 0 && at < channels) sum += x[i - c + at]! ** 2;
      }
      return v / (2 + (0.3 * sum) / size) ** 0.75;
    });
    const layer = new LocalResponseNorm(size, { alpha: 0.3, k: 2 });
    tidy(() => allclose("y", layer.forward(tensor(x, [1, 2, 3, 7])).data(), want, 3e-6));
  });

  it("refuses an invalid size", () => {
    expect(() => new LocalResponseNorm(1.5)).toThrow(
      new ShapeError("LocalResponseNorm: size must be an integer ≥ 1; got 1.5"),
    );
  });
});

describe("StochasticDepth", () => {
  it("keeps or drops whole images and keeps the mean", () => {
    const layer = new StochasticDepth(0.25);
    tidy(() => {
      const y = layer.forward(tensor(new Float32Array(400 * 6).fill(1), [400, 1, 2, 3])).data();
      const images = Array.from({ length: 400 }, (_, n) => [...y.slice(6 * n, 6 * n + 6)]);
      expect(images.every((image) => new Set(image).size === 1)).toBe(true);
      const kept = images.filter(([v]) => v !== 0);
      expect(kept.every(([v]) => Math.abs(v! - 4 / 3) < 1e-6)).toBe(true);
      expect(Math.abs(kept.length / 400 - 0.75)).toBeLessThan(0.07); // three deviations
    });
  });

  it("does nothing in evaluation", () => {
    const x = tensor([1, 2], [2, 1, 1, 1]);
    expect(new StochasticDepth(0.9).eval().forward(x)).toBe(x);
  });

  it("refuses a probability of 1", () => {
    expect(() => new StochasticDepth(1)).toThrow("StochasticDepth: p must be in [0, 1); got 1");
  });
});

it("SqueezeExcitation weighs channels by a small network of their means", () => {
  const [n, h, w, c, s] = [2, 3, 2, 4, 3] as const;
  const layer = new SqueezeExcitation(c, s, { scaleActivation: Hardsigmoid });
  const x = numbers("se", n * h * w * c);
  const [w1, b1, w2, b2] = [layer.fc1.weight, layer.fc1.bias!, layer.fc2.weight, layer.fc2.bias!].map((p) => p.data()); // prettier-ignore
  const want = [...x];
  for (let image = 0; image < n; image++) {
    const at = (pixel: number, k: number): number => (image * h * w + pixel) * c + k;
    const mean = Array.from({ length: c }, (_, k) => {
      let sum = 0;
      for (let pixel = 0; pixel < h * w; pixel++) sum += x[at(pixel, k)]!;
      return sum / (h * w);
    });
    const hidden = Array.from(
      { length: s },
      (_, j) =>
      Math.max(0, mean.reduce((sum, v, k) => sum + v * w1![k * s + j]!, b1![j]!)), // prettier-ignore
    );
    for (let k = 0; k < c; k++) {
      const gate = hidden.reduce((sum, v, j) => sum + v * w2![j * c + k]!, b2![k]!);
      const scale = Math.min(6, Math.max(0, gate + 3)) / 6;
      for (let pixel = 0; pixel < h * w; pixel++) want[at(pixel, k)]! *= scale;
    }
  }
  tidy(() => allclose("y", layer.forward(tensor(x, [n, h, w, c])).data(), want, 3e-6));
  layer.dispose();
});

it("activation layers are their functions", () => {
  tidy(() => {
    const x = tensor([-4, -1, 0, 1, 4, 8]);
    const of = (layer: { forward(x: unknown): unknown }): number[] =>
      [...(layer as SiLU).forward(x).data()].map((v) => Number(v.toFixed(4)));
    expect(of(new ReLU6())).toEqual([0, 0, 0, 1, 4, 6]);
    expect(of(new SiLU())).toEqual([-0.0719, -0.2689, 0, 0.7311, 3.9281, 7.9973]);
    expect(of(new Hardsigmoid())).toEqual([0, 0.3333, 0.5, 0.6667, 1, 1]);
    expect(of(new Hardswish())).toEqual([0, -0.3333, 0, 0.6667, 4, 8]);
    expect(of(new LeakyReLU(0.1))).toEqual([-0.4, -0.1, 0, 1, 4, 8]);
  });
});

describe("modules by path", () => {
  const net = () => new Sequential({ stem: new Conv2d(1, 2, 1), tail: new Sequential(new Linear(2, 2)) });

  it("finds and replaces them", () => {
    const model = net();
    expect(model.getSubmodule("tail.0")).toBeInstanceOf(Linear);
    const wide = new Linear(2, 5);
    model.setSubmodule("tail.0", wide).dispose();
    expect(model.getSubmodule("tail.0")).toBe(wide);
    expect(model.namedParameters().map(([name, p]) => [name, p.shape])).toEqual([
      ["stem.weight", [1, 1, 1, 2]],
      ["stem.bias", [2]],
      ["tail.0.weight", [5, 2]],
      ["tail.0.bias", [5]],
    ]);
    model.dispose();
  });

  it("says what there is where a path goes wrong", () => {
    const model = net();
    expect(() => model.getSubmodule("tail.7")).toThrow(
      new DataError("getSubmodule: no module at '7'; known here: 0"),
    );
    model.dispose();
  });
});

describe("freeze", () => {
  it("freezes what is named, and unfreezes it again", () => {
    const model = resnet18({ numClasses: 3 });
    const trainable = (): number => model.parameters().filter((p) => p.requiresGrad).length;
    const all = trainable();
    expect(freeze(model)).toBe(all);
    expect(unfreeze(model, "fc")).toBe(2);
    expect(trainable()).toBe(2);
    expect(unfreeze(model, /bn\d\.weight$/)).toBe(17);
    expect(unfreeze(model)).toBe(all);
    expect(freeze(model, "layer1")).toBe(12);
    expect(trainable()).toBe(all - 12);
    model.dispose();
  });

  it("refuses an invalid name", () => {
    const model = new Sequential(new Linear(1, 1));
    expect(() => freeze(model, "fc")).toThrow(new DataError("freeze: no parameter matches fc"));
    model.dispose();
  });
});

describe("summary", () => {
  it("counts layer by layer without computing, and leaves the model as it was", () => {
    const model = resnet18();
    const [layer1, layer2, conv1] = ["layer1", "layer2", "conv1"].map((name) => model.getSubmodule(name));
    layer1!.eval();
    const before = memoryStats().bytesInUse;
    const { layers, parameters, macs } = summary(model, [2, 224, 224, 3]);
    expect(memoryStats().bytesInUse).toBe(before);
    expect([parameters, macs]).toEqual([11_689_512, 2 * 1_814_073_344]);
    expect(layers[0]).toEqual({
      name: "conv1",
      type: "Conv2d",
      shape: [2, 112, 112, 64],
      parameters: 9408,
      macs: 2 * 118_013_952,
    });
    expect(layers.reduce((n, l) => n + l.macs, 0)).toBe(macs);
    expect(layers.reduce((n, l) => n + l.parameters, 0)).toBe(parameters);
    expect([model.training, layer1!.training, layer2!.training]).toEqual([true, false, true]);
    expect(Object.hasOwn(conv1!, "forward")).toBe(false);
    model.dispose();
  });

  it("leaves a layer whose forward is a field, and one that stands in two places", () => {
    const relu = new ReLU6();
    const forward = (x: Tensor): Tensor => x.relu();
    const own = Object.assign(new ReLU6(), { forward });
    const model = new Sequential(relu, own, relu);
    summary(model, [1, 4, 4, 3]);
    expect(own.forward).toBe(forward);
    expect(Object.hasOwn(relu, "forward")).toBe(false);
    expect(() => summary(model, [0.5])).toThrow();
    expect(own.forward).toBe(forward);
  });

  it("is a table as text", () => {
    const model = new Sequential(new Conv2d(3, 8, 3), new ReLU6());
    expect(String(summary(model, [1, 10, 10, 3]))).toBe(
      [
        "layer  type    output     parameters    MACs",
        "0      Conv2d  [1,8,8,8]         224  13,824",
        "1      ReLU6   [1,8,8,8]           0       0",
        "total                            224  13,824",
      ].join("\n"),
    );
    model.dispose();
  });
});

describe("arrays given to a layer or a loss, changed afterwards,", () => {
  const pairs = (): [number, number][] => [
    [2, 1],
    [3, 2],
  ];
  it.each<[string, (stride: [number, number], size: [number, number]) => Module]>([
    ["Conv2d", (stride) => new Conv2d(2, 3, 3, { stride })],
    ["MaxPool2d", (stride, size) => new MaxPool2d(size, { stride })],
    ["AvgPool2d", (stride, size) => new AvgPool2d(size, { stride })],
    ["AdaptiveAvgPool2d", (_, size) => new AdaptiveAvgPool2d(size)],
  ])("are not those of %s", (_, make) => {
    const [stride, size] = pairs() as [[number, number], [number, number]];
    const layer = make(stride, size);
    const x = ones([1, 9, 9, 2]);
    const { shape } = layer.forward(x);
    for (const pair of [stride, size]) pair.fill(1);
    expect(layer.forward(x).shape).toEqual(shape);
  });

  it("are not those of CrossEntropyLoss", () => {
    for (const weight of [[1, 2, 3], Float32Array.of(1, 2, 3)]) {
      const loss = new CrossEntropyLoss({ weight });
      const [x, labels] = [tensor([1, 2, 3, 3, 2, 1], [2, 3]), tensor(Int32Array.of(0, 1))];
      const want = loss.forward(x, labels).item();
      weight.fill(0);
      expect(loss.forward(x, labels).item()).toBe(want);
    }
  });
});
