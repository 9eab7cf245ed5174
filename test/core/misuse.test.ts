// What cannot be meant is refused by our errors, which name the argument: nothing is taken silently, nothing fails by itself.

import { expect, test } from "vitest";
import * as fovea from "../../src/index.js";
import { DataError, ShapeError, WasmError } from "../../src/index.js";

const { ones, tensor, tidy } = fovea;
/** What TypeScript refuses and JavaScript lets pass. */
const any = (value: unknown): never => value as never;

const x = () => ones([2, 3]);
const images = () => ones([1, 8, 8, 4]);
const model = () => fovea.createModel("lenet5");

const rows: [string, () => unknown, string][] = [
  // options of unknown names
  [
    "conv2d",
    () => fovea.conv2d(images(), ones([3, 3, 4, 8]), undefined, any({ strides: 2 })),
    "conv2d: unknown option 'strides'; did you mean stride? known: stride, padding, dilation, groups",
  ],
  [
    "maxPool2d",
    () => fovea.maxPool2d(images(), 2, any({ ceil_mode: true })),
    "maxPool2d: unknown option 'ceil_mode'; did you mean ceilMode?",
  ],
  ["avgPool2d", () => fovea.avgPool2d(images(), 2, any({ pad: 1 })), "avgPool2d: unknown option 'pad'"],
  [
    "batchNorm",
    () => fovea.batchNorm(x(), undefined, undefined, undefined, undefined, any({ train: true })),
    "batchNorm: unknown option 'train'; did you mean training?",
  ],
  [
    "crossEntropy",
    () => fovea.crossEntropy(x(), tensor([0, 1], undefined, { dtype: "i32" }), any({ label_smoothing: 0.1 })),
    "crossEntropy: unknown option 'label_smoothing'; did you mean labelSmoothing?",
  ],
  [
    "binary",
    () => fovea.binaryCrossEntropyWithLogits(x(), x(), any({ pos_weight: 2 })),
    "did you mean posWeight?",
  ],
  ["focal", () => fovea.focalLoss(x(), x(), any({ gama: 2 })), "did you mean gamma?"],
  ["sigmoid focal", () => fovea.sigmoidFocalLoss(x(), x(), any({ Alpha: 2 })), "did you mean alpha?"],
  ["slice", () => fovea.slice(x(), [{}, any({ start: 1 })]), "slice: unknown option 'start'"],
  [
    "tensor",
    () => tensor([1], [1], any({ requires_grad: true })),
    "tensor: unknown option 'requires_grad'; did you mean requiresGrad?",
  ],
  [
    "backward",
    () =>
      x()
        .sum()
        .backward(undefined, any({ retain_graph: true })),
    "backward: unknown option 'retain_graph'; did you mean retainGraph?",
  ],
  ["init", () => fovea.init(any({ thread: 1 })), "init: unknown option 'thread'; did you mean threads?"],
  [
    "Conv2d",
    () => new fovea.Conv2d(3, 8, 3, any({ pading: 1 })),
    "Conv2d: unknown option 'pading'; did you mean padding?",
  ],
  [
    "Linear",
    () => new fovea.Linear(3, 8, any({ Bias: false })),
    "Linear: unknown option 'Bias'; did you mean bias?",
  ],
  [
    "BatchNorm2d",
    () => new fovea.BatchNorm2d(3, any({ epsilon: 1 })),
    "BatchNorm2d: unknown option 'epsilon'",
  ],
  [
    "MaxPool2d",
    () => new fovea.MaxPool2d(3, any({ strid: 1 })),
    "MaxPool2d: unknown option 'strid'; did you mean stride?",
  ],
  [
    "AvgPool2d",
    () => new fovea.AvgPool2d(3, any({ strid: 1 })),
    "AvgPool2d: unknown option 'strid'; did you mean stride?",
  ],
  ["LocalResponseNorm", () => new fovea.LocalResponseNorm(5, any({ betta: 1 })), "did you mean beta?"],
  [
    "CrossEntropyLoss",
    () => new fovea.CrossEntropyLoss(any({ smoothing: 0.1 })),
    "CrossEntropyLoss: unknown option 'smoothing'",
  ],
  [
    "BCEWithLogitsLoss",
    () => new fovea.BCEWithLogitsLoss(any({ weight: 1 })),
    "BCEWithLogitsLoss: unknown option 'weight'",
  ],
  [
    "DistillationLoss",
    () => new fovea.DistillationLoss(model(), any({ temp: 3 })),
    "DistillationLoss: unknown option 'temp'; did you mean temperature?",
  ],
  [
    "freeze",
    () => fovea.freeze(model(), undefined, any({ hold: true })),
    "freeze: unknown option 'hold'; did you mean holdStatistics?",
  ],
  [
    "loadStateDict",
    () => model().loadStateDict(new Map(), any({ Strict: false })),
    "loadStateDict: unknown option 'Strict'; did you mean strict?",
  ],
  ["SGD", () => new fovea.SGD([x()], any({ learning_rate: 0.1 })), "SGD: unknown option 'learning_rate'"],
  [
    "AdamW",
    () => new fovea.AdamW([x()], any({ weight_decay: 0.1 })),
    "AdamW: unknown option 'weight_decay'; did you mean weightDecay?",
  ],
  [
    "LAMB",
    () => new fovea.LAMB([x()], any({ maxGradNrm: 1 })),
    "LAMB: unknown option 'maxGradNrm'; did you mean maxGradNorm?",
  ],
  [
    "LARS",
    () => new fovea.LARS([x()], any({ trust: 1 })),
    "LARS: unknown option 'trust'; did you mean trustCoeff?",
  ],
  [
    "RMSpropTF",
    () => new fovea.RMSpropTF([x()], any({ alpah: 1 })),
    "RMSpropTF: unknown option 'alpah'; did you mean alpha?",
  ],
  [
    "a group",
    () => new fovea.SGD([any({ parameters: [x()], lr: 0.1 })]),
    "SGD: group of parameters: unknown option 'lr'; known: parameters, lrScale, weightDecay",
  ],
  [
    "createOptimizer",
    () => fovea.createOptimizer("sgd", [x()], any({ momentun: 0.9 })),
    "createOptimizer: unknown option 'momentun'; did you mean momentum?",
  ],
  [
    "cosine",
    () => fovea.cosine(any({ lr: 1, totalStep: 9 })),
    "cosine: unknown option 'totalStep'; did you mean totalSteps?",
  ],
  ["oneCycle", () => fovea.oneCycle(any({ lr: 1, totalSteps: 9 })), "oneCycle: unknown option 'lr'"],
  [
    "plateau",
    () => fovea.plateau(any({ lr: 1, patiense: 9 })),
    "plateau: unknown option 'patiense'; did you mean patience?",
  ],
  ["constant", () => fovea.constant(any({ lr: 1, gamma: 9 })), "constant: unknown option 'gamma'"],
  // values that are no tensors
  ["relu", () => fovea.relu(any(3)), "relu: x must be a tensor; got 3"],
  ["add", () => fovea.add(x(), any(null)), "add: b must be a tensor; got null"],
  ["mul", () => fovea.mul(x(), any("2")), "mul: b must be a tensor; got a string"],
  ["matmul", () => fovea.matmul(x(), any(undefined)), "matmul: b must be a tensor; got undefined"],
  ["linear", () => fovea.linear(any([1, 2]), x()), "linear: x must be a tensor; got an array"],
  [
    "conv2d of null",
    () => fovea.conv2d(images(), ones([3, 3, 4, 8]), any(null)),
    "conv2d: bias must be a tensor; got null",
  ],
  [
    "batchNorm of null",
    () => fovea.batchNorm(x(), any(null), any(null)),
    "batchNorm: runningMean must be a tensor; got null",
  ],
  [
    "crossEntropy of nothing",
    () => fovea.crossEntropy(any(undefined), any(undefined)),
    "crossEntropy: x must be a tensor; got undefined",
  ],
  [
    "crossEntropy with numbers",
    () => fovea.crossEntropy(x(), any([0, 1])),
    "crossEntropy: target must be a tensor; got an array",
  ],
  ["sum", () => fovea.sum(any("abc")), "sum: x must be a tensor; got a string"],
  ["mean", () => fovea.mean(any({})), "mean: x must be a tensor; got an object"],
  ["flatten", () => fovea.flatten(any(new Map())), "flatten: x must be a tensor; got a Map"],
  ["cat", () => fovea.cat([x(), any(1)]), "cat: b must be a tensor; got 1"],
  ["cat of a tensor", () => fovea.cat(any(x())), "cat: tensors must be an array of tensors; got a Tensor"],
  [
    "backward of nothing",
    () => fovea.backward(any(undefined)),
    "backward: loss must be a tensor; got undefined",
  ],
  ["backward of a number", () => x().sum().backward(any(1)), "backward: dy must be a tensor; got 1"],
  ["forward", () => model().forward(any(undefined)), "conv2d: x must be a tensor; got undefined"],
  ["forward of an array", () => new fovea.ReLU().forward(any([1])), "relu: x must be a tensor; got an array"],
  ["Parameter", () => new fovea.Parameter(any([1])), "Parameter: value must be a tensor; got an array"],
  ["keep", () => fovea.keep(any(undefined)), "keep: value must be a tensor, or holds some; got undefined"],
  // values that are no numbers
  [
    "tensor of text",
    () => tensor(any("abc")),
    "tensor: data must be a number, nested arrays of numbers, or a typed array of numbers; got a string",
  ],
  [
    "tensor of texts",
    () => tensor(any([["a"]])),
    "tensor: data must be a number, nested arrays of numbers, or a typed array of numbers; got a string at depth 2",
  ],
  ["tensor of null", () => tensor(any([1, null])), "got null at depth 1"],
  ["tensor of truth", () => tensor(any([true])), "got true at depth 1"],
  ["tensor of holes", () => tensor(any(new Array(3))), "got undefined at depth 1"],
  ["tensor of nothing", () => tensor(any(undefined)), "got undefined"],
  ["tensor of big integers", () => tensor(any(BigInt64Array.of(1n))), "got a BigInt64Array"],
  ["tensor of bytes", () => tensor(any(new ArrayBuffer(4))), "got an ArrayBuffer"],
  [
    "tensor of itself",
    () => {
      const a: unknown[] = [];
      a.push(a);
      return tensor(any(a));
    },
    "tensor: arrays are nested deeper than 32",
  ],
  [
    "tensor of NaN labels",
    () => tensor([0, NaN], [2], { dtype: "i32" }),
    "tensor: integers must be finite; got NaN at index 1",
  ],
  [
    "tensor with options for a shape",
    () => tensor([1], any({ requiresGrad: true })),
    "tensor: shape must be an array of sizes; got an object; expected one such as [2, 3]",
  ],
  [
    "zeros of a number",
    () => fovea.zeros(any(3)),
    "zeros: shape must be an array of sizes; got 3; expected one such as [3]",
  ],
  ["zeros of text", () => fovea.zeros(any("3")), "zeros: shape must be an array of sizes; got a string"],
  [
    "zeros of nothing",
    () => fovea.zeros(any(undefined)),
    "zeros: shape must be an array of sizes; got undefined",
  ],
  [
    "ones of another type",
    () => ones([3], any("f64")),
    "ones: unknown dtype; got 'f64'; expected f32, i32 or u8",
  ],
  ["ones of two sizes", () => ones([3], any(3)), "ones: unknown dtype; got 3; expected f32, i32 or u8"],
  ["full of text", () => fovea.full([3], any("1")), "full: value must be a number; got a string"],
  [
    "copyFrom text",
    () => x().copyFrom(any("123456")),
    "copyFrom: values must be a tensor or an array of numbers; got a string",
  ],
  [
    "copyFrom texts",
    () => x().copyFrom(any(["1", 2, 3, 4, 5, 6])),
    "copyFrom: value 0 must be a number; got a string",
  ],
  ["copyFrom big integers", () => x().copyFrom(any(new BigInt64Array(6))), "got a BigInt64Array"],
  ["manualSeed", () => fovea.manualSeed(any("abc")), "manualSeed: seed must be a number; got a string"],
  ["Random", () => new fovea.Random(any(undefined)), "Random: seed must be a number; got undefined"],
  [
    "affine",
    () => fovea.affine(x(), any(undefined)),
    "affine: scale and shift must be numbers; got undefined and 0",
  ],
  [
    "dropout",
    () => fovea.dropout(x(), 0.5, any(undefined)),
    "dropout: seed must be an integer; got undefined",
  ],
  ["Dropout", () => new fovea.Dropout(any("0.5")), "Dropout: p must be in [0, 1); got a string"],
  ["an axis", () => x().sum(any("a")), "sum: no such axis; got axis a string"],
  ["axes", () => x().permute(any(1)), "permute: axes must be an array of axes; got 1"],
  [
    "a shape",
    () => x().reshape(any(6)),
    "reshape: shape must be an array of sizes; got 6; expected one such as [6]",
  ],
  ["flip", () => fovea.flip(x(), any(1)), "flip: axes must be an array of integers; got 1"],
  ["pad", () => fovea.pad(x(), any(1), [1, 1]), "pad: before must be an array of integers; got 1"],
  [
    "a stride",
    () => fovea.conv2d(images(), ones([3, 3, 4, 8]), undefined, { stride: any("2") }),
    "kernel, stride and dilation must be integers ≥ 1",
  ],
  [
    "a pair of three",
    () => fovea.maxPool2d(images(), any([2, 2, 2])),
    "maxPool2d: kernelSize must be a number or [height, width]; got [2,2,2]",
  ],
  ["an output size", () => fovea.adaptiveAvgPool2d(images(), any(undefined)), "outputSize undefined"],
  [
    "gelu",
    () => fovea.gelu(x(), any({ approximate: true })),
    'approximate must be "none" or "tanh"; got true',
  ],
  ["a mode", () => fovea.interpolate(images(), any({ scaleFactor: 2, mode: "a" })), 'must be "nearest"; got a string'], // prettier-ignore
  ["Upsample of nothing", () => new fovea.Upsample(any({})), "Upsample: scaleFactor must be an integer ≥ 1"],
  [
    "Conv2d without a kernel",
    () => new fovea.Conv2d(3, 8, any(undefined)),
    "Conv2d: kernelSize must be an integer ≥ 1 or two, [height, width]; got undefined",
  ],
  [
    "Conv2d of text",
    () => new fovea.Conv2d(any("3"), 8, 3),
    "Conv2d: inChannels must be an integer ≥ 1; got a string",
  ],
  [
    "MaxPool2d of nothing",
    () => new fovea.MaxPool2d(any(undefined)),
    "MaxPool2d: kernelSize must be an integer ≥ 1 or two",
  ],
  [
    "BatchNorm2d of nothing",
    () => new fovea.BatchNorm2d(any(undefined)),
    "BatchNorm2d: numFeatures must be an integer ≥ 1; got undefined",
  ],
  ["lr", () => new fovea.SGD([x()], any({ lr: "0.1" })), "SGD: lr must be in [0, Infinity); got a string"],
  ["betas", () => new fovea.Adam([x()], any({ betas: 0.9 })), "Adam: betas must be two numbers; got 0.9"],
  // values of another kind
  [
    "Adam of a model",
    () => new fovea.Adam(any(model())),
    "Adam: parameters must be an array of tensors or groups, such as model.parameters(); got a LeNet5",
  ],
  [
    "SGD of numbers",
    () => new fovea.SGD(any([1, 2])),
    "SGD: parameters must be an array of tensors or groups, such as model.parameters(); got 1",
  ],
  [
    "clipGradNorm of a model",
    () => fovea.clipGradNorm(any(model()), 1),
    "clipGradNorm: parameters must be an array of tensors, such as model.parameters(); got a LeNet5",
  ],
  ["Sequential of functions", () => new fovea.Sequential(any(fovea.relu)), "Sequential: layer"],
  [
    "Sequential of nothing",
    () => new fovea.Sequential(new fovea.ReLU(), any(undefined)),
    "Sequential: layer 1 must be a Module; got undefined",
  ],
  ["tidy of a value", () => tidy(any(3)), "tidy: fn must be a function; got 3"],
  ["noGrad of a tensor", () => fovea.noGrad(any(x())), "noGrad: fn must be a function; got a Tensor"],
  ["freeze of layers", () => fovea.freeze(any([])), "freeze: model must be a Module; got an array"],
  [
    "freeze of a number",
    () => fovea.freeze(model(), any(3)),
    "freeze: pattern must be a name or a regular expression; got 3",
  ],
  ["summary", () => fovea.summary(model(), any(28)), "summary: shape must be an array of sizes; got 28"],
  [
    "loadStateDict of an object",
    () => model().loadStateDict(any({})),
    "loadStateDict: state must be a Map, as stateDict() returns it; got an object",
  ],
  [
    "options that are none",
    () => new fovea.Linear(3, 4, any("bias")),
    "Linear: options must be an object; got a string",
  ],
  ["options that are null", () => fovea.init(any(null)), "init: options must be an object; got null"],
];

test.each(rows)("%s", (_, run, message) => {
  let error: unknown;
  try {
    tidy(() => void run());
  } catch (caught) {
    error = caught;
  }
  const ours = [DataError, ShapeError, WasmError].some((type) => error instanceof type);
  expect(String(error)).toContain(message);
  expect(ours).toBe(true);
});

test("what is meant passes: options that are undefined, NaN, sizes 0, nested arrays, groups, typed arrays", () => {
  tidy(() => {
    expect([...fovea.full([2], NaN).data()]).toEqual([NaN, NaN]);
    expect(fovea.zeros([0, 3]).size).toBe(0);
    expect([...tensor(any(new Float64Array([1, 2]))).data()]).toEqual([1, 2]);
    expect([...tensor(any(Uint8ClampedArray.of(7))).data()]).toEqual([7]);
    expect(tensor([[1], [2]]).shape).toEqual([2, 1]);
    expect(tensor([1, 2], undefined, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(fovea.maxPool2d(images(), [2, 1], { padding: 0 }).shape).toEqual([1, 4, 8, 4]);
    expect(new fovea.Sequential(any([new fovea.ReLU(), new fovea.Flatten()])).length).toBe(2);
  });
});

test("a tensor's shape is its own, whatever becomes of the array that it was given by", () => {
  const shape = [2, 3];
  tidy(() => {
    const made = [fovea.zeros(shape), tensor([1, 2, 3, 4, 5, 6], shape), ones([6]).reshape(shape)];
    shape[0] = 7;
    for (const t of made) expect(t.shape).toEqual([2, 3]);
  });
});
