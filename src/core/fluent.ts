// The methods that tensor-methods.ts adds to tensors: x.relu() is relu(x), whose description says more. Every page that has tensors
// carries the code behind them, so operations with much code are functions only. Declared here, below the tensor, so that its
// type is complete wherever it is used.

import type { BackwardOptions } from "./autograd.js";
import type { Shape } from "./shape.js";
import type { AnyTensor, DType, Tensor } from "./tensor.js";

/** Operations as methods of a tensor. */
export interface Fluent<D extends DType = "f32"> {
  /** max(x, 0). */
  relu(): Tensor;
  /** 1 / (1 + e⁻ˣ). */
  sigmoid(): Tensor;
  /** Hyperbolic tangent. */
  tanh(): Tensor;
  /** eˣ / Σ eˣ over the last axis. @throws ShapeError if it is empty, or another axis is given */
  softmax(axis?: number): Tensor;
  /** x − ln Σ eˣ over the last axis. @throws ShapeError if it is empty, or another axis is given */
  logSoftmax(axis?: number): Tensor;

  /** eˣ. */
  exp(): Tensor;
  /** Natural logarithm; −Infinity at 0, NaN below. */
  log(): Tensor;
  /** Square root; NaN below 0. */
  sqrt(): Tensor;
  /** Absolute value; its gradient at 0 is 0. */
  abs(): Tensor;
  /** −x. */
  neg(): Tensor;
  /** x to the power of a number; NaN where x is negative and the exponent is not whole. */
  pow(exponent: number): Tensor;
  /** x cut to [min, max]; undefined for no limit on that side. NaN stays NaN. */
  clamp(min?: number, max?: number): Tensor;
  /** x·scale + shift, both numbers; shift is 0 unless given. */
  affine(scale: number, shift?: number): Tensor;
  /** x + other; shapes broadcast. @throws ShapeError if they do not */
  add(other: Tensor | number): Tensor;
  /** x − other; shapes broadcast. @throws ShapeError if they do not */
  sub(other: Tensor | number): Tensor;
  /** x · other, element by element; shapes broadcast. @throws ShapeError if they do not */
  mul(other: Tensor | number): Tensor;
  /** x / other, element by element; shapes broadcast. @throws ShapeError if they do not */
  div(other: Tensor | number): Tensor;
  /** The larger of x and other, NaN if either is; shapes broadcast. @throws ShapeError if they do not */
  maximum(other: Tensor): Tensor;
  /** The smaller of x and other, NaN if either is; shapes broadcast. @throws ShapeError if they do not */
  minimum(other: Tensor): Tensor;
  /** The matrix product x·other: [m, k] · [k, n] is [m, n]. @throws ShapeError unless the shapes fit */
  matmul(other: Tensor): Tensor;

  /** 1 where x = other, otherwise 0, f32; tensors of any dtype. No gradient. Shapes broadcast. */
  eq(other: AnyTensor | number): Tensor;
  /** 1 where x ≠ other, otherwise 0, as eq(). */
  ne(other: AnyTensor | number): Tensor;
  /** 1 where x < other, otherwise 0, as eq(). */
  lt(other: AnyTensor | number): Tensor;
  /** 1 where x ≤ other, otherwise 0, as eq(). */
  le(other: AnyTensor | number): Tensor;
  /** 1 where x > other, otherwise 0, as eq(). */
  gt(other: AnyTensor | number): Tensor;
  /** 1 where x ≥ other, otherwise 0, as eq(). */
  ge(other: AnyTensor | number): Tensor;
  /** ge() under PyTorch's longer name. */
  greaterEqual(other: Tensor): Tensor;
  /**
   * x where the condition is not 0, otherwise other; all three broadcast. @throws ShapeError if they do not
   */
  where(condition: AnyTensor, other: Tensor | number): Tensor;

  /**
   * Sum over one axis, several, or (none given) all. keepdim: they stay, with size 1. @throws ShapeError if there is no
   * such axis
   */
  sum(axis?: number | readonly number[], keepdim?: boolean): Tensor;
  /**
   * Mean over one axis, several, or (none given) all. keepdim: they stay, with size 1. @throws ShapeError if there is no
   * such axis, or it is empty
   */
  mean(axis?: number | readonly number[], keepdim?: boolean): Tensor;
  /**
   * Largest element along an axis or, without one, of all. @throws ShapeError if there is no such axis, or no element
   */
  max(axis?: number, keepdim?: boolean): Tensor;
  /**
   * Smallest element along an axis or, without one, of all. @throws ShapeError if there is no such axis, or no element
   */
  min(axis?: number, keepdim?: boolean): Tensor;
  /**
   * Index of the first largest element along an axis; without one, in the flattened tensor. @throws ShapeError as max()
   */
  argmax(axis?: number): Tensor<"i32">;
  /**
   * Index of the first smallest element along an axis; without one, in the flattened tensor. @throws ShapeError as max()
   */
  argmin(axis?: number): Tensor<"i32">;

  /**
   * The same elements under another shape; one size may be −1, to be inferred. @throws ShapeError if counts differ
   */
  reshape(shape: Shape): Tensor;
  /** Axis i of the result is axis axes[i] of x. @throws ShapeError unless axes is a permutation */
  permute(axes: readonly number[]): Tensor;
  /** [n, …] as [n, rest]; images [n, h, w, c] in channel-first order, as PyTorch flattens them. */
  flatten(): Tensor;
  /**
   * x without its axes of size 1, or without the named ones that have size 1. @throws ShapeError if there is
   * no such axis
   */
  squeeze(axis?: number | readonly number[]): Tensor;
  /**
   * x with a new axis of size 1 before this axis; −1 puts it last. @throws ShapeError if there is no such
   * position
   */
  unsqueeze(axis: number): Tensor;
  /** A copy with its own memory, through which gradients pass. */
  clone(): Tensor<D>;

  /** Adds the gradient of this tensor to the .grad of every leaf it depends on; see backward(). */
  backward(dy?: Tensor, options?: BackwardOptions): void;
}
