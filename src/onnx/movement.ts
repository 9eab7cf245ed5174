// Operations that move elements, in operators of ONNX. Axes have their numbers in the file.

import type { Shape } from "../core/shape.js";
import { inOrder, keepsOrder, NCHW, sameAxes } from "./file-graph.js";
import type { Row } from "./node-writer.js";

interface Range {
  begin: number;
  count: number;
  step: number;
}

/** Its axes change here; the elements in the file do not move. */
const permute: Row = (n) => {
  const x = n.input("x");
  const axes = n.attr<readonly number[]>("axes");
  return n.result(
    x.name,
    x.axes.map((axis) => axes.indexOf(axis)),
  );
};

/** Elements in their order here, under another shape. At most one size may depend on the batch: ONNX infers it. */
const reshape: Row = (n) => {
  const x = n.input("x");
  const { shape } = n;
  if (sameAxes(x.shape, shape)) return n.result(x.name, x.axes);
  const from = keepsOrder(x.shape, x.axes) ? x.name : n.in("x");
  const axes = shape.length === 4 && keepsOrder(shape, NCHW) ? NCHW : inOrder(shape.length);
  const free = axes.filter((axis) => n.varies(axis));
  if (free.length > 1) n.fail(`axes ${free.join(" and ")} both go with the batch; expected one at most`);
  if (shape.length === 2 && free[0] === 0 && shape[0] === x.shape[0])
    return n.result(n.add("Flatten", [from]));
  const sizes = axes.map((axis) => (n.varies(axis) ? -1 : shape[axis]!));
  return n.result(n.add("Reshape", [from, n.file.integers(sizes)]), axes);
};

const slice: Row = (n) => {
  const x = n.input("x");
  const ranges = n.attr<readonly Range[]>("ranges");
  const others = n.other.attrs["ranges"] as readonly Range[];
  const whole = ({ begin, count, step }: Range, size: number): boolean =>
    begin === 0 && step === 1 && count === size;
  const cut = x.axes
    .map((axis, i) => ({ axis, i }))
    .filter(({ axis: a }) => !whole(ranges[a]!, x.shape[a]!) || !whole(others[a]!, x.other[a]!));
  const bad = cut.find(({ axis }) => JSON.stringify(ranges[axis]) !== JSON.stringify(others[axis]));
  if (bad) n.fail(`cuts axis ${bad.axis} by the size of the batch`);
  if (cut.length === 0) return n.result(x.name, x.axes);
  const list = (of: (range: Range) => number): string =>
    n.file.integers(cut.map(({ axis }) => of(ranges[axis]!)));
  const inputs = [
    x.name,
    list(({ begin }) => begin),
    list(({ begin, count, step }) => (count === 0 ? begin : begin + (count - 1) * step + 1)),
    n.file.integers(cut.map(({ i }) => i)),
    list(({ step }) => step),
  ];
  return n.result(n.add("Slice", inputs), x.axes);
};

const pad: Row = (n) => {
  const x = n.input("x");
  const sizes = ["before", "after"].flatMap((name) => x.axes.map((axis) => n.attr<Shape>(name)[axis]!));
  return n.result(n.add("Pad", [x.name, n.file.integers(sizes)]), x.axes);
};

/** "As far as it goes" for a step of −1. */
const INT64_MIN = -(2n ** 63n);

const flip: Row = (n) => {
  const x = n.input("x");
  const turned = n.attr<readonly number[]>("axes").map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const places = x.axes.flatMap((axis, i) => (turned.includes(axis) ? [i] : []));
  if (places.length === 0) return n.result(x.name, x.axes);
  const all = (value: number | bigint): string => n.file.integers(places.map(() => value));
  return n.result(
    n.add("Slice", [x.name, all(-1), all(INT64_MIN), n.file.integers(places), all(-1)]),
    x.axes,
  );
};

const cat: Row = (n) => {
  const { axes } = n.inputs.find(({ name }) => !n.file.isConstant(name)) ?? n.inputs[0]!;
  const names = n.inputs.map((x) => n.file.as(x, axes).name);
  return n.result(n.add("Concat", names, { axis: axes.indexOf(n.attr("axis")) }), axes);
};

const channelShuffle: Row = (n) => {
  const [, h, w, c] = n.shape as [number, number, number, number];
  const groups = n.attr<number>("groups");
  const [parts, whole] = [[-1, groups, c / groups, h * w], [-1, c, h, w]].map((sizes) => n.file.integers(sizes)); // prettier-ignore
  const split = n.add("Reshape", [n.in("x", NCHW), parts!]);
  return n.result(n.add("Reshape", [n.add("Transpose", [split], { perm: [0, 2, 1, 3] }), whole!]), NCHW);
};

export const MOVEMENT: Readonly<Record<string, Row>> = {
  channelShuffle,
  permute,
  reshape,
  slice,
  pad,
  flip,
  cat,
};
