// The graph of a network.

import { ONE_OF_EACH } from "../helpers/models.js";
import { describe, expect, it } from "vitest";
import {
  Conv2d,
  createModel,
  DataError,
  modelInfo,
  Module,
  ReLU,
  Sequential,
  ShapeError,
  tensor,
  tidy,
  trace,
  type Graph,
  type Tensor,
} from "../../src/index.js";
import { registeredOps, shapesOnly } from "../../src/core/op.js";

describe("trace", () => {
  it("lists operations with what they read, and constants by their names in files", () => {
    const model = new Sequential(new Conv2d(3, 4, 3, { stride: 2, bias: true }), new ReLU());
    const { inputShape, nodes, constants, output } = trace(model, [1, 8, 8, 3]);
    expect(inputShape).toEqual([1, 8, 8, 3]);
    expect(nodes.map(({ name, op, shape }) => [name, op, shape])).toEqual([
      ["0.conv2d", "conv2d", [1, 3, 3, 4]],
      ["1.relu", "relu", [1, 3, 3, 4]],
    ]);
    expect(nodes[0]!.inputs).toEqual({ x: "input", weight: "0.weight", bias: "0.bias" });
    expect(nodes[0]!.attrs).toEqual({ stride: 2, padding: 0, dilation: 1, groups: 1 });
    expect(nodes[1]!.inputs).toEqual({ x: "0.conv2d" });
    expect([...constants.keys()].sort()).toEqual(["0.bias", "0.weight"]);
    expect(constants.get("0.weight")).toBe(model.parameters()[0]);
    expect(output).toBe("1.relu");
    model.dispose();
  });

  it("shows batch normalisation's statistics as inputs, and evaluation, whatever the mode", () => {
    const model = createModel("resnet20_cifar").train();
    const { nodes } = trace(model, [1, 32, 32, 3]);
    expect(nodes[1]).toMatchObject({
      name: "bn1.batchNorm",
      inputs: { x: "conv1.conv2d", runningMean: "bn1.running_mean", runningVar: "bn1.running_var" },
      attrs: { training: false, eps: 1e-5 },
    });
    expect(model.training).toBe(true);
    model.dispose();
  });

  it("distinguishes the uses of one module", () => {
    class Twice extends Module {
      readonly conv = new Conv2d(3, 3, 1);
      forward(x: Tensor): Tensor {
        return this.conv.forward(this.conv.forward(x));
      }
    }
    const model = new Twice();
    const names = trace(model, [1, 4, 4, 3]).nodes.map(({ name }) => name);
    expect(names).toEqual(["conv.conv2d", "conv.conv2d_1"]);
    model.dispose();
  });

  it("keeps tensors that a forward makes itself", () => {
    class Shifted extends Module {
      forward(x: Tensor): Tensor {
        return x.add(tensor([1, 2, 3]));
      }
    }
    const { nodes, constants } = tidy(() => trace(new Shifted(), [2, 3]));
    expect(nodes[0]!.inputs).toEqual({ a: "input", b: "constant" });
    expect([...constants.get("constant")!.data()]).toEqual([1, 2, 3]);
  });

  it("refuses anything other than a model, and inputs that do not fit", () => {
    expect(() => trace({} as Module, [1])).toThrow(DataError);
    const model = createModel("resnet20_cifar");
    expect(() => trace(model, [1, 32, 32, 4])).toThrow(ShapeError);
    expect(trace(model, [1, 32, 32, 3]).nodes.length).toBeGreaterThan(20);
    model.dispose();
  });

  it.each(ONE_OF_EACH)("%s: every value is known before it is read, and no state is left out", (name) => {
    const [graph, states] = shapesOnly((): [Graph, string[]] =>
      tidy(() => {
        const model = createModel(name);
        const own = trace(model, [1, ...modelInfo(name).inputSize]);
        const names = [...model.namedParameters(), ...model.namedBuffers()].map(([state]) => state);
        model.dispose();
        return [own, names];
      }),
    );
    const known = new Set(["input", ...graph.constants.keys()]);
    for (const node of graph.nodes) {
      for (const read of Object.values(node.inputs)) expect(known, node.name).toContain(read);
      expect(known).not.toContain(node.name);
      expect(registeredOps().has(node.op)).toBe(true);
      expect(JSON.parse(JSON.stringify(node.attrs))).toEqual(node.attrs);
      known.add(node.name);
    }
    const unread = states.filter((state) => !graph.constants.has(state));
    expect(unread.filter((state) => !/num_batches_tracked$|^aux/i.test(state))).toEqual([]);
  });
});
