// Inserts and removes axes of size 1, stacks tensors and cuts them into pieces: forms of reshape, cat and slice.

import { around, checkAxis, describe } from "../core/shape.js";
import { tidy } from "../core/scope.js";
import { checkTensors, empty, type AnyTensor, type DType, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { cat } from "./cat.js";
import { permute, reshape } from "./movement.js";
import { columns } from "./slice.js";

/**
 * x without its axes of size 1, or without the named ones that have size 1: as torch.squeeze.
 * @throws ShapeError if there is no such axis
 */
export function squeeze(x: Tensor, axis?: number | readonly number[]): Tensor {
  checkTensors("squeeze", { x });
  const all =
    axis === undefined ? [...x.shape.keys()] : [axis].flat().map((a) => checkAxis("squeeze", a, x.shape));
  return reshape(x, x.shape.filter((n, i) => n !== 1 || !all.includes(i))); // prettier-ignore
}

/** x with a new axis of size 1 before this axis; −1 puts it last. @throws ShapeError if there is no such position */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  checkTensors("unsqueeze", { x });
  return reshape(x, x.shape.toSpliced(checkAxis("unsqueeze", axis, [...x.shape, 1]), 0, 1));
}

/** Tensors of one shape, one after the other along a new axis. @throws ShapeError unless there is at least one, and all shapes are equal */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  if (!Array.isArray(tensors)) throw wrongKind("stack", "tensors", tensors, "an array of tensors");
  const [first, ...rest] = tensors as readonly Tensor[];
  if (!first) throw new ShapeError("stack: expected at least one tensor; got none");
  checkTensors("stack", Object.fromEntries(tensors.entries()));
  const odd = rest.find((t) => t.shape.join() !== first.shape.join());
  if (odd) throw new ShapeError(`stack: shapes must be equal; got ${describe({ first, other: odd })}`);
  return tidy(() => cat(tensors.map((t: Tensor) => unsqueeze(t, axis)), checkAxis("stack", axis, [...first.shape, 1]))); // prettier-ignore
}

/** Elements begin … begin + count − 1 along one axis of a tensor with any number of axes. */
function part(x: Tensor, axis: number, begin: number, count: number): Tensor {
  return reshape(columns(reshape(x, around(x.shape, axis)), begin, count), x.shape.with(axis, count));
}

/**
 * x in pieces along an axis: of this size each (the last may be smaller), or of these sizes. Returns copies, where torch.split returns views.
 * @throws ShapeError if there is no such axis, or the sizes do not add up to its size
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  checkTensors("split", { x });
  const a = checkAxis("split", axis, x.shape);
  const n = x.shape[a]!;
  const each = typeof sizes === "number" ? sizes : 0;
  const count = each > 0 ? Math.max(1, Math.ceil(n / each)) : 0;
  const list: readonly number[] = Array.isArray(sizes)
    ? sizes
    : Array.from({ length: count }, (_, i) => Math.min(each, n - i * each));
  const whole = list.every((s) => Number.isInteger(s) && s >= 0) && Number.isInteger(each);
  if (!whole || list.length === 0 || list.reduce((sum, s) => sum + s, 0) !== n) {
    throw new ShapeError(
      `split: sizes must be an integer ≥ 1, or integers that add up to ${n}; got [${String(sizes)}] for ${describe({ x })} axis ${axis}`,
    );
  }
  let begin = 0;
  return tidy(() => list.map((s) => part(x, a, (begin += s) - s, s)));
}

/** x in this many pieces of equal size along an axis: the last may be smaller, and there may be fewer, as in torch.chunk. @throws ShapeError as split() */
export function chunk(x: Tensor, chunks: number, axis = 0): Tensor[] {
  checkTensors("chunk", { x });
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new ShapeError(`chunk: chunks must be an integer ≥ 1; got ${String(chunks)}`);
  const n = x.shape[checkAxis("chunk", axis, x.shape)]!;
  return split(x, Math.max(1, Math.ceil(n / chunks)), axis);
}

/** A copy of x with its own memory. Gradients pass through it; detach() first to get a leaf. */
export function clone<D extends DType = "f32">(x: Tensor<D>): Tensor<D> {
  checkTensors("clone", { x });
  const same = x as AnyTensor;
  const copy =
    same.dtype === "f32"
      ? permute(same as Tensor, [...x.shape.keys()])
      : empty(x.shape, x.dtype, "clone").copyFrom(x);
  return copy as Tensor<D>;
}
