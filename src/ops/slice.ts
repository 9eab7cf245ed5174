// Parts of a tensor: slice takes one out, pad puts one into zeros. Each is the other's gradient. And flip, a slice backwards.

import { defineOp } from "../core/op.js";
import { checkAxis, describe, stridesOf, type Shape } from "../core/shape.js";
import { checkTensors, empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { withStruct } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";

/** Elements begin, begin + step, … (count of them) along one axis. */
interface Range {
  begin: number;
  count: number;
  step: number;
}

/** More axes than this are not needed by any network here. */
const AXES = 4;

/** Copies the ranges of `whole` (address, shape) to a contiguous array, or (store) the other way round. */
function copyRanges(
  kernel: "stridedCopy" | "stridedStore",
  whole: { ptr: number; shape: Shape },
  part: number,
  ranges: readonly Range[],
): void {
  const own = stridesOf(whole.shape);
  const start = ranges.reduce((at, { begin }, axis) => at + begin * own[axis]!, whole.ptr / 4) * 4;
  const sizes = ranges.map(({ count }) => count);
  const strides = ranges.map(({ step }, axis) => step * own[axis]!);
  while (sizes.length < AXES) {
    sizes.unshift(1);
    strides.unshift(0);
  }
  const [n0, n1, n2, n3] = sizes as [number, number, number, number];
  const [s0, s1, s2, s3] = strides as [number, number, number, number];
  if (sizes.includes(0)) return;
  const [from, to] = kernel === "stridedCopy" ? [start, part] : [part, start];
  const fields = { x: from, y: to, n0, n1, n2, n3, s0, s1, s2, s3 };
  withStruct("Strided", fields, (shape) => runtime().kernels[kernel](shape));
}

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
  forward: (y, { x }, { ranges }) => copyRanges("stridedCopy", x, y.ptr, ranges),
  saves: [],
  vjp: {
    x(dy, { shapes }, { ranges }) {
      const dx = empty(shapes.x, "f32", "slice gradient");
      dx.view.fill(0);
      copyRanges("stridedStore", dx, dy.ptr, ranges);
      return dx;
    },
  },
});

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
  forward(y, { x }, { before }) {
    y.view.fill(0);
    copyRanges(
      "stridedStore",
      y,
      x.ptr,
      x.shape.map((count, axis) => ({ begin: before[axis]!, count, step: 1 })),
    );
  },
  saves: [],
  vjp: {
    x: (dy, { shapes }, { before }) => {
      const ranges = shapes.x.map((count, axis) => ({ begin: before[axis]!, count, step: 1 }));
      return sliceOp({ x: dy }, { ranges });
    },
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
  forward(y, { x }, { axes }) {
    const turned = new Set(axes.map((axis) => checkAxis("flip", axis, x.shape)));
    const ranges = x.shape.map((count, axis) =>
      turned.has(axis) ? { begin: count - 1, count, step: -1 } : { begin: 0, count, step: 1 },
    );
    copyRanges("stridedCopy", x, y.ptr, ranges);
  },
  saves: [],
  vjp: { x: (dy, _, { axes }) => flip(dy, axes) },
});

/** Elements begin, begin + step, … before end along one axis. */
export interface SliceRange {
  begin?: number;
  end?: number;
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
    if (!Number.isInteger(last) || last < 0)
      throw wrongKind("slice", `end of axis ${axis}`, end, "an integer ≥ 0");
    return { begin, step, count: Math.max(0, Math.ceil((last - begin) / step)) };
  });
  return sliceOp({ x }, { ranges });
}

/** x with so many zeros before and after along each axis (at most four). @throws ShapeError unless they are integers ≥ 0 */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  checkList("pad", "before", before);
  checkList("pad", "after", after);
  return padOp({ x }, { before: [...before], after: [...after] });
}

/**
 * x with the order of its elements reversed along these axes, as torch.flip has it: images are mirrored along axis 2.
 * @throws ShapeError if there is no such axis, or more than four
 */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  checkList("flip", "axes", axes);
  return flipOp({ x }, { axes: [...axes] });
}

function checkList(op: string, name: string, list: unknown): void {
  if (!Array.isArray(list)) throw wrongKind(op, name, list, "an array of integers");
}
