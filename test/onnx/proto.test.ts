// Files as messages of protocol buffers: what a network cannot show.

import { expect, it } from "vitest";
import { encodeOnnx, type Initialiser, type OnnxModel } from "../../src/onnx/proto.js";
import { readOnnx } from "./read-onnx.js";

const model = (more: Partial<OnnxModel>): OnnxModel => ({
  name: "g",
  producerVersion: "1.2.3",
  nodes: [],
  initialisers: [],
  inputs: [],
  output: { name: "y", type: "i64", shape: [] },
  metadata: {},
  ...more,
});

const zeros = (name: string, shape: readonly number[]): Initialiser => ({
  name,
  type: "f32",
  shape,
  write: (to) => to.fill(0),
});

it("refuses a file of more than 2 GiB before it takes memory for it", () => {
  const initialisers = [zeros("a", [2 ** 14, 2 ** 14]), zeros("b", [2 ** 14, 2 ** 14])];
  expect(() => encodeOnnx(model({ initialisers }))).toThrow(
    /^exportOnnx: g takes 2147483\d{3} bytes; expected at most 2147483647, the most that a file of ONNX may have$/,
  );
});

it("keeps numbers of every size: no elements, negative, of several bytes", () => {
  const attributes = { axis: -1, perm: [0, 300, -2], alpha: { float: 0.1 }, mode: "é" };
  const nodes = [{ name: "é", operator: "Op", inputs: ["a", ""], output: "y", attributes }];
  const file = readOnnx(
    encodeOnnx(model({ nodes, initialisers: [zeros("a", [0, 3]), zeros("s", [])], metadata: { "": "ü\n" } })),
  );
  expect(file.nodes).toEqual([
    {
      name: "é",
      operator: "Op",
      inputs: ["a", ""],
      outputs: ["y"],
      attributes: { axis: -1, perm: [0, 300, -2], alpha: Math.fround(0.1), mode: "é" },
    },
  ]);
  expect([...file.initialisers.values()].map(({ dims, bytes }) => [dims, bytes.length])).toEqual([
    [[0, 3], 0],
    [[], 4],
  ]);
  expect(file.outputs).toEqual([{ name: "y", type: 7, shape: [] }]);
  expect(file.metadata).toEqual({ "": "ü\n" });
});
