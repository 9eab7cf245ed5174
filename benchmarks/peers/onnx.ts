// ONNX models of a single node, written by hand: the handful of protobuf fields that they need
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

import type { ConvSpec } from "../workload.js";

type Bytes = Uint8Array;

function join(parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function varint(value: number): Bytes {
  const out: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return Uint8Array.from([...out, value]);
}

/** A field: a number is a varint, text and bytes carry their length. */
function field(number: number, value: number | string | Bytes): Bytes {
  if (typeof value === "number") return join([varint(number * 8), varint(value)]);
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return join([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

const message = (...fields: Bytes[]): Bytes => join(fields);

const FLOAT = 1;
const INT = 2;
const INTS = 7;

function attribute(name: string, value: number | number[]): Bytes {
  if (typeof value === "number") return message(field(1, name), field(3, value), field(20, INT));
  return message(field(1, name), ...value.map((v) => field(8, v)), field(20, INTS));
}

/** A value's name, type and shape. */
function valueInfo(name: string, shape: number[]): Bytes {
  const dims = shape.map((d) => field(1, field(1, d)));
  const tensorType = message(field(1, FLOAT), field(2, message(...dims)));
  return message(field(1, name), field(2, field(1, tensorType)));
}

function initializer(name: string, shape: number[], values: Float32Array): Bytes {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return message(...shape.map((d) => field(1, d)), field(2, FLOAT), field(8, name), field(9, raw));
}

interface Graph {
  op: string;
  attributes?: Record<string, number | number[]>;
  inputs: Record<string, number[]>;
  weights?: Record<string, { shape: number[]; values: Float32Array }>;
  output: number[];
}

function modelOf({ op, attributes = {}, inputs, weights = {}, output }: Graph): Bytes {
  const node = message(
    ...[...Object.keys(inputs), ...Object.keys(weights)].map((name) => field(1, name)),
    field(2, "y"),
    field(4, op),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  );
  const graph = message(
    field(1, node),
    field(2, op),
    ...Object.entries(weights).map(([name, w]) => field(5, initializer(name, w.shape, w.values))),
    ...Object.entries(inputs).map(([name, shape]) => field(11, valueInfo(name, shape))),
    field(12, valueInfo("y", output)),
  );
  const opset = message(field(1, ""), field(2, 17));
  return message(field(1, 8), field(7, graph), field(8, opset));
}

export function matmulModel(n: number): Bytes {
  return modelOf({ op: "MatMul", inputs: { a: [n, n], b: [n, n] }, output: [n, n] });
}

/** conv2d or depthwise, channels first; the weights are part of the model. */
export function convModel(spec: ConvSpec, weight: Float32Array, outHeight: number, outWidth: number): Bytes {
  const { batch, height, width, channels, outChannels, kernel, stride, padding, groups } = spec;
  return modelOf({
    op: "Conv",
    attributes: {
      group: groups,
      kernel_shape: [kernel, kernel],
      pads: [padding, padding, padding, padding],
      strides: [stride, stride],
    },
    inputs: { x: [batch, channels, height, width] },
    weights: { w: { shape: [outChannels, channels / groups, kernel, kernel], values: weight } },
    output: [batch, outChannels, outHeight, outWidth],
  });
}
