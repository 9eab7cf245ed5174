import { beforeAll, describe, expect, it } from "vitest";
import {
  createModel,
  DataError,
  Linear,
  manualSeed,
  Module,
  ones,
  Parameter,
  parameterGroups,
  SGD,
  tidy,
  type Classifier,
  type ParameterGroupOptions,
  type Tensor,
} from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { layersOf } from "../../src/train/parameter-groups.js";
import { init } from "../../src/wasm/runtime.js";

beforeAll(() => {
  init();
  manualSeed(3);
});

/** Names of the parameters of each layer, without the last word. */
function layerNames(model: Classifier): string[][] {
  const names = new Map(model.namedParameters().map(([name, p]) => [p, name.replace(/\.\w+$/, "")] as const));
  return layersOf(model).map((layer) => [...new Set(layer.map((p) => names.get(p as never)!))]);
}

const first = (layers: readonly string[][]): string[] => layers.map(([name]) => name!.split(".").slice(0, 3).join(".")); // prettier-ignore

describe("layersOf", () => {
  it("puts a network's own parameters before all layers", () => {
    class Scaled extends Module {
      readonly fc = new Linear(2, 2);
      readonly scale = new Parameter(ones([1]));
      forward(x: Tensor): Tensor {
        return this.fc.forward(x.mul(this.scale));
      }
    }
    const model = new Scaled();
    expect(layersOf(model)).toEqual([[model.scale], [model.fc.weight, model.fc.bias]]);
    model.dispose();
  });

  it("counts a convolution with its norm, a block, a linear layer", () => {
    shapesOnly(() => {
      const model = createModel("resnet18");
      const layers = layerNames(model);
      expect(layers).toHaveLength(10); // as timm: stem, 8 blocks, classifier
      expect(layers[0]).toEqual(["conv1", "bn1"]);
      expect(layers[1]!.every((name) => name.startsWith("layer1.0."))).toBe(true);
      expect(layers.at(-1)).toEqual(["fc"]);
      model.dispose();
    });
  });

  it.each([
    ["lenet5", ["features.0", "features.3", "classifier.1", "classifier.3", "classifier.5"]],
    ["vgg11_bn", ["features.0", "features.4", "features.8", "features.11", "features.15", "features.18", "features.22", "features.25", "classifier.0", "classifier.3", "classifier.6"]], // prettier-ignore
    ["squeezenet1_1", ["features.0", "features.3.squeeze", "features.4.squeeze", "features.6.squeeze", "features.7.squeeze", "features.9.squeeze", "features.10.squeeze", "features.11.squeeze", "features.12.squeeze", "classifier.1"]], // prettier-ignore
  ])("of %s", (name, expected) => {
    shapesOnly(() => {
      const model = createModel(name);
      expect(first(layerNames(model))).toEqual(expected);
      model.dispose();
    });
  });

  it.each([
    "densenet121",
    "efficientnet_b0",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "googlenet",
    "resnet50_vd",
    "resnet20_cifar",
  ])("of %s hold every parameter once", (name) => {
    shapesOnly(() => {
      const model = createModel(name);
      const all = layersOf(model).flat();
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBe(model.parameters().length);
      expect(
        layerNames(model)
          .at(-1)!
          .some((n) => model.isHead(`${n}.weight`)),
      ).toBe(true);
      model.dispose();
    });
  });
});

describe("parameterGroups", () => {
  /** How far each parameter moves in a step at rate 1 against a gradient of ones. */
  function moved(options: ParameterGroupOptions): Map<string, number> {
    const model = createModel("lenet5");
    const optimizer = new SGD(parameterGroups(model, { isHead: (name) => model.isHead(name), ...options }), {
      lr: 1,
    });
    const before = model.namedParameters().map(([, p]) => p.data()[0]!);
    tidy(() => {
      for (const p of model.parameters()) p.grad = ones(p.shape);
      optimizer.step();
      for (const p of model.parameters()) p.grad = undefined;
    });
    const steps = model.namedParameters().map(([name, p], i) => [name, before[i]! - p.data()[0]!] as const);
    optimizer.dispose();
    model.dispose();
    return new Map(steps);
  }

  it("slows each layer down by the factor for each layer after it", () => {
    const steps = moved({ layerDecay: 0.5 });
    const layers = ["features.0", "features.3", "classifier.1", "classifier.3", "classifier.5"];
    layers.forEach((name, i) => {
      for (const kind of ["weight", "bias"])
        expect(steps.get(`${name}.${kind}`)).toBeCloseTo(0.5 ** (4 - i), 5);
    });
  });

  it("gives the head its own rate", () => {
    for (const [name, step] of moved({ headScale: 10 })) {
      expect([name, step]).toEqual([name, expect.closeTo(name.startsWith("classifier.5") ? 10 : 1, 4)]);
    }
    const both = moved({ headScale: 10, layerDecay: 0.5 });
    expect(both.get("classifier.5.weight")).toBeCloseTo(10, 4);
    expect(both.get("classifier.3.weight")).toBeCloseTo(0.5, 4);
  });

  it("decays what has several axes, or everything", () => {
    const model = createModel("lenet5");
    const decayed = (options: ParameterGroupOptions): number =>
      parameterGroups(model, { layerDecay: 0.9, ...options })
        .filter(({ weightDecay }) => weightDecay === undefined)
        .flatMap(({ parameters }) => parameters).length;
    expect([decayed({}), decayed({ decayAll: true })]).toEqual([5, 10]);
    expect(() => parameterGroups(model, { layerDecay: 0 })).toThrow(new DataError("parameterGroups: bad layerDecay; got 0; expected a number > 0 and ≤ 1")); // prettier-ignore
    expect(() => parameterGroups(model, { headScale: -1 })).toThrow("bad headScale; got -1");
    model.dispose();
  });
});
