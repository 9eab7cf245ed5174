// Parts of a tensor: slice takes a part out, pad surrounds a part with zeros. Each is the other's gradient. flip is a backward slice.

import { defineOp } from "../core/op.js";
import { definePlan, type Place } from "../core/planned.js";
import { checkAxis, describe, stridesOf, type Shape } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import type { Planner } from "../wasm/plan.js";
import { AXES, planCopy } from "./strided.js";

/** Elements begin, begin + step, … (count of them) along one axis. */
interface Range {
  begin: number;
  count: number;
  step: number;
}

/** Start of the ranges of an array of this shape, in bytes, and distances of their elements, in elements. */
function rangesOf(
  shape: Shape,
  ranges: readonly Range[],
): { start: number; strides: number[]; sizes: number[] } {
  const own = stridesOf(shape);
  return {
    start: ranges.reduce((at, { begin }, axis) => at + begin * own[axis]! * 4, 0),
    strides: ranges.map(({ step }, axis) => step * own[axis]!),
    sizes: ranges.map(({ count }) => count),
  };
}

/** part = the ranges of whole. */
function take(p: Planner, whole: Place, ranges: readonly Range[], part: Place): void {
  const { start, strides, sizes } = rangesOf(whole.shape, ranges);
  planCopy(p, whole.ptr + start, strides, part.ptr, stridesOf(sizes), sizes);
}

/** whole = zeros, with part in its ranges. */
function put(p: Planner, part: Place, whole: Place, ranges: readonly Range[]): void {
  const { start, strides, sizes } = rangesOf(whole.shape, ranges);
  p.parallel("fill", whole.size, GRAIN, whole.ptr, 0);
  planCopy(p, part.ptr, stridesOf(sizes), whole.ptr + start, strides, sizes);
}

const sliceBackward = definePlan<{ dy: Tensor }, { ranges: readonly Range[] }>(
  "slice gradient",
  (p, dx, { dy }, { ranges }) => put(p, dy, dx, ranges),
);

const sliceOp = defineOp({
  name: "slice",
  shape({ x }: { x: Tensor }, { ranges }: { ranges: readonly Range[] }) {
    const inside = ranges.every(
      ({ begin, count, step }, axis) =>
        [begin, count, step].every(Number.isInteger) &&
        begin >= 0 &&
        count >= 0 &&
        step >= 1 &&
        (count === 0 || begin + (count - 1) * step < x.shape[axis]!),
    );
    if (ranges.length !== x.shape.length || ranges.length > AXES || !inside) {
      const text = ranges.map(({ begin, count, step }) => `${begin}+${count}·${step}`).join(",");
      throw new ShapeError(
        `slice: ranges (begin+count·step) must lie inside x, one for each of at most ${AXES} axes; ` +
          `got [${text}] for ${describe({ x })}`,
      );
    }
    return ranges.map(({ count }) => count);
  },
  plan: (p, y, { x }, { ranges }) => take(p, x, ranges, y),
  saves: [],
  vjp: { x: (dy, { shapes }, attrs) => sliceBackward(shapes.x, { dy }, attrs) },
});

/** Elements begin … begin + count − 1 along axis 1 of three. */
export function columns(x: Tensor, begin: number, count: number): Tensor {
  const whole = (n: number): Range => ({ begin: 0, count: n, step: 1 });
  return sliceOp({ x }, { ranges: [whole(x.shape[0]!), { begin, count, step: 1 }, whole(x.shape[2]!)] });
}

/** Position of x in the padded x. */
function insideOf(shape: Shape, before: readonly number[]): Range[] {
  return shape.map((count, axis) => ({ begin: before[axis]!, count, step: 1 }));
}

const padOp = defineOp({
  name: "pad",
  shape({ x }: { x: Tensor }, { before, after }: { before: readonly number[]; after: readonly number[] }) {
    const sizes = [...before, ...after];
    const axes = x.shape.length;
    if (
      before.length !== axes ||
      after.length !== axes ||
      axes > AXES ||
      !sizes.every((n) => Number.isInteger(n) && n >= 0)
    ) {
      throw new ShapeError(
        `pad: before and after must be integers ≥ 0, one for each of at most ${AXES} axes; ` +
          `got before [${before.join(",")}] after [${after.join(",")}] for ${describe({ x })}`,
      );
    }
    return x.shape.map((n, axis) => before[axis]! + n + after[axis]!);
  },
  plan: (p, y, { x }, { before }) => put(p, x, y, insideOf(x.shape, before)),
  saves: [],
  vjp: {
    x: (dy, { shapes }, { before }) => sliceOp({ x: dy }, { ranges: insideOf(shapes.x, before) }),
  },
});

const flipOp = defineOp({
  name: "flip",
  shape({ x }: { x: Tensor }, { axes }: { axes: readonly number[] }) {
    if (x.shape.length > AXES)
      throw new ShapeError(`flip: x must have at most ${AXES} axes; got ${describe({ x })}`);
    for (const axis of axes) checkAxis("flip", axis, x.shape);
    return x.shape;
  },
  plan(p, y, { x }, { axes }) {
    const turned = new Set(axes.map((axis) => checkAxis("flip", axis, x.shape)));
    const ranges = x.shape.map((count, axis) =>
      turned.has(axis) ? { begin: count - 1, count, step: -1 } : { begin: 0, count, step: 1 },
    );
    take(p, x, ranges, y);
  },
  saves: [],
  vjp: { x: (dy, _, { axes }) => flip(dy, axes) },
});

/** Elements begin, begin + step, … before end along one axis. */
export interface SliceRange {
  /** The first element; counts from the end if negative. Default 0, with a negative step the last one. */
  begin?: number;
  /** After the last element; counts from the end if negative. Default: all to the end. */
  end?: number;
  /** From one element to the next. Default 1. */
  step?: number;
}

/**
 * x[begin : end : step] along every axis of x (at most four). Defaults: begin 0, end the axis' size, step 1.
 * @throws ShapeError unless the ranges lie inside x
 */
export function slice(x: Tensor, axes: readonly SliceRange[]): Tensor {
  checkTensors("slice", { x });
  if (!Array.isArray(axes)) throw wrongKind("slice", "axes", axes, "an array of ranges");
  const list = axes as readonly SliceRange[];
  for (const range of list) checkOptions<SliceRange>("slice", range, { begin: true, end: true, step: true });
  const ranges = list.map(({ begin = 0, end, step = 1 }, axis) => {
    const last = end ?? x.shape[axis] ?? 0;
    for (const [name, value] of Object.entries({ begin, step })) {
      if (typeof value !== "number") throw wrongKind("slice", `${name} of axis ${axis}`, value, "an integer");
    }
    if (!Number.isInteger(last) || last < 0)
      throw wrongKind("slice", `end of axis ${axis}`, end, "an integer ≥ 0");
    return { begin, step, count: Math.max(0, Math.ceil((last - begin) / step)) };
  });
  return sliceOp({ x }, { ranges });
}

/** x with this many zeros before and after along each axis (at most four). @throws ShapeError unless they are integers ≥ 0 */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  checkList("pad", "before", before);
  checkList("pad", "after", after);
  return padOp({ x }, { before: [...before], after: [...after] });
}

/**
 * x with the order of its elements reversed along these axes, as torch.flip: along axis 2, images are mirrored.
 * @throws ShapeError if there is no such axis, or more than four
 */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  checkList("flip", "axes", axes);
  return flipOp({ x }, { axes: [...axes] });
}

function checkList(op: string, name: string, list: unknown): void {
  if (!Array.isArray(list)) throw wrongKind(op, name, list, "an array of integers");
}
