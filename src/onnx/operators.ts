// The table of operations: how each is written in operators of ONNX, opset 17.

import { checkAxis } from "../core/shape.js";
import { pair, sidesOf, type Padding2d, type Pair } from "../ops/window.js";
import { ELEMENTWISE } from "./elementwise.js";
import { inOrder, NCHW } from "./file-graph.js";
import { MOVEMENT } from "./movement.js";
import type { Row } from "./node-writer.js";
import { POOLING } from "./pooling.js";

/** TensorProto.DataType.INT32 */
const INT32 = 6;

const conv2d: Row = (n) => {
  const [strides, dilations] = ["stride", "dilation"].map((name) => pair(n.attr<Pair>(name)));
  const [height, width] = sidesOf(n.attr<Padding2d>("padding"));
  const inputs = [n.in("x", NCHW), n.in("weight", [3, 2, 0, 1]), ...(n.has("bias") ? [n.in("bias")] : [])];
  const [kh, kw] = n.input("weight").shape as [number, number];
  return n.result(
    n.add("Conv", inputs, {
      kernel_shape: [kh, kw],
      strides: strides!,
      pads: [height[0], width[0], height[1], width[1]],
      dilations: dilations!,
      group: n.attr("groups"),
    }),
    NCHW,
  );
};

/** Channels are the last axis here, the second there. */
const batchNorm: Row = (n) => {
  if (n.attr("training"))
    n.fail("normalises by the batch, which ONNX has for training alone; expected running statistics");
  const rank = n.shape.length;
  const axes = [0, rank - 1, ...inOrder(rank).slice(1, -1)];
  const channels = n.shape.at(-1)!;
  const given = (name: string, otherwise: number): string =>
    n.has(name) ? n.in(name) : n.file.floats(Array<number>(channels).fill(otherwise));
  const inputs = [
    n.in("x", axes),
    given("weight", 1),
    given("bias", 0),
    n.in("runningMean"),
    n.in("runningVar"),
  ];
  const attributes = {
    epsilon: { float: n.attr<number>("eps") },
    momentum: { float: 1 - n.attr<number>("momentum") }, // share of the old statistics that is kept
  };
  return n.result(n.add("BatchNormalization", inputs, attributes), axes);
};

const linear: Row = (n) => {
  if (n.shape.length === 2) {
    const inputs = [n.in("x"), n.in("weight"), ...(n.has("bias") ? [n.in("bias")] : [])];
    return n.result(n.add("Gemm", inputs, { transB: 1 }));
  }
  const weight = n.file.as(n.input("weight"), [1, 0]).name;
  const product = n.add("MatMul", [n.in("x"), weight]);
  return n.result(n.has("bias") ? n.add("Add", [product, n.in("bias")]) : product);
};

/** An operator over the last axis, wherever that is in the file. */
const alongLast =
  (operator: string): Row =>
  (n) => {
    const x = n.input("x");
    return n.result(n.add(operator, [x.name], { axis: x.axes.indexOf(x.shape.length - 1) }), x.axes);
  };

/** Removes one axis. write() gets x's name, the axis in the file, and its size. */
function along(write: (n: Parameters<Row>[0], x: string, axis: number, size: number) => string): Row {
  return (n) => {
    const x = n.input("x");
    const axis = checkAxis(n.node.op, n.attr<number>("axis"), x.shape);
    const left = x.axes.filter((a) => a !== axis).map((a) => (a > axis ? a - 1 : a));
    return n.result(write(n, x.name, x.axes.indexOf(axis), x.shape[axis]!), left);
  };
}

export const OPERATORS: Readonly<Record<string, Row>> = {
  ...ELEMENTWISE,
  ...MOVEMENT,
  ...POOLING,
  conv2d,
  batchNorm,
  linear,
  matmul: (n) => n.result(n.add("MatMul", [n.in("a"), n.in("b")])),
  softmax: alongLast("Softmax"),
  logSoftmax: alongLast("LogSoftmax"),
  sum: along((n, x, axis, size) => {
    const scale = n.attr<number>("scale");
    if (scale === 1 / size) return n.add("ReduceMean", [x], { axes: [axis], keepdims: 0 });
    const total = n.add("ReduceSum", [x, n.file.integers([axis])], { keepdims: 0 });
    return scale === 1 ? total : n.add("Mul", [total, n.file.scalar(scale)]);
  }),
  max: along((n, x, axis) => n.add("ReduceMax", [x], { axes: [axis], keepdims: 0 })),
  maxOfAll: (n) => n.result(n.add("ReduceMax", [n.input("x").name], { keepdims: 0 })),
  gather(n) {
    const { axes } = n.input("x");
    const index = n.file.as(n.input("index"), axes).name;
    return n.result(
      n.add("GatherElements", [n.input("x").name, index], { axis: axes.indexOf(n.attr("axis")) }),
      axes,
    );
  },
  argmax: along((n, x, axis) => n.add("Cast", [n.add("ArgMax", [x], { axis, keepdims: 0 })], { to: INT32 })),
};
