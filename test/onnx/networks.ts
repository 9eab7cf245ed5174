// Small networks that between them use every operation that can be written in ONNX, in the forms that are not alike.

import {
  abs,
  adaptiveAvgPool2d,
  add,
  argmax,
  avgPool2d,
  BatchNorm2d,
  batchNorm,
  cat,
  channelShuffle,
  Conv2d,
  clamp,
  div,
  ELU,
  eq,
  exp,
  flatten,
  flip,
  gather,
  greaterEqual,
  gt,
  gelu,
  hardsigmoid,
  hardswish,
  interpolate,
  leakyRelu,
  linear,
  Linear,
  LocalResponseNorm,
  log,
  logSigmoid,
  logSoftmax,
  lt,
  matmul,
  max,
  maximum,
  maxPool2d,
  mean,
  min,
  minimum,
  Module,
  mul,
  neg,
  ones,
  pad,
  Parameter,
  permute,
  pow,
  PReLU,
  relu,
  relu6,
  reshape,
  Sequential,
  sigmoid,
  silu,
  slice,
  softmax,
  split,
  stack,
  std,
  sqrt,
  sub,
  sum,
  tanh,
  tensor,
  where,
  type AnyTensor,
  type Tensor,
} from "../../src/index.js";
import { images } from "./random-weights.js";

/** A network that is one function of its input, and of one parameter. */
export class Applies extends Module {
  readonly fn: (x: Tensor, weight: Tensor) => Tensor;
  readonly weight: Parameter;

  constructor(fn: (x: Tensor, weight: Tensor) => Tensor, shape: readonly number[] = [1]) {
    super();
    this.fn = fn;
    this.weight = new Parameter(images(shape));
  }

  forward(x: Tensor): Tensor {
    return this.fn(x, this.weight);
  }
}

export interface Network {
  make(): Module;
  /** Default [6, 5, 4]. */
  inputSize?: readonly [number, number, number];
}

const fn = (apply: (x: Tensor, weight: Tensor) => Tensor, shape?: readonly number[]): Network => ({
  make: () => new Applies(apply, shape),
});
const sized = (network: Network, ...inputSize: [number, number, number]): Network => ({
  ...network,
  inputSize,
});
const layer = (make: () => Module): Network => ({ make });

/** Images [n, h, w, c] as [n, h·w, c]: no axis of a picture is left. */
const rows = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1, x.shape[3]!]);
const positive = (x: Tensor): Tensor => add(abs(x), 0.1);

export const NETWORKS: Readonly<Record<string, Network>> = {
  // Element by element
  relu: fn(relu),
  relu6: fn((x) => relu6(mul(x, 4))),
  sigmoid: fn(sigmoid),
  tanh: fn(tanh),
  exp: fn(exp),
  log: fn((x) => log(positive(x))),
  sqrt: fn((x) => sqrt(positive(x))),
  abs: fn(abs),
  neg: fn(neg),
  silu: fn(silu),
  gelu: fn((x) => gelu(mul(x, 3))),
  "gelu by tanh": fn((x) => gelu(mul(x, 3), { approximate: "tanh" })),
  hardswish: fn((x) => hardswish(mul(x, 3))),
  hardsigmoid: fn((x) => hardsigmoid(mul(x, 3))),
  logSigmoid: fn((x) => logSigmoid(mul(x, 30))),
  leakyRelu: fn((x) => leakyRelu(x, 0.2)),
  prelu: layer(() => new PReLU(4)),
  "prelu, one for all": layer(() => new PReLU()),
  affine: fn((x) => sub(mul(x, 3), 2)),
  "affine that does nothing": fn((x) => add(mul(x, 1), 0)),
  add: fn((x) => add(x, relu(x))),
  sub: fn((x) => sub(x, relu(x))),
  mul: fn((x) => mul(x, sigmoid(x))),
  div: fn((x) => div(x, positive(x))),
  maximum: fn((x) => maximum(x, neg(x))),
  minimum: fn((x) => minimum(x, neg(x))),
  greaterEqual: fn((x) => greaterEqual(x, neg(x))),
  "greater, than a number": fn((x) => gt(x, 0.25)),
  equal: fn((x) => eq(relu(x), x)),
  where: fn((x) => where(lt(x, 0.1), mul(x, 3), add(x, 5))),
  "where, a channel each": fn((x, w) => where(gt(w, 0), x, 2), [4]),
  clamp: fn((x) => clamp(x, -0.5, 0.25)),
  "clamp, one side": fn((x) => clamp(x, undefined, 0.25)),
  pow: fn((x) => pow(x, 3)),
  "pow, no whole number": fn((x) => pow(positive(x), -1.7)),
  elu: layer(() => new ELU(0.7)),
  "add, a channel each": fn((x, w) => add(x, w), [4]),
  "mul, a pixel each": fn((x, w) => mul(w, x), [6, 5, 1]),
  "mul, a column and channel each": fn((x, w) => mul(x, w), [5, 4]),
  "mul, a row each": fn((x, w) => mul(x, w), [1, 6, 1, 1]),
  "mul, all of it": fn((x, w) => mul(x, w), [6, 5, 4]),
  "mul, a scalar": fn((x, w) => mul(x, w), []),
  "mul, two constants first": fn((x, w) => mul(x, mul(w, w)), [6, 5, 4]),
  "add, to rows": fn((x, w) => add(rows(x), w), [30, 4]),
  // Axes
  flatten: fn(flatten),
  "flatten one pixel": fn((x) => flatten(adaptiveAvgPool2d(x, 1))),
  "flatten one channel": sized(fn(flatten), 4, 3, 1),
  reshape: fn((x) => reshape(x, [x.shape[0]!, 10, 12])),
  "reshape, all in one": fn((x) => reshape(x, [-1, 8])),
  "reshape, to images and back": fn((x) => relu(reshape(relu(rows(x)), [x.shape[0]!, 5, 6, 4]))),
  "reshape, to five axes": fn((x) => reshape(x, [x.shape[0]!, 2, 3, 5, 4])),
  "reshape that does nothing": fn((x) => relu(reshape(x, x.shape))),
  permute: fn((x) => permute(x, [0, 2, 3, 1])),
  "permute the batch": fn((x) => permute(x, [3, 1, 0, 2])),
  "permute twice": fn((x) => permute(permute(x, [2, 3, 0, 1]), [2, 3, 0, 1])),
  "permute, then by channels": fn((x, w) => mul(permute(x, [0, 2, 1, 3]), w), [4]),
  channelShuffle: fn((x) => relu(channelShuffle(relu(x), 2))),
  slice: fn((x) => slice(x, [{}, { begin: 1, end: 6, step: 2 }, { begin: 2 }, { end: 3 }])),
  "slice that does nothing": fn((x) => relu(slice(x, [{}, {}, {}, {}]))),
  pad: fn((x) => pad(x, [0, 1, 0, 2], [0, 0, 3, 1])),
  flip: fn((x) => flip(x, [1, -1])),
  "flip nothing": fn((x) => relu(flip(x, []))),
  cat: fn((x) => cat([x, relu(x), neg(x)])),
  "cat, six": fn((x) => cat([x, x, relu(x), x, neg(x), x])),
  "cat, rows of pixels": fn((x) => cat([x, relu(x)], 1)),
  "cat, constants first": fn((x, w) => cat([mul(w, x), mul(x, w)], 2), [6, 5, 4]),
  // Along axes
  "sum, channels": fn((x) => sum(x, 3)),
  "sum, all of a picture": fn((x) => sum(x, [1, 2, 3])),
  "sum, keeping axes": fn((x) => mul(x, sum(x, [1, 2], true))),
  "mean, channels": fn((x) => mean(x, -1)),
  "mean, pixels": fn((x) => mean(x, [1, 2])),
  "mean, keeping axes": fn((x) => mul(x, sigmoid(mean(x, [1, 2], true)))),
  max: fn((x) => max(x, 1)),
  "max, all of it": fn((x) => mul(x, max(x))),
  min: fn((x) => min(x, -1, true)),
  std: fn((x) => std(x, [1, 2], { keepdim: true })),
  gather: fn((x, w) => mul(x, gather(w, 0, tensor(Int32Array.of(8, 0, 3, 3)))), [9]),
  "gather, pixels": fn((x, w) => mul(x, gather(w, 1, tensor(Int32Array.from({ length: 120 }, (_, i) => i % 7), [6, 5, 4]))), [6, 7, 4]), // prettier-ignore
  "split and stack": fn((x) =>
    stack(
      split(x, [1, 3], 3).map((part) => sum(part, 3)),
      1,
    ),
  ),
  argmax: fn((x) => argmax(x, 3) as AnyTensor as Tensor),
  softmax: fn((x) => softmax(mul(x, 3))),
  logSoftmax: fn((x) => logSoftmax(mul(rows(x), 3))),
  // Windows
  maxPool2d: fn((x) => maxPool2d(x, 2)),
  "maxPool2d, dilated": fn((x) =>
    maxPool2d(x, [2, 3], { stride: [1, 2], padding: [1, 0], dilation: [3, 1] }),
  ),
  ...windows("maxPool2d", (x, size, options) => maxPool2d(x, size, options)),
  ...windows("avgPool2d", (x, size, options) => avgPool2d(x, size, options)),
  ...windows("avgPool2d, padding left out", (x, size, options) =>
    avgPool2d(x, size, { ...options, countIncludePad: false }),
  ),
  "adaptiveAvgPool2d, one": fn((x) => adaptiveAvgPool2d(x, 1)),
  "adaptiveAvgPool2d, even": fn((x) => adaptiveAvgPool2d(x, [3, 1])),
  "adaptiveAvgPool2d, odd": fn((x) => adaptiveAvgPool2d(x, [4, 3])),
  "adaptiveAvgPool2d, more": fn((x) => adaptiveAvgPool2d(x, [7, 7])),
  "adaptiveAvgPool2d, all": fn((x) => adaptiveAvgPool2d(x, [6, 5])),
  interpolate: fn((x) => interpolate(x, { scaleFactor: 2 })),
  "interpolate, two factors": fn((x) => relu(interpolate(x, { scaleFactor: [1, 3], mode: "nearest" }))),
  // Layers
  "maxPool2d, same": fn((x) => maxPool2d(x, 2, { stride: 1, padding: "same" })),
  "avgPool2d, four sides": fn((x) => avgPool2d(x, 3, { stride: 2, padding: [[0, 1], [1, 0]] })), // prettier-ignore
  "avgPool2d, same, padding left out": fn((x) =>
    avgPool2d(x, 3, { stride: 2, padding: "same", countIncludePad: false }),
  ),
  "conv2d, same": layer(() => new Conv2d(4, 6, 3, { stride: 2, padding: "same" })),
  conv2d: layer(() => new Conv2d(4, 6, 3, { stride: [2, 1], padding: [1, 2], bias: true })),
  "conv2d, dilated groups": layer(
    () => new Conv2d(4, 8, [3, 2], { dilation: [2, 1], padding: 1, groups: 2 }),
  ),
  "conv2d, depthwise": layer(() => new Conv2d(4, 4, 3, { padding: 1, groups: 4 })),
  "conv2d, twice the same": layer(() => {
    const conv = new Conv2d(4, 4, 3, { padding: 1 });
    return new Sequential(conv, conv);
  }),
  batchNorm: layer(() => new BatchNorm2d(4, { eps: 1e-3 })),
  "batchNorm, bare, of rows": fn((x, w) => batchNorm(rows(x), w, exp(w)), [4]),
  linear: layer(() => new Sequential(new Applies(flatten), new Linear(120, 7))),
  "linear, no bias": layer(() => new Sequential(new Applies(flatten), new Linear(120, 7, { bias: false }))),
  "linear, of channels": layer(() => new Linear(4, 3)),
  "linear, shared weight": fn((x, w) => linear(mul(linear(flatten(x), w), 2), permute(w, [1, 0])), [9, 120]),
  matmul: fn((x, w) => matmul(flatten(x), w), [120, 5]),
  "constants made on the way": fn((x) => mul(x, tensor([1, 2, 3, 4]))),
  "constants of ones": fn((x) => cat([rows(x), mul(rows(x), ones([30, 4]))], 2)),
  "LocalResponseNorm, odd": layer(() => new LocalResponseNorm(3, { alpha: 0.5, beta: 0.75, k: 2 })),
  "LocalResponseNorm, even": layer(() => new LocalResponseNorm(2, { alpha: 0.5, beta: 0.75, k: 2 })),
  "LocalResponseNorm, of rows": layer(() => new Sequential(new Applies(rows), new LocalResponseNorm(3))),
  "LocalResponseNorm, another forward": layer(
    () =>
      new (class extends LocalResponseNorm {
        override forward(x: Tensor): Tensor {
          return mul(super.forward(mul(x, 2)), 3);
        }
      })(3, { alpha: 0.5 }),
  ),
  "LocalResponseNorm, in between": layer(
    () => new Sequential(new Conv2d(4, 6, 1), new LocalResponseNorm(5, { alpha: 1 }), new Conv2d(6, 2, 1)),
  ),
};

interface WindowOptions {
  stride: number;
  padding: number;
  ceilMode: boolean;
}

/** Images of 9 × 7 pixels under windows with and without a rest, padding and ceilMode. */
function windows(
  name: string,
  pool: (x: Tensor, size: number, options: WindowOptions) => Tensor,
): Record<string, Network> {
  const found: Record<string, Network> = {};
  for (const [size, stride, padding] of [
    [2, 2, 0],
    [3, 2, 0],
    [3, 2, 1],
    [2, 2, 1],
    [3, 3, 1],
    [5, 3, 2],
    [2, 3, 0],
    [1, 2, 0],
    [4, 4, 2],
  ] as const) {
    for (const ceilMode of [false, true]) {
      const text = `${name} ${size}, stride ${stride}, padding ${padding}${ceilMode ? ", ceil" : ""}`;
      found[text] = sized(
        fn((x) => pool(x, size, { stride, padding, ceilMode })),
        9,
        7,
        2,
      );
    }
  }
  return found;
}
