// The methods that tensor-methods.ts gives to tensors: x.relu() is relu(x). Declared here, under the tensor, so that its
// type is whole wherever it is used.

import type { BackwardOptions } from "./autograd.js";
import type { Shape } from "./shape.js";
import type { Tensor } from "./tensor.js";

export interface Fluent {
  relu(): Tensor;
  sigmoid(): Tensor;
  tanh(): Tensor;
  exp(): Tensor;
  log(): Tensor;
  sqrt(): Tensor;
  abs(): Tensor;
  neg(): Tensor;
  add(other: Tensor | number): Tensor;
  sub(other: Tensor | number): Tensor;
  mul(other: Tensor | number): Tensor;
  div(other: Tensor | number): Tensor;
  matmul(other: Tensor): Tensor;
  sum(axis?: number | readonly number[], keepdim?: boolean): Tensor;
  mean(axis?: number | readonly number[], keepdim?: boolean): Tensor;
  max(axis: number): Tensor;
  argmax(axis: number): Tensor<"i32">;
  softmax(axis?: number): Tensor;
  logSoftmax(): Tensor;
  reshape(shape: Shape): Tensor;
  permute(axes: readonly number[]): Tensor;
  flatten(): Tensor;
  /** Adds the gradient of this tensor to the .grad of every leaf it depends on; see backward(). */
  backward(dy?: Tensor, options?: BackwardOptions): void;
}
