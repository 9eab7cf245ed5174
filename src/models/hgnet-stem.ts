// The stems of PP-HGNet, and its layers; hgnet.ts names the source.

import { zeros, ones, type Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { add, maxPool2d, mul, pad } from "../ops/index.js";
import { Apply, Branches, Flat, sequence } from "./layers.js";
import { convBn, type ConvNormOptions } from "./blocks.js";

/** x · scale + bias, one learnt number each for all channels. */
export class Affine extends nn.Module {
  readonly scale = new nn.Parameter(ones([1]));
  readonly bias = new nn.Parameter(zeros([1]));

  forward(x: Tensor): Tensor {
    return add(mul(x, this.scale), this.bias);
  }
}

/** convBn(), with a scale and shift after its activation, if there is one: "lab" in files. */
export type AffineOptions = ConvNormOptions & { affine?: boolean };
export function convAffine(
  from: number,
  to: number,
  size: number,
  { affine = false, ...options }: AffineOptions,
) {
  const layers = convBn(from, to, size, options);
  return affine ? new nn.Sequential({ ...Object.fromEntries(layers.namedChildren()), lab: new Affine() }) : layers; // prettier-ignore
}

/** Three 3×3 convolutions and a pooling, to a quarter of the size. */
export function stemV1(inChannels: number, widths: readonly number[], small: boolean): nn.Module {
  const layer = (to: number, i: number): nn.Module =>
    convBn(i ? widths[i - 1]! : inChannels, to, 3, { stride: i || small ? 1 : 2 });
  const pool = small ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  return sequence({ stem: new nn.Sequential(...widths.map(layer)), pool });
}

type Stem = Readonly<Record<"affine" | "bare" | "small", boolean>>;

/** Two 2×2 convolutions beside a pooling, between 3×3 convolutions that halve the size. */
export function stemV2(inChannels: number, widths: readonly [number, number], how: Stem): nn.Module {
  const { affine, bare, small } = how;
  const [width, to] = widths;
  const stride = small ? 1 : 2;
  const stem1 = convAffine(inChannels, width, 3, { stride, affine });
  const a = convAffine(width, width / 2, 2, { padding: "same", affine });
  const b = convAffine(width / 2, width, 2, { padding: "same", affine });
  // timm's zeros beyond the edge win over negative values; in a pooling's own padding nothing does.
  const pool = bare
    ? new nn.MaxPool2d(2, { stride: 1, padding: "same" })
    : new Apply((x) => maxPool2d(pad(x, [0, 0, 0, 0], [0, 1, 1, 0]), 2, { stride: 1 }));
  const stem2 = new Branches({ pool, "": sequence({ a, b }) });
  const stem3 = convAffine(2 * width, width, 3, { stride, affine });
  return new Flat(sequence({ stem1, stem2, stem3, stem4: convAffine(width, to, 1, { affine }) }));
}
