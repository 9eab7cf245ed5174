// Convolutions of benchmark size: run once, compared with float64 at samples of their elements.

import { conv2d, tensor, tidy } from "../../src/index.js";
import type { LargeConv } from "../cases/large.js";
import * as elements from "../reference/conv-elements.js";
import { convShape } from "../reference/conv.js";
import { sizeOf } from "../reference/values.js";
import { draw, drawIntegers } from "./random.js";

/** Elements of each result that are compared one by one. */
const SAMPLES = 250;

export const numbers = (seed: string, n: number): Float32Array => Float32Array.from(draw("normal", seed, n));

export interface LargeResult {
  data: elements.ConvData;
  y: Float32Array;
  dx: Float32Array;
  dw: Float32Array;
}

/** The convolution and its gradients for a random dy. */
export function runLargeConv({ name, x, weight, attrs }: LargeConv): LargeResult {
  const yShape = convShape(x, weight, attrs);
  const xs = numbers(`${name} x`, sizeOf(x));
  const ws = numbers(`${name} w`, sizeOf(weight));
  const dy = numbers(`${name} dy`, sizeOf(yShape));
  return tidy(() => {
    const tx = tensor(xs, x, { requiresGrad: true });
    const tw = tensor(ws, weight, { requiresGrad: true });
    const ty = conv2d(tx, tw, undefined, attrs);
    ty.backward(tensor(dy, yShape));
    const [y, dx, dw] = [ty, tx.grad!, tw.grad!].map((t) => t.data() as Float32Array);
    const data = { xShape: x, wShape: weight, yShape, attrs, x: xs, w: ws, dy };
    return { data, y: y!, dx: dx!, dw: dw! };
  });
}

export interface Samples {
  got: number[];
  want: number[];
  /** Root mean square of the error, relative to that of the expected values. */
  error: number;
}

function rms(values: readonly number[]): number {
  return Math.sqrt(values.reduce((total, v) => total + v * v, 0) / values.length);
}

const elementOf = {
  y: elements.outputElement,
  dx: elements.dataGradientElement,
  dw: elements.weightGradientElement,
};

/** Samples of one of the results, the last element among them. */
export function sample(result: LargeResult, which: keyof typeof elementOf): Samples {
  const values = result[which];
  const at = [values.length - 1, ...drawIntegers(which, SAMPLES, values.length)];
  const got = at.map((i) => values[i]!);
  const want = at.map((i) => elementOf[which](result.data, i));
  return { got, want, error: rms(got.map((v, i) => v - want[i]!)) / rms(want) };
}
