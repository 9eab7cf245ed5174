// The fluent spellings: x.relu() is relu(x). The only file that extends Tensor; core/fluent.ts
// declares what it adds.

import { backward } from "./core/autograd.js";
import type { Fluent } from "./core/fluent.js";
import { Tensor } from "./core/tensor.js";
import * as ops from "./ops/index.js";

const methods: { [K in keyof Fluent]: (x: Tensor, ...rest: Parameters<Fluent[K]>) => ReturnType<Fluent[K]> } =
  {
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
