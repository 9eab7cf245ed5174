// Every message of src/ops, word for word.

import { describe, expect, test } from "vitest";
import * as fovea from "../../src/index.js";
import { tensorOps, tensorValues } from "./tensor-errors.js";
import { DataError, ShapeError, tensor, tidy, zeros, type AnyTensor, type Tensor } from "../../src/index.js";
import { messagesInSource } from "../helpers/messages.js";
import { losses, wrongLabels, type Row } from "./loss-errors.js";
import { norms } from "./norm-errors.js";

const x = (...shape: number[]): Tensor => zeros(shape);
const labels = (...values: number[]): Tensor<"i32"> => tensor(values, [values.length], { dtype: "i32" });

const conv = "expected x:[n,h,w,c] weight:[kh,kw,c/groups,o] bias:[o]";
const misfit = "conv2d: weight or bias does not fit the input; got";

const convolutions: Row[] = [
  [
    "an algorithm of another name",
    () => fovea.conv2d(x(1, 5, 5, 3), x(5, 5, 3, 2), undefined, { algorithm: "winogard" }),
    "conv2d: unknown algorithm 'winogard'; known: depthwise, winograd, winograd-stride2, winograd-stem, one-pixel, direct",
  ],
  [
    "an algorithm that does not compute such a convolution",
    () => fovea.conv2d(x(1, 5, 5, 3), x(5, 5, 3, 2), undefined, { algorithm: "winograd" }),
    "conv2d: algorithm 'winograd' does not compute this convolution; " +
      "got x:[1,5,5,3] weight:[5,5,3,2] stride [1,1] padding [0,0] dilation [1,1] groups 1",
  ],
  [
    "channels of the weight",
    () => fovea.conv2d(x(2, 5, 5, 3), x(3, 3, 4, 8)),
    `${misfit} x:[2,5,5,3] weight:[3,3,4,8] stride 1 padding 0 dilation 1 groups 1; ${conv}`,
  ],
  [
    "rank of x",
    () => fovea.conv2d(x(5, 5, 3), x(3, 3, 3, 8)),
    `${misfit} x:[5,5,3] weight:[3,3,3,8] stride 1 padding 0 dilation 1 groups 1; ${conv}`,
  ],
  [
    "rank of the weight",
    () => fovea.conv2d(x(1, 5, 5, 3), x(3, 3, 3)),
    `${misfit} x:[1,5,5,3] weight:[3,3,3] stride 1 padding 0 dilation 1 groups 1; ${conv}`,
  ],
  [
    "length of the bias",
    () => fovea.conv2d(x(1, 5, 5, 3), x(3, 3, 3, 8), x(7), { stride: [2, 1], padding: [0, 1] }),
    `${misfit} x:[1,5,5,3] weight:[3,3,3,8] bias:[7] stride [2,1] padding [0,1] dilation 1 groups 1; ${conv}`,
  ],
  [
    "groups that do not divide the channels",
    () => fovea.conv2d(x(1, 5, 5, 4), x(3, 3, 2, 9), undefined, { groups: 2 }),
    `${misfit} x:[1,5,5,4] weight:[3,3,2,9] stride 1 padding 0 dilation 1 groups 2; ${conv}`,
  ],
  [
    "groups 0",
    () => fovea.conv2d(x(1, 5, 5, 4), x(3, 3, 4, 8), undefined, { groups: 0 }),
    `${misfit} x:[1,5,5,4] weight:[3,3,4,8] stride 1 padding 0 dilation 1 groups 0; ${conv}`,
  ],
  [
    "half a group",
    () => fovea.conv2d(x(1, 5, 5, 2), x(3, 3, 4, 8), undefined, { groups: 0.5 }),
    `${misfit} x:[1,5,5,2] weight:[3,3,4,8] stride 1 padding 0 dilation 1 groups 0.5; ${conv}`,
  ],
  [
    "stride 0",
    () => fovea.conv2d(x(1, 5, 5, 3), x(3, 3, 3, 8), undefined, { stride: 0 }),
    "conv2d: kernel, stride and dilation must be integers ≥ 1; got x:[1,5,5,3] weight:[3,3,3,8] stride 0 padding 0 dilation 1",
  ],
  [
    "a broken dilation",
    () => fovea.conv2d(x(1, 5, 5, 3), x(3, 3, 3, 8), undefined, { dilation: [1, 1.5] }),
    "conv2d: kernel, stride and dilation must be integers ≥ 1; got x:[1,5,5,3] weight:[3,3,3,8] stride 1 padding 0 dilation [1,1.5]",
  ],
  [
    "an empty kernel",
    () => fovea.conv2d(x(1, 5, 5, 3), x(0, 3, 3, 8)),
    "conv2d: kernel, stride and dilation must be integers ≥ 1; got x:[1,5,5,3] weight:[0,3,3,8] stride 1 padding 0 dilation 1",
  ],
  [
    "negative padding",
    () => fovea.conv2d(x(1, 5, 5, 3), x(3, 3, 3, 8), undefined, { padding: [0, -1] }),
    "conv2d: padding must be integers ≥ 0; got x:[1,5,5,3] weight:[3,3,3,8] stride 1 padding [0,-1] dilation 1",
  ],
  [
    "a window larger than the image",
    () => fovea.conv2d(x(1, 5, 2, 3), x(3, 3, 3, 8)),
    "conv2d: the window [3,3] does not fit into the padded input; got x:[1,5,2,3] weight:[3,3,3,8] stride 1 padding 0 dilation 1",
  ],
];

const pools: Row[] = [
  ["rank of x", () => fovea.maxPool2d(x(5, 5, 3), 2), "maxPool2d: expected x:[n,h,w,c]; got x:[5,5,3]"],
  ["rank of x", () => fovea.avgPool2d(x(5, 5), 2), "avgPool2d: expected x:[n,h,w,c]; got x:[5,5]"],
  [
    "too much padding",
    () => fovea.maxPool2d(x(1, 5, 5, 3), [2, 3], { padding: [1, 2] }),
    "maxPool2d: padding must be at most half the kernel [2,3]; got x:[1,5,5,3] stride [2,3] padding [1,2] dilation 1",
  ],
  [
    "too much padding",
    () => fovea.avgPool2d(x(1, 5, 5, 3), 3, { padding: 2, stride: 1 }),
    "avgPool2d: padding must be at most half the kernel [3,3]; got x:[1,5,5,3] stride 1 padding 2 dilation 1",
  ],
  [
    "more cells than a byte counts",
    () => fovea.maxPool2d(x(1, 20, 20, 1), [16, 17]),
    "maxPool2d: at most 256 cells in a window; got kernelSize [16,17]",
  ],
  [
    "stride 0",
    () => fovea.maxPool2d(x(1, 5, 5, 3), 2, { stride: [1, 0] }),
    "maxPool2d: kernel, stride and dilation must be integers ≥ 1; got x:[1,5,5,3] stride [1,0] padding 0 dilation 1",
  ],
  [
    "negative padding",
    () => fovea.avgPool2d(x(1, 5, 5, 3), 2, { padding: -1 }),
    "avgPool2d: padding must be integers ≥ 0; got x:[1,5,5,3] stride 2 padding -1 dilation 1",
  ],
  [
    "a window larger than the image",
    () => fovea.maxPool2d(x(1, 5, 5, 3), 3, { dilation: 3 }),
    "maxPool2d: the window [3,3] does not fit into the padded input; got x:[1,5,5,3] stride 3 padding 0 dilation 3",
  ],
  [
    "an empty image",
    () => fovea.adaptiveAvgPool2d(x(1, 0, 5, 3), 2),
    "adaptiveAvgPool2d: expected x:[n,h,w,c] with h, w ≥ 1 and sizes ≥ 1; got x:[1,0,5,3] outputSize [2,2]",
  ],
  [
    "size 0",
    () => fovea.adaptiveAvgPool2d(x(1, 5, 5, 3), [1, 0]),
    "adaptiveAvgPool2d: expected x:[n,h,w,c] with h, w ≥ 1 and sizes ≥ 1; got x:[1,5,5,3] outputSize [1,0]",
  ],
  ["other groups", () => fovea.channelShuffle(x(1, 5, 5, 6), 4), "channelShuffle: expected x:[n,h,w,c] and groups, an integer ≥ 1 that divides c; got x:[1,5,5,6] groups 4"], // prettier-ignore
  ["other slopes", () => fovea.prelu(x(2, 3), x(2)), "prelu: expected x:[…,c] and weight:[c] or [1]; got x:[2,3] weight:[2]"], // prettier-ignore
  [
    "half a factor",
    () => fovea.interpolate(x(1, 5, 5, 3), { scaleFactor: [2, 0.5] }),
    "interpolate: expected x:[n,h,w,c] and scaleFactor, an integer ≥ 1 or two, [height, width]; " +
      "got x:[1,5,5,3] scaleFactor [2,0.5]",
  ],
];

const binary = ["add", "sub", "mul", "div", "maximum", "minimum", "greaterEqual"] as const;

const elementwise: Row[] = [
  ...binary.map((op): Row => [
    "shapes that do not broadcast",
    () => fovea[op](x(2, 3), x(2)),
    `${op}: shapes do not broadcast; got a:[2,3] b:[2]`,
  ]),
  ["p 1", () => fovea.dropout(x(2, 3), 1, 0), "dropout: p must be in [0, 1); got p 1 for x:[2,3]"],
  ["p NaN", () => fovea.dropout(x(2), NaN, 0), "dropout: p must be in [0, 1); got p NaN for x:[2]"],
  ["negative p", () => fovea.dropout(x(2), -0.1, 0), "dropout: p must be in [0, 1); got p -0.1 for x:[2]"],
  ["integers", () => fovea.relu(labels(1, 2) as never), "relu: x has the wrong dtype; got i32; expected f32"],
];

const products: Row[] = [
  [
    "inner sizes",
    () => fovea.matmul(x(2, 3), x(4, 5)),
    "matmul: expected a:[m,k] b:[k,n]; got a:[2,3] b:[4,5]",
  ],
  ["rank", () => fovea.matmul(x(2, 3), x(3)), "matmul: expected a:[m,k] b:[k,n]; got a:[2,3] b:[3]"],
  [
    "inner sizes",
    () => fovea.linear(x(2, 3), x(5, 4)),
    "linear: expected x:[…,in] weight:[out,in] bias:[out]; got x:[2,3] weight:[5,4]",
  ],
  [
    "length of the bias",
    () => fovea.linear(x(2, 3), x(5, 3), x(4)),
    "linear: expected x:[…,in] weight:[out,in] bias:[out]; got x:[2,3] weight:[5,3] bias:[4]",
  ],
  [
    "a scalar",
    () => fovea.linear(x(), x(5, 3)),
    "linear: expected x:[…,in] weight:[out,in] bias:[out]; got x:[] weight:[5,3]",
  ],
];

const movements: Row[] = [
  [
    "rank of what is flipped",
    () => fovea.flip(x(1, 1, 1, 1, 1), [0]),
    "flip: x must have at most 4 axes; got x:[1,1,1,1,1]",
  ],
  ["axis", () => fovea.flip(x(2, 3), [2]), "flip: no such axis; got axis 2 for x:[2,3]; expected -2…1"],
  ["count", () => fovea.reshape(x(2, 3), [4]), "reshape: x:[2,3] has 6 elements; got shape [4]"],
  [
    "two open sizes",
    () => fovea.reshape(x(2, 3), [-1, -1]),
    "reshape: x:[2,3] has 6 elements; got shape [-1,-1]",
  ],
  [
    "no whole size",
    () => fovea.reshape(x(2, 3), [4, -1]),
    "reshape: x:[2,3] has 6 elements; got shape [4,-1]",
  ],
  [
    "an open size beside none",
    () => fovea.reshape(x(0, 3), [0, -1]),
    "reshape: x:[0,3] has 0 elements; got shape [0,-1]",
  ],
  [
    "negative sizes",
    () => fovea.reshape(x(2, 3), [-2, -3]),
    "reshape: sizes must be integers ≥ 0; got [-2,-3]",
  ],
  [
    "an axis twice",
    () => fovea.permute(x(2, 3), [0, 0]),
    "permute: axes must be 0…1 in some order; got [0,0] for x:[2,3]",
  ],
  [
    "an axis missing",
    () => fovea.permute(x(2, 3, 4), [1, 0]),
    "permute: axes must be 0…2 in some order; got [1,0] for x:[2,3,4]",
  ],
  [
    "shapes that differ off the axis",
    () => fovea.cat([x(2, 3), x(3, 3)]),
    "cat: shapes must be equal except for axis 1; got a:[2,3] b:[3,3]",
  ],
  [
    "an axis that is not there",
    () => fovea.cat([x(2, 3), x(2, 3)], 2),
    "cat: shapes must be equal except for axis 2; got a:[2,3] b:[2,3]",
  ],
  ["nothing to join", () => fovea.cat([]), "cat: expected at least one tensor; got none"],
  [
    "a range outside",
    () => fovea.slice(x(2, 3), [{}, { begin: 1, end: 4 }]),
    "slice: ranges (begin+count·step) must lie inside x, one for each of at most 4 axes; " +
      "got [0+2·1,1+3·1] for x:[2,3]",
  ],
  [
    "an axis without zeros",
    () => fovea.pad(x(2, 3), [1], [0, 0]),
    "pad: before and after must be integers ≥ 0, one for each of at most 4 axes; " +
      "got before [1] after [0,0] for x:[2,3]",
  ],
];

const reductions: Row[] = [
  ["axis", () => fovea.sum(x(2, 3), 2), "sum: no such axis; got axis 2 for x:[2,3]; expected -2…1"],
  ["axis", () => fovea.mean(x(2, 3), -3), "mean: no such axis; got axis -3 for x:[2,3]; expected -2…1"],
  ["axis", () => fovea.max(x(2), 0.5), "max: no such axis; got axis 0.5 for x:[2]; expected -1…0"],
  [
    "axis",
    () => fovea.argmax(x(), 0),
    "argmax: no such axis; got axis 0 for x:[]; expected none (a scalar has no axis)",
  ],
  [
    "an axis twice",
    () => fovea.sum(x(2, 3), [1, -1]),
    "sum: an axis is named twice; got axes [1,-1] for x:[2,3]",
  ],
  [
    "an axis twice",
    () => fovea.mean(x(2, 3), [0, 0]),
    "mean: an axis is named twice; got axes [0,0] for x:[2,3]",
  ],
  ["an empty axis", () => fovea.max(x(2, 0), 1), "max: the axis is empty; got x:[2,0] axis 1"],
  ["an empty axis", () => fovea.argmax(x(0, 2), -2), "argmax: the axis is empty; got x:[0,2] axis -2"],
  ["nothing to average", () => fovea.mean(x(2, 0), 1), "mean: x has no elements; got x:[2,0] axis 1"],
  ["nothing to average", () => fovea.mean(x(0)), "mean: x has no elements; got x:[0] axis undefined"],
];

const differentiable: Row[] = [
  [
    "a soft target that requires a gradient",
    () => fovea.crossEntropy(x(1, 3), tensor([1, 0, 0], [1, 3], { requiresGrad: true })),
    "softCrossEntropy: has no gradient with respect to target; got x:[1,3] target:[1,3]; detach() it or use noGrad",
  ],
];

const text = "1" as never;

/** Values that are no numbers at all, which TypeScript refuses, but JavaScript does not. */
const wrongKinds: Row[] = [
  [
    "no number",
    () =>
      fovea
        .mul(x(2), NaN)
        .mul(2)
        .add(fovea.affine(x(2), text)),
    "affine: scale and shift must be numbers; got a string and 0",
  ],
  ["no seed", () => fovea.dropout(x(2), 0.5, text), "dropout: seed must be an integer; got a string"],
  [
    "no momentum",
    () =>
      fovea.batchNorm(x(2, 3), undefined, undefined, undefined, undefined, {
        training: true,
        momentum: text,
      }),
    "batchNorm: momentum must be a finite number; got a string",
  ],
  [
    "no kernelSize",
    () => fovea.maxPool2d(x(1, 4, 4, 2), undefined as never),
    "maxPool2d: kernelSize must be a number or [height, width]; got undefined",
  ],
  [
    "no weights",
    () => fovea.crossEntropy(x(2, 3), labels(0, 1), { weight: text }),
    "crossEntropy: weight must be a number, or an array of one for each class; got a string",
  ],
  [
    "a slope that is no number",
    () => fovea.leakyRelu(x(3), text),
    "leakyRelu: negativeSlope must be a number; got a string",
  ],
];

const shapeErrors = [
  ...convolutions,
  ...pools,
  ...elementwise,
  ...products,
  ...movements,
  ...reductions,
  ...norms,
  ...losses,
  ...differentiable,
  ...wrongKinds,
  ...tensorOps,
];
const dataErrors = [...wrongLabels, ...tensorValues];

/** Runs in a scope, so that the inputs are freed although the op throws. */
function thrown(run: () => AnyTensor): unknown {
  try {
    tidy(() => void run());
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a ShapeError says what is wrong:", () => {
  test.each(shapeErrors.map(([what, run, message]) => [message.split(":")[0]!, what, run, message] as const))(
    "%s, %s",
    (_op, _what, run, message) => expect(thrown(run)).toEqual(new ShapeError(message)),
  );
});

describe("a DataError says which value is wrong:", () => {
  test.each(dataErrors)("%s", (_what, run, message) => expect(thrown(run)).toEqual(new DataError(message)));
});

test("greaterEqual and argmax pass no gradient on, and do not mind inputs that require one", () => {
  const a = tensor([1, 2], [2], { requiresGrad: true });
  expect(fovea.greaterEqual(a, a).node).toBeUndefined();
  expect(fovea.argmax(a, 0).node).toBeUndefined();
});

test("every message in src/ops has a row here", () => {
  const messages = [...shapeErrors, ...dataErrors].map(([, , message]) => message);
  const patterns = messagesInSource();
  expect(patterns.length).toBeGreaterThan(20);
  expect(patterns.filter((pattern) => !messages.some((message) => pattern.test(message)))).toEqual([]);
});
