// Weight initialisation as PyTorch defines it (torch.nn.init). Each fills a tensor in place from the seeded stream. The numbers
// are those of that moment, but they are drawn when first read: most models are made to load weights.
// Fans: Linear weights are [out, in]; convolution weights [kh, kw, in / groups, out].

import { defaultRandom, drawLater, type Random } from "../core/random.js";
import { isShapesOnly } from "../core/op.js";
import { refusePromise } from "../core/scope.js";
import { describe } from "../core/shape.js";
import type { Storage } from "../core/storage.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { DataError, ShapeError, short } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";
import { knownNames } from "../errors/suggest.js";

/** Number of inputs that one output sums over, and of outputs that one input reaches. */
export function fans(weight: Tensor): { fanIn: number; fanOut: number } {
  checkTensors("init", { weight });
  const s = weight.shape;
  if (s.length === 2) return { fanIn: s[1]!, fanOut: s[0]! };
  if (s.length === 4) return { fanIn: s[0]! * s[1]! * s[2]!, fanOut: s[0]! * s[1]! * s[3]! };
  throw new ShapeError(`init: expected weight:[out,in] or [kh,kw,in,out]; got ${describe({ weight })}`);
}

/** Fills a tensor in place. */
export type Initialiser = (x: Tensor) => unknown;

const NONLINEARITIES = ["linear", "sigmoid", "tanh", "relu", "leakyRelu"] as const;
/** An activation that calculateGain() knows, in PyTorch's words. @useDeclaredType */
export type Nonlinearity = (typeof NONLINEARITIES)[number];

/** The factor by which a nonlinearity shrinks the deviation of its input; `a` is leakyRelu's negative slope. */
export function calculateGain(nonlinearity: Nonlinearity, a = 0.01): number {
  if (!NONLINEARITIES.includes(nonlinearity)) {
    throw new DataError(
      `calculateGain: unknown nonlinearity '${short(nonlinearity)}'; ${knownNames(String(nonlinearity), NONLINEARITIES)}`,
    );
  }
  switch (nonlinearity) {
    case "linear":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + a * a));
  }
}

let skipping = false;

/** Runs fn without filling any tensor: for layers that get their weights in another way. */
export function withoutInit<T>(fn: () => T): T {
  const before = skipping;
  skipping = true;
  try {
    const result = fn();
    refusePromise("withoutInit", result);
    return result;
  } finally {
    skipping = before;
  }
}

/** Fills an array of x's size and writes it to x, except inside a call that fills nothing. */
function fillWith<T extends Tensor>(x: T, fill: (values: Float32Array) => void): T {
  checkTensors("init", { x });
  if (skipping || isShapesOnly()) return x;
  const values = new Float32Array(x.size);
  fill(values);
  return x.copyFrom(values);
}

const NOTHING: ReadonlySet<never> = new Set();

/** Fills x with numbers that `draw` takes from the stream; `skip` skips one such number without computing it. */
function drawn<T extends Tensor>(
  x: T,
  random: Random | undefined,
  draw: (values: Float32Array, from: Random) => void,
  skip: (from: Random) => void,
): T {
  checkTensors("init", { x });
  if (skipping || isShapesOnly()) return x;
  const { storage, size, dtype } = x;
  if (random || storage.ready || dtype !== "f32") {
    return fillWith(x, (values) => draw(values, random ?? defaultRandom()));
  }
  storage.reserve();
  storage.touch();
  let unread: Storage | undefined = storage; // a draw that waits must not hold memory that is no longer read
  const turn = drawLater(() => {
    if (unread) return void unread.compute();
    const from = turn();
    for (let i = 0; i < size; i++) skip(from);
  });
  storage.defer({
    sources: [],
    absorbs: NOTHING,
    write: (address) => draw(unread!.heap.f32(address, size), turn()),
    ended: () => (unread = undefined),
  });
  return x;
}

/** U(low, high). */
export function uniform<T extends Tensor>(x: T, low = 0, high = 1, random?: Random): T {
  const draw = (values: Float32Array, from: Random): void => {
    for (let i = 0; i < values.length; i++) values[i] = from.uniform(low, high);
  };
  return drawn(x, random, draw, (from) => from.bits());
}

/** N(mean, std²). */
export function normal<T extends Tensor>(x: T, mean = 0, std = 1, random?: Random): T {
  const draw = (values: Float32Array, from: Random): void => {
    for (let i = 0; i < values.length; i++) values[i] = from.normal(mean, std);
  };
  return drawn(x, random, draw, (from) => from.skipNormal());
}

/** Sets all elements to the same value. */
export function fill<T extends Tensor>(x: T, value: number): T {
  return fillWith(x, (values) => values.fill(value));
}

/** Options of kaimingNormal() and kaimingUniform(). */
export interface KaimingOptions {
  /** Negative slope of the leaky ReLU after the layer. Default 0. */
  a?: number;
  /**
   * Which variance is kept: that of activations ("fanIn") or that of gradients ("fanOut"). Default "fanIn".
   */
  mode?: "fanIn" | "fanOut";
  /** Default "leakyRelu". */
  nonlinearity?: Nonlinearity;
  /** The stream to draw from. Default: the one that manualSeed() starts. */
  random?: Random;
}

const KAIMING: Names<KaimingOptions> = { a: true, mode: true, nonlinearity: true, random: true };
const XAVIER: Names<XavierOptions> = { gain: true, random: true };

function kaimingStd(
  x: Tensor,
  { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions,
): number {
  if (mode !== "fanIn" && mode !== "fanOut") throw wrongKind("init", "mode", mode, "fanIn or fanOut");
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(x)[mode]);
}

/** U(−√3·std, √3·std), std = gain/√fan. He et al., Delving Deep into Rectifiers (2015), arXiv 1502.01852. */
export function kaimingUniform<T extends Tensor>(x: T, options: KaimingOptions = {}): T {
  checkOptions<KaimingOptions>("kaimingUniform", options, KAIMING);
  const bound = Math.sqrt(3) * kaimingStd(x, options);
  return uniform(x, -bound, bound, options.random);
}

/** N(0, std²), std = gain/√fan. He et al. (2015), arXiv 1502.01852. */
export function kaimingNormal<T extends Tensor>(x: T, options: KaimingOptions = {}): T {
  checkOptions<KaimingOptions>("kaimingNormal", options, KAIMING);
  return normal(x, 0, kaimingStd(x, options), options.random);
}

/** Options of xavierNormal() and xavierUniform(). */
export interface XavierOptions {
  /** Default 1. */
  gain?: number;
  /** The stream to draw from. Default: the one that manualSeed() starts. */
  random?: Random;
}

/** U(−√3·std, √3·std), std = gain·√(2/(fanIn + fanOut)). Glorot and Bengio (2010), https://proceedings.mlr.press/v9/glorot10a.html */
export function xavierUniform<T extends Tensor>(x: T, options: XavierOptions = {}): T {
  checkOptions<XavierOptions>("xavierUniform", options, XAVIER);
  const { gain = 1, random } = options;
  const { fanIn, fanOut } = fans(x);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(x, -bound, bound, random);
}

/** N(0, std²), std = gain·√(2/(fanIn + fanOut)). Glorot and Bengio (2010). */
export function xavierNormal<T extends Tensor>(x: T, options: XavierOptions = {}): T {
  checkOptions<XavierOptions>("xavierNormal", options, XAVIER);
  const { gain = 1, random } = options;
  const { fanIn, fanOut } = fans(x);
  return normal(x, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), random);
}

/** PyTorch's default for the bias of linear and convolution layers: U(−1/√fanIn, 1/√fanIn). */
export function biasUniform<T extends Tensor>(bias: T, weight: Tensor): T {
  const { fanIn } = fans(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform(bias, -bound, bound);
}

/** All zeros: the bias of most networks. */
export function zeros<T extends Tensor>(x: T): T {
  return fill(x, 0);
}
