// What the options of models and their methods do.

import { beforeAll, describe, expect, it } from "vitest";
import {
  createModel,
  DataError,
  Dropout,
  type Module,
  googlenet,
  manualSeed,
  modelInfo,
  noGrad,
  StochasticDepth,
  summary,
  tensor,
  tidy,
  zeros,
  type Classifier,
  type ModelOptions,
  outputsOf,
} from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { spacedMeans } from "../../src/models/branches.js";
import { ONE_OF_EACH } from "../helpers/models.js";
import { init } from "../../src/wasm/runtime.js";
import { isLong } from "../helpers/ring.js";

beforeAll(() => {
  init();
  manualSeed(1);
});

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

const SMALL = ONE_OF_EACH.filter((name) => name !== "alexnet" && name !== "lenet5");

describe.each(SMALL)("%s", (name) => {
  it("takes small images, other channels and classes", () => {
    shapesOnly(() =>
      tidy(() => {
        const model = createModel(name, { smallImages: true, inChannels: 5, numClasses: 7 }).eval();
        expect(model.forward(zeros([2, 32, 32, 5])).shape).toEqual([2, 7]);
        const [n, h, w, c] = model.forwardFeatures(zeros([2, 32, 32, 5])).shape;
        expect([n, h, w]).toEqual([2, w, h]);
        expect(h! * w! * c!).toBeGreaterThan(0);
        const side = 128; // where the classifier is the smaller part of narrow networks
        const plain = summary(createModel(name), [1, side, side, 3]).macs;
        const larger = summary(createModel(name, { smallImages: true }), [1, side, side, 3]).macs;
        if (!name.endsWith("_cifar") && !/^(paddle_)?vgg/.test(name))
          expect(larger).toBeGreaterThan(2 * plain);
        model.dispose();
      }),
    );
  });
});

describe("dropout and dropPath", () => {
  const parts = (name: string, options: ModelOptions) =>
    shapesOnly(() => {
      const model = createModel(name, options);
      const modules = [...model.modules()];
      model.dispose();
      return {
        dropouts: modules.flatMap((m) => (m instanceof Dropout ? [m.p] : [])),
        depths: modules.flatMap((m) => (m instanceof StochasticDepth ? [m.p] : [])),
      };
    });

  it.each(ONE_OF_EACH)("%s has the requested probabilities, or says why not", (name) => {
    const { dropouts } = parts(name, { dropout: 0.35 });
    expect(dropouts.length).toBeGreaterThan(0);
    expect(dropouts.filter((p) => p !== 0.35)).toEqual(name.endsWith("googlenet") ? [0.7, 0.7] : []); // of auxiliary heads
    if (modelInfo(name).limits.dropPath) {
      expect(() => createModel(name, { dropPath: 0.1 })).toThrow(
        new DataError(`createModel: ${name} has no residual branches; got dropPath 0.1`),
      );
      return;
    }
    const { depths } = parts(name, { dropPath: 0.3 });
    expect(depths.length).toBeGreaterThan(0);
    expect(depths).toEqual([...depths].sort((a, b) => a - b));
    expect(depths.at(-1)).toBeLessThanOrEqual(0.3 + 1e-12);
    expect(depths.at(-1)).toBeGreaterThan(0.15);
    expect(parts(name, { dropPath: 0 }).depths.filter((p) => p > 0)).toEqual([]);
  });

  it("rises over the blocks as timm's does", () => {
    const { depths } = parts("resnet18", { dropPath: 0.7 });
    expect(depths.map((p) => Math.round(p * 1e6) / 1e6)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  });

  it.each<[string, ModelOptions]>([
    ["lenet5", { dropout: 0.5 }],
    ["densenet121", { dropout: 0.5 }],
    ["resnet18", { dropout: 0.5, smallImages: true }],
    ["resnet18", { dropPath: 0.9, smallImages: true }],
    ["resnet20_cifar", { dropout: 0.5 }],
    ["resnet20_cifar", { dropPath: 0.9 }],
    ["mobilenet_v2", { dropPath: 0.9, dropout: 0, smallImages: true }],
    ["mobilenet_v3_small", { dropPath: 0.9, dropout: 0, smallImages: true }],
  ])("%s draws again for each batch, only in training: %j", (name, options) => {
    const channels = modelInfo(name).inputSize[2];
    const [height] = name === "lenet5" ? [28] : [name === "densenet121" ? 32 : 16];
    const x = tensor(
      Float32Array.from({ length: 4 * height! ** 2 * channels }, (_, i) => Math.sin(i)),
      [4, height!, height!, channels],
    );
    const twice = (model: Classifier): boolean => {
      const [a, b] = noGrad(() => [0, 1].map(() => tidy(() => model.forward(x).data())));
      return Buffer.compare(bytes(a!), bytes(b!)) === 0;
    };
    const model = createModel(name, options);
    expect(twice(model)).toBe(false);
    expect(twice(model.eval())).toBe(true);
    model.dispose();
    const plain = createModel(name, { ...options, dropout: 0, ...(options.dropPath && { dropPath: 0 }) });
    expect(twice(plain)).toBe(true);
    plain.dispose();
    x.dispose();
  });
});

it("AlexNet says that small images are too small for it", () => {
  expect(() => createModel("alexnet", { smallImages: true })).toThrow(
    new DataError("createModel: alexnet needs images of at least 63 pixels; got smallImages true"),
  );
});

describe("resetClassifier", () => {
  it.each(["lenet5", "squeezenet1_1", "resnet18", "mobilenet_v3_small", "googlenet"])(
    "gives %s new classes and leaves the rest",
    (name) => {
      const model = createModel(name).eval();
      const before = model.stateDict();
      model.resetClassifier(4);
      const after = model.stateDict();
      expect([...after.keys()]).toEqual([...before.keys()]);
      const changed = [...after].filter(([key, entry]) => entry.shape[0] !== before.get(key)!.shape[0]);
      const heads = name === "googlenet" ? 3 : 1;
      expect(changed.map(([, entry]) => entry.shape[0])).toEqual(new Array(2 * heads).fill(4));
      for (const [key, { data }] of after) {
        const kept = before.get(key)!.data; // compared as bytes: expect() takes its time over millions of numbers
        if (!changed.some(([name]) => name === key)) expect(Buffer.compare(bytes(data), bytes(kept))).toBe(0);
      }
      const [height, width, channels] = modelInfo(name).inputSize;
      const y = noGrad(() => tidy(() => model.forward(zeros([1, height, width, channels]))));
      expect(y.shape).toEqual([1, 4]);
      y.dispose();
      model.dispose();
    },
  );
});

it.each(isLong ? ONE_OF_EACH : ONE_OF_EACH.slice(0, 12))(
  "%s: every layer can be replaced by its path in files",
  (name) => {
    shapesOnly(() => {
      const model = createModel(name, {
        initialise: false,
        ...(modelInfo(name).limits.dropPath ? {} : { dropPath: 0.2 }),
      });
      const snake = (path: string) => path.split(".").map((own) => (/^[A-Z]/.test(own) ? own : own.replace(/_$/, "").replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`))).join("."); // prettier-ignore
      const paths = (module: Module, before = ""): string[] =>
        module.namedChildren().flatMap(([own, child]) => [...paths(child, `${before}${own}.`), before + own]);
      const wrong = paths(model).filter((path) => {
        const layer = new Dropout();
        const old = model.setSubmodule(snake(path), layer);
        const found = model.getSubmodule(snake(path)) === layer;
        model.setSubmodule(snake(path), old);
        return !found;
      });
      expect(wrong).toEqual([]);
      model.dispose();
    });
  },
);

describe("GoogLeNet", () => {
  const x = () => tensor(Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => Math.sin(i)), [2, 32, 32, 3]); // prettier-ignore

  it("has three outputs in training and one in evaluation", () => {
    const model = googlenet({ numClasses: 3 });
    tidy(() => {
      expect(outputsOf(model.forward(x())).map(({ weight, logits }) => [weight, logits.shape])).toEqual([
        [1, [2, 3]],
        [0.3, [2, 3]],
        [0.3, [2, 3]],
      ]);
      expect(outputsOf(model.eval().forward(x())).length).toBe(1);
    });
    model.dispose();
  });

  it("can do without auxiliary classifiers", () => {
    const model = googlenet({ auxHeads: false });
    expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(6_624_904); // torchvision's published number
    model.dispose();
  });
});

it("auxiliary classifiers look at windows of 5×5, or at parts of maps that are too small for them", () => {
  const ramp = (side: number) => tensor(Float32Array.from({ length: side ** 2 }, (_, i) => i), [1, side, side, 1]); // prettier-ignore
  tidy(() => {
    const windows = spacedMeans(ramp(13), 3);
    expect([windows.shape, windows.data()[5]]).toEqual([[1, 3, 3, 1], (3 + 2) * 13 + 6 + 2]);
    expect([...spacedMeans(ramp(4), 2).data()]).toEqual([2.5, 4.5, 10.5, 12.5]);
  });
});

it("preprocessing is what the published weights were evaluated with", () => {
  const { inputSize, cropPct, interpolation, mean, std } = modelInfo("efficientnet_b1");
  expect({ inputSize, cropPct, interpolation, mean, std }).toEqual({
    inputSize: [240, 240, 3],
    cropPct: 240 / 256,
    interpolation: "bicubic",
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
});
