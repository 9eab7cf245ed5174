// Input of ONNX Runtime: files written by fovea, of a whole network or a single operation.

import { createModel, init, manualSeed } from "../../src/index.js";
import { exportOnnx } from "../../src/onnx/index.js";
import { encodeOnnx, type Initialiser, type OnnxNode, type Port } from "../../src/onnx/proto.js";
import type { ConvSpec, ModelSpec } from "../workload.js";

const port = (name: string, shape: readonly number[]): Port => ({ name, type: "f32", shape });

/** A file of one node, whose output is y. */
function single(
  { operator, inputs, attributes = {} }: Pick<OnnxNode, "operator" | "inputs"> & Partial<OnnxNode>,
  given: readonly Port[],
  output: readonly number[],
  initialisers: readonly Initialiser[] = [],
): Uint8Array {
  const node = { name: "y", operator, inputs, output: "y", attributes };
  const names = { name: operator, producerVersion: "", metadata: {} };
  return encodeOnnx({ ...names, nodes: [node], initialisers, inputs: given, output: port("y", output) });
}

export function matmulModel(n: number): Uint8Array {
  const inputs = ["a", "b"];
  return single(
    { operator: "MatMul", inputs },
    inputs.map((name) => port(name, [n, n])),
    [n, n],
  );
}

/** conv2d or depthwise, channels first; the weights are part of the model. */
export function convModel(
  spec: ConvSpec,
  weight: Float32Array,
  outHeight: number,
  outWidth: number,
): Uint8Array {
  const { batch, height, width, channels, outChannels, kernel, stride, padding, groups } = spec;
  const attributes = {
    group: groups,
    kernel_shape: [kernel, kernel],
    pads: [padding, padding, padding, padding],
    strides: [stride, stride],
  };
  const w: Initialiser = {
    name: "w",
    type: "f32",
    shape: [outChannels, channels / groups, kernel, kernel],
    write: (to) => to.set(new Uint8Array(weight.buffer, weight.byteOffset, weight.byteLength)),
  };
  const x = port("x", [batch, channels, height, width]);
  const output = [batch, outChannels, outHeight, outWidth];
  return single({ operator: "Conv", inputs: ["x", "w"], attributes }, [x], output, [w]);
}

/** A network with the weights of fovea's own row. */
export function networkModel({ model: name, classes, inputSize }: ModelSpec): Uint8Array {
  init({ threads: 1 });
  manualSeed(1);
  const model = createModel(name, { numClasses: classes });
  try {
    return exportOnnx(model, { inputSize });
  } finally {
    model.dispose();
  }
}
