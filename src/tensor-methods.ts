// The fluent spellings: x.relu() is relu(x). The only file that extends Tensor.

import { backward, type BackwardOptions } from "./core/autograd.js";
import type { Shape } from "./core/shape.js";
import { Tensor } from "./core/tensor.js";
import * as ops from "./ops/index.js";

declare module "./core/tensor.js" {
  interface Tensor {
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
    sum(axis?: number | readonly number[]): Tensor;
    mean(axis?: number | readonly number[]): Tensor;
    max(axis: number): Tensor;
    argmax(axis: number): Tensor;
    softmax(): Tensor;
    logSoftmax(): Tensor;
    reshape(shape: Shape): Tensor;
    permute(axes: readonly number[]): Tensor;
    flatten(): Tensor;
    /** Adds the gradient of this tensor to the .grad of every leaf it depends on; see backward(). */
    backward(dy?: Tensor, options?: BackwardOptions): void;
  }
}

const methods = {
  relu: ops.relu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  exp: ops.exp,
  log: ops.log,
  sqrt: ops.sqrt,
  abs: ops.abs,
  neg: ops.neg,
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  div: ops.div,
  matmul: ops.matmul,
  sum: ops.sum,
  mean: ops.mean,
  max: ops.max,
  argmax: ops.argmax,
  softmax: ops.softmax,
  logSoftmax: ops.logSoftmax,
  reshape: ops.reshape,
  permute: ops.permute,
  flatten: ops.flatten,
  backward,
};

for (const [name, fn] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: never[]) {
      return (fn as (x: Tensor, ...rest: never[]) => unknown)(this, ...rest);
    },
  });
}
