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
    softmax: ops.softmax,
    logSoftmax: ops.logSoftmax,
    exp: ops.exp,
    log: ops.log,
    sqrt: ops.sqrt,
    abs: ops.abs,
    neg: ops.neg,
    pow: ops.pow,
    clamp: ops.clamp,
    affine: ops.affine,
    add: ops.add,
    sub: ops.sub,
    mul: ops.mul,
    div: ops.div,
    maximum: ops.maximum,
    minimum: ops.minimum,
    matmul: ops.matmul,
    eq: ops.eq,
    ne: ops.ne,
    lt: ops.lt,
    le: ops.le,
    gt: ops.gt,
    ge: ops.ge,
    greaterEqual: ops.greaterEqual,
    where: (x, condition, other) => ops.where(condition, x, other),
    sum: ops.sum,
    mean: ops.mean,
    max: ops.max,
    min: ops.min,
    argmax: ops.argmax,
    argmin: ops.argmin,
    reshape: ops.reshape,
    permute: ops.permute,
    flatten: ops.flatten,
    squeeze: ops.squeeze,
    unsqueeze: ops.unsqueeze,
    clone: ops.clone,
    backward,
  };

for (const [name, fn] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: never[]) {
      return (fn as (x: Tensor, ...rest: never[]) => unknown)(this, ...rest);
    },
  });
}
