// Element-wise operations in operators of ONNX. They keep the order of the axes.

import { inOrder, type Stored } from "./file-graph.js";
import type { NodeWriter, Row } from "./node-writer.js";
import type { Attributes } from "./proto.js";

/** One operator for x, or several in sequence. */
const unary =
  (...operators: readonly (readonly [operator: string, attributes?: Attributes])[]): Row =>
  (n) => {
    const x = n.input("x");
    return n.result(
      operators.reduce((name, [operator, attributes]) => n.add(operator, [name], attributes), x.name),
      x.axes,
    );
  };

/** b, whose axes are the last of `axes`, so that it is broadcast against a value in that order of axes. */
function broadcast(n: NodeWriter, b: Stored, axes: readonly number[]): string {
  const lead = axes.length - b.shape.length;
  if (lead === 0) return n.file.as(b, axes).name;
  const own = axes.flatMap((axis) => (axis < lead ? [] : [axis - lead]));
  const { name } = n.file.as(b, own);
  const missing = axes.flatMap((axis, i) => (axis < lead ? [i] : []));
  const inner = missing.filter((i) => i > axes.findIndex((axis) => axis >= lead));
  if (own.length === 0 || inner.length === 0) return name; // leading axes are added by broadcasting
  return n.file.add(`${name}.unsqueeze`, "Unsqueeze", [name, n.file.integers(missing)]);
}

/** a and b in one order of axes: that of the first one with all axes that is not a constant. */
function binary(write: (n: NodeWriter, a: string, b: string) => string): Row {
  return (n) => {
    const [a, b] = [n.input("a"), n.input("b")];
    const full = [a, b].filter(({ shape }) => shape.length === n.shape.length);
    const { axes } = full.find((x) => !n.file.isConstant(x.name)) ??
      full[0] ?? { axes: inOrder(n.shape.length) };
    return n.result(write(n, broadcast(n, a, axes), broadcast(n, b, axes)), axes);
  };
}

const operator = (name: string): Row => binary((n, a, b) => n.add(name, [a, b]));

/** TensorProto.DataType.FLOAT and BOOL */
const [FLOAT, BOOL] = [1, 9];

const comparison = (name: string): Row =>
  binary((n, a, b) => n.add("Cast", [n.add(name, [a, b])], { to: FLOAT }));

export const ELEMENTWISE: Readonly<Record<string, Row>> = {
  relu: unary(["Relu"]),
  sigmoid: unary(["Sigmoid"]),
  tanh: unary(["Tanh"]),
  exp: unary(["Exp"]),
  log: unary(["Log"]),
  sqrt: unary(["Sqrt"]),
  abs: unary(["Abs"]),
  neg: unary(["Neg"]),
  clamp(n) {
    const x = n.input("x");
    const limits = [n.file.scalar(n.attr("min")), n.file.scalar(n.attr("max"))];
    return n.result(n.add("Clip", [x.name, ...limits]), x.axes);
  },
  pow(n) {
    const x = n.input("x");
    return n.result(n.add("Pow", [x.name, n.file.scalar(n.attr("exponent"))]), x.axes);
  },
  elu(n) {
    const x = n.input("x");
    return n.result(n.add("Elu", [x.name], { alpha: { float: n.attr("alpha") } }), x.axes);
  },
  hardswish: unary(["HardSwish"]),
  hardsigmoid: unary(["HardSigmoid", { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }]),
  logSigmoid: unary(["Neg"], ["Softplus"], ["Neg"]),
  silu(n) {
    const x = n.input("x");
    return n.result(n.add("Mul", [x.name, n.add("Sigmoid", [x.name])]), x.axes);
  },
  /** x/2·(1 + erf(x/√2)): a single operator only since opset 20. */
  gelu(n) {
    const x = n.input("x");
    const erf = n.add("Erf", [n.add("Mul", [x.name, n.file.scalar(Math.SQRT1_2)])]);
    const half = n.add("Mul", [x.name, n.file.scalar(0.5)]);
    return n.result(n.add("Mul", [half, n.add("Add", [erf, n.file.scalar(1)])]), x.axes);
  },
  /** x / (1 + e^−2t), which equals x/2·(1 + tanh t): t = √(2/π)·(x + 0.044715·x³). */
  geluTanh(n) {
    const x = n.input("x");
    const factor = Math.sqrt(8 / Math.PI);
    const cubic = n.add("Mul", [n.add("Mul", [x.name, x.name]), n.file.scalar(factor * 0.044715)]);
    const twice = n.add("Mul", [x.name, n.add("Add", [cubic, n.file.scalar(factor)])]);
    return n.result(n.add("Mul", [x.name, n.add("Sigmoid", [twice])]), x.axes);
  },
  relu6(n) {
    const x = n.input("x");
    return n.result(n.add("Clip", [x.name, n.file.scalar(0), n.file.scalar(6)]), x.axes);
  },
  leakyRelu(n) {
    const x = n.input("x");
    return n.result(n.add("LeakyRelu", [x.name], { alpha: { float: n.attr("negativeSlope") } }), x.axes);
  },
  prelu(n) {
    const x = n.input("x");
    return n.result(n.add("PRelu", [x.name, broadcast(n, n.input("weight"), x.axes)]), x.axes);
  },
  affine(n) {
    const x = n.input("x");
    const [scale, shift] = [n.attr<number>("scale"), n.attr<number>("shift")];
    const scaled = scale === 1 ? x.name : n.add("Mul", [x.name, n.file.scalar(scale)]);
    return n.result(shift === 0 ? scaled : n.add("Add", [scaled, n.file.scalar(shift)]), x.axes);
  },
  add: operator("Add"),
  sub: operator("Sub"),
  mul: operator("Mul"),
  div: operator("Div"),
  maximum: operator("Max"),
  minimum: operator("Min"),
  greaterEqual: comparison("GreaterOrEqual"),
  greater: comparison("Greater"),
  equal: comparison("Equal"),
  keepWhere: binary((n, a, b) => n.add("Where", [n.add("Cast", [b], { to: BOOL }), a, n.file.scalar(0)])),
};
