// exportOnnx(): what is in the file, read by a reader of its own. Whether other programs agree: runtime.test.ts.

import { beforeAll, describe, expect, it } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import {
  adaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  createModel,
  flatten,
  imagenet,
  init,
  leakReport,
  Linear,
  maxPool2d,
  modelInfo,
  mul,
  ones,
  relu,
  ReLU6,
  reshape,
  Sequential,
} from "../../src/index.js";
import { exportOnnx, type ExportOnnxOptions } from "../../src/onnx/index.js";
import { OPERATORS } from "../../src/onnx/operators.js";
import { ONE_OF_EACH } from "../helpers/models.js";
import { Applies, NETWORKS } from "./networks.js";
import { checkGraph, countsOf, fileOf, only, operatorsOf } from "./file-of.js";
import { floatsOf, integersOf, readOnnx, type ReadNode } from "./read-onnx.js";

beforeAll(() => void init({ threads: 1 }));

describe("exportOnnx", () => {
  it("writes opset 17 under names that users of PyTorch expect, batch free, images NCHW", () => {
    const model = createModel("resnet18", { numClasses: 7 });
    const file = readOnnx(exportOnnx(model, { inputSize: [64, 48, 3] }));
    checkGraph(file);
    expect(file).toMatchObject({ irVersion: 8, opset: 17, producer: "fovea", graphName: "ResNet" });
    expect(file.producerVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(file.inputs).toEqual([{ name: "input", type: 1, shape: ["batch", 3, 64, 48] }]);
    expect(file.outputs).toEqual([{ name: "logits", type: 1, shape: ["batch", 7] }]);
    expect(countsOf(file)).toEqual({
      Conv: 20,
      BatchNormalization: 20,
      Relu: 17,
      Add: 8,
      MaxPool: 1,
      GlobalAveragePool: 1,
      Flatten: 1,
      Gemm: 1,
    });
    model.dispose();
  });

  it("gives initialisers the names, shapes and numbers of the state dict", () => {
    const model = createModel("resnet20_cifar");
    const { initialisers } = readOnnx(exportOnnx(model, { inputSize: [32, 32, 3] }));
    const state = model.stateDict();
    const expected = [...state.keys()].filter((name) => !name.endsWith("num_batches_tracked"));
    for (const name of expected) {
      const read = initialisers.get(name)!;
      expect(read, name).toMatchObject({ type: 1, dims: [...state.get(name)!.shape] });
      expect(floatsOf(read), name).toEqual(state.get(name)!.data);
    }
    const others = [...initialisers.keys()].filter((name) => !expected.includes(name));
    expect(others).toEqual(others.map((_, i) => `numbers.${i}`));
    model.dispose();
  });

  it.each(ONE_OF_EACH)("writes %s", (name) => {
    const model = createModel(name, { initialise: false });
    const { inputSize } = modelInfo(name);
    const file = readOnnx(exportOnnx(model, { inputSize }));
    checkGraph(file);
    const [h, w, c] = inputSize;
    expect(file.inputs).toEqual([{ name: "input", type: 1, shape: ["batch", c, h, w] }]);
    expect(file.outputs).toEqual([{ name: "logits", type: 1, shape: ["batch", model.numClasses] }]);
    const turned = operatorsOf(file).includes("Transpose");
    expect(turned).toBe(/^(shuffle|es|micro)net/.test(name)); // images are NCHW throughout, but channels may be shuffled
    const read = new Set(file.initialisers.keys());
    const auxiliary = /^aux/i;
    const missing = [...model.namedParameters(), ...model.namedBuffers()].filter(
      ([own]) => !read.has(own) && !own.endsWith("num_batches_tracked") && !auxiliary.test(own),
    );
    expect(missing).toEqual([]);
    model.dispose();
  });
});

describe("the table of operations", () => {
  it("has all that ONNX has something for, and the networks of these tests use all of it", () => {
    const known = Object.keys(OPERATORS);
    const losses = [...registeredOps().keys()].filter((name) => !known.includes(name));
    expect(losses.sort()).toEqual(["crossEntropy", "dropout", "softCrossEntropy"]);
    expect(known.filter((name) => !registeredOps().has(name))).toEqual([]);
  });

  it.each(Object.entries(NETWORKS))("writes %s", (_, { make, inputSize = [6, 5, 4] }) => {
    const file = fileOf(make(), { inputSize });
    expect(file.inputs[0]!.shape[0]).toBe("batch");
    expect(file.outputs[0]!.name).toBe("logits");
  });

  it("turns nothing round that need not be: flatten, squeeze-and-excitation, shuffles of nothing", () => {
    const size: ExportOnnxOptions = { inputSize: [6, 5, 4] };
    const plain = fileOf(new Sequential(new Conv2d(4, 6, 1), new Applies(flatten), new Linear(180, 3)), size);
    expect(operatorsOf(plain)).toEqual(["Conv", "Flatten", "Gemm"]);
    const scaled = fileOf(
      new Sequential(
        new Conv2d(4, 6, 1),
        new Applies((x) => mul(x, adaptiveAvgPool2d(x, 1))),
        new Conv2d(6, 2, 1),
      ),
      size,
    );
    expect(operatorsOf(scaled)).toEqual(["Conv", "GlobalAveragePool", "Mul", "Conv", "Transpose"]);
  });

  it("leaves the batch out of every shape that is written", () => {
    const file = fileOf(new Applies((x) => reshape(relu(x), [x.shape[0]!, 10, 12])));
    const { inputs } = only(file, "Reshape");
    expect(integersOf(file.initialisers.get(inputs[1]!)!)).toEqual([-1, 10, 12]);
    expect(file.outputs[0]!.shape).toEqual(["batch", 10, 12]);
    expect(fileOf(new Applies((x) => reshape(x, [-1, 8]))).outputs[0]!.shape).toEqual(["batch", 8]);
  });

  it("writes ceilMode as padding at the end, which all versions of ONNX understand alike", () => {
    const pool = (ceilMode: boolean): ReadNode =>
      only(fileOf(new Applies((x) => maxPool2d(x, 2, { ceilMode }))), "MaxPool");
    expect(pool(false).attributes).toEqual({
      kernel_shape: [2, 2],
      strides: [2, 2],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
    });
    expect(pool(true).attributes["pads"]).toEqual([0, 0, 0, 1]);
  });

  it("writes convolutions, batch normalisation and ReLU6 with PyTorch's numbers in ONNX's words", () => {
    const conv = new Conv2d(4, 8, [3, 1], {
      stride: [2, 1],
      padding: [1, 0],
      dilation: 1,
      groups: 2,
      bias: true,
    });
    const file = fileOf(
      new Sequential(conv, new BatchNorm2d(8, { eps: 0.25, momentum: 0.125 }), new ReLU6()),
    );
    expect(only(file, "Conv")).toEqual({
      name: "0.conv2d",
      operator: "Conv",
      inputs: ["input", "0.weight", "0.bias"],
      outputs: ["0.conv2d"],
      attributes: { kernel_shape: [3, 1], strides: [2, 1], pads: [1, 0, 1, 0], dilations: [1, 1], group: 2 },
    });
    expect(file.initialisers.get("0.weight")!.dims).toEqual([8, 2, 3, 1]);
    expect(only(file, "BatchNormalization")).toMatchObject({
      inputs: ["0.conv2d", "1.weight", "1.bias", "1.running_mean", "1.running_var"],
      attributes: { epsilon: 0.25, momentum: 0.875 },
    });
    const [x, low, high] = only(file, "Clip").inputs;
    expect(x).toBe("1.batchNorm");
    expect([low, high].map((name) => [...floatsOf(file.initialisers.get(name!)!)])).toEqual([[0], [6]]);
  });

  it("writes evaluation, whatever the mode, and leaves the mode as it was", () => {
    const model = createModel("lenet5").train();
    const file = readOnnx(exportOnnx(model, { inputSize: [28, 28, 1] }));
    expect(model.training).toBe(true);
    expect(operatorsOf(file)).not.toContain("Dropout");
    model.dispose();
  });

  it("frees what the network made on the way, and nothing of the model's", () => {
    const own = ones([4]);
    const model = new Applies((x) => mul(mul(x, own), ones([5, 4])));
    const before = leakReport().live;
    const file = readOnnx(exportOnnx(model, { inputSize: [6, 5, 4] }));
    expect(leakReport().live).toEqual(before);
    expect(own.disposed).toBe(false);
    expect([...file.initialisers.values()].map(({ dims }) => dims)).toContainEqual([5, 4]);
    for (const held of [own, model]) held.dispose();
  });
});

describe("metadata", () => {
  it("holds the classes and how images are prepared", () => {
    const model = createModel("resnet20_cifar", { numClasses: 3 });
    const preprocessing = { ...imagenet(32, 40, "bicubic"), mean: [0.1, 0.2, 0.3] };
    const classes = ["cat", 'a "dog"', "überraschung"];
    const file = fileOf(model, { preprocessing, classes, architecture: "resnet20_cifar" });
    expect(file.graphName).toBe("resnet20_cifar");
    expect(Object.keys(file.metadata)).toEqual(["architecture", "names", "pretrained_cfg"]);
    expect(file.metadata["architecture"]).toBe("resnet20_cifar");
    expect(JSON.parse(file.metadata["names"]!)).toEqual(classes);
    expect(JSON.parse(file.metadata["pretrained_cfg"]!)).toEqual({
      input_size: [3, 32, 32],
      fixed_input_size: false,
      interpolation: "bicubic",
      crop_pct: 0.8,
      crop_mode: "center",
      mean: [0.1, 0.2, 0.3],
      std: [0.229, 0.224, 0.225],
    });
  });

  it("takes the preparation that came with the weights, and the requested size", () => {
    const model = createModel("resnet20_cifar");
    model.preprocessing = imagenet(32, 40);
    expect(readOnnx(exportOnnx(model)).inputs[0]!.shape).toEqual(["batch", 3, 32, 32]);
    const larger = fileOf(model, { inputSize: [48, 64, 3] });
    expect(larger.inputs[0]!.shape).toEqual(["batch", 3, 48, 64]);
    expect(JSON.parse(larger.metadata["pretrained_cfg"]!)).toMatchObject({ input_size: [3, 48, 64] });
  });

  it("has a name of the graph, whatever the network's class is called", () => {
    expect(fileOf(new (class extends Applies {})(relu)).graphName).toBe("network");
  });

  it("is empty where nothing is known", () => {
    expect(fileOf(new Applies(relu)).metadata).toEqual({});
  });
});
