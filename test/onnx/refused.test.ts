// What exportOnnx() refuses, and what it says of it.

import { beforeAll, describe, expect, it } from "vitest";
import {
  batchNorm,
  Conv2d,
  createModel,
  DataError,
  dropout,
  init,
  Module,
  mul,
  ones,
  Parameter,
  relu,
  reshape,
  Sequential,
  slice,
  type Tensor,
} from "../../src/index.js";
import { exportOnnx, type ExportOnnxOptions } from "../../src/onnx/index.js";
import { FileGraph } from "../../src/onnx/file-graph.js";
import { NodeWriter } from "../../src/onnx/node-writer.js";
import { OPERATORS } from "../../src/onnx/operators.js";
import { fileOf } from "./file-of.js";
import { Applies } from "./networks.js";

beforeAll(() => void init({ threads: 1 }));

describe("what cannot be written", () => {
  const refused = (model: Module, options?: ExportOnnxOptions): unknown => {
    try {
      return exportOnnx(model, options ?? { inputSize: [6, 5, 4] });
    } catch (error) {
      return error;
    } finally {
      if (model instanceof Module) model.dispose();
    }
  };

  class Branches extends Module {
    readonly weight = new Parameter(ones([1]));
    forward(x: Tensor): Tensor {
      return x.shape[0]! > 2 ? relu(x) : mul(x, this.weight);
    }
  }
  class Taken extends Module {
    readonly input = new Parameter(ones([1]));
    forward(x: Tensor): Tensor {
      return mul(x, this.input);
    }
  }
  class Ambiguous extends Module {
    readonly logits = new Parameter(ones([1]));
    forward(x: Tensor): Tensor {
      return mul(x, this.logits);
    }
  }

  it.each<[string, Module, string]>([
    [
      "an operation that ONNX lacks",
      new Sequential(new Applies(relu), new Applies((x) => dropout(x, 0.5, 1))),
      "1.dropout (dropout): no operator of ONNX for it; known: abs, adaptiveAvgPool2d, add, affine",
    ],
    [
      "the batch's own statistics",
      new Sequential(
        new Applies((x) => batchNorm(x, undefined, undefined, undefined, undefined, { training: true })),
      ),
      "0.batchNorm (batchNorm): normalises by the batch",
    ],
    [
      "a mean over the batch",
      new Applies((x) => x.mean(0)),
      "sum (sum): scale goes with the batch; got 0.5 and 0.3333333333333333 for 2 and 3 images",
    ],
    [
      "a batch that stands in two axes",
      new Applies((x) =>
        reshape(mul(reshape(x, [1, x.shape[0]!, 120]), reshape(x, [x.shape[0]!, 1, 120])), [
          x.shape[0]!,
          x.shape[0]!,
          60,
          2,
        ]),
      ),
      "reshape_2 (reshape): axes 0 and 1 both go with the batch; expected one at most",
    ],
    [
      "a part of the batch",
      new Applies((x) => slice(x, [{ end: x.shape[0]! - 1 }, {}, {}, {}])),
      "slice (slice): cuts axis 0 by the size of the batch",
    ],
    [
      "branches by the batch",
      new Branches(),
      "mul (mul): 2 and 3 images are not treated alike; expected a network that does with any batch",
    ],
    [
      "other results by the batch",
      new Applies((x) => {
        const [a, b] = [relu(x), mul(x, 2)];
        return x.shape[0]! > 2 ? a : b;
      }),
      "2 and 3 images give affine and relu; expected a network that does with any batch",
    ],
    [
      "a constant as large as the batch",
      new Applies((x) => mul(x, ones([x.shape[0]!, 1, 1, 1]))),
      "constant: a constant that goes with the batch; got [2,1,1,1] and [3,1,1,1]",
    ],
    [
      "the input's name for a parameter",
      new Taken(),
      "input: a parameter's name; expected one that the input does not have",
    ],
  ])("%s", (_, model, message) => {
    expect(refused(model)).toMatchObject({
      name: "DataError",
      message: expect.stringContaining(`exportOnnx: ${message}`) as unknown,
    });
  });

  it("the name of the output for a parameter does no harm", () => {
    const file = fileOf(new Ambiguous());
    expect(file.outputs[0]!.name).toBe("logits");
    expect(file.initialisers.has("logits_1")).toBe(true);
  });

  it.each<[string, () => unknown, string, string]>([
    ["no model", () => refused(5 as never), "DataError", "exportOnnx: model must be a Module; got 5"],
    [
      "an unknown option",
      () => refused(new Applies(relu), { size: 5 } as never),
      "DataError",
      "exportOnnx: unknown option 'size'; ",
    ],
    [
      "no size",
      () => refused(new Applies(relu), {}),
      "DataError",
      "exportOnnx: size of images unknown; got inputSize undefined; expected [height, width, channels]",
    ],
    [
      "a size that is none",
      () => refused(new Applies(relu), { inputSize: [5] as never }),
      "DataError",
      "size of images unknown; got inputSize [5]",
    ],
    [
      "a size of other channels",
      () => refused(new Conv2d(3, 4, 1), { inputSize: [6, 5, 4] }),
      "ShapeError",
      "conv2d: weight or bias does not fit the input; got x:[2,6,5,4]",
    ],
    [
      "a size that is no integer",
      () => refused(new Conv2d(3, 4, 1), { inputSize: [6, 5.5, 3] }),
      "ShapeError",
      "sizes must be integers ≥ 0; got [2,6,5.5,3]",
    ],
    [
      "too few classes",
      () => refused(createModel("lenet5"), { inputSize: [28, 28, 1], classes: ["a"] }),
      "DataError",
      "exportOnnx: 1 classes for LeNet5; expected 10, as many as outputs",
    ],
    [
      "classes that are no names",
      () => refused(createModel("lenet5"), { inputSize: [28, 28, 1], classes: "abc" as never }),
      "DataError",
      "exportOnnx: classes must be an array of names; got a string",
    ],
    [
      "an architecture that is no name",
      () => refused(new Applies(relu), { inputSize: [6, 5, 4], architecture: 5 as never }),
      "DataError",
      "exportOnnx: architecture must be a name; got 5",
    ],
    [
      "half a preparation",
      () => refused(createModel("lenet5"), { preprocessing: { mean: [1] } as never }),
      "DataError",
      "exportOnnx: preparation",
    ],
  ])("%s", (_, attempt, name, message) => {
    expect(attempt()).toMatchObject({ name, message: expect.stringContaining(message) as unknown });
  });

  it("an input that a row of the table passes over", () => {
    const node = {
      name: "a.relu",
      op: "relu",
      inputs: { x: "input", y: "w" },
      attrs: {},
      shape: [2],
      dtype: "f32",
    } as const;
    const stored = { name: "input", shape: [2], other: [2], axes: [0], dtype: "f32" } as const;
    const n = new NodeWriter(new FileGraph([]), node, node, { x: stored, y: stored });
    OPERATORS["relu"]!(n);
    expect(() => n.checkRead()).toThrow(new DataError("exportOnnx: a.relu (relu): its y cannot be written"));
  });
});
