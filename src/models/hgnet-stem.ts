// The stems of PP-HGNet, and its layers; hgnet.ts names the source.

import { zeros, ones, type Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { add, cat, maxPool2d, mul, pad } from "../ops/index.js";
import { sequence } from "./layers.js";
import { convBn, type ConvNormOptions } from "./blocks.js";

/** x · scale + bias, one learnt number each for all channels. */
export class Affine extends nn.Module {
  readonly scale = new nn.Parameter(ones([1]));
  readonly bias = new nn.Parameter(zeros([1]));

  forward(x: Tensor): Tensor {
    return add(mul(x, this.scale), this.bias);
  }
}

/** convBn(), with the scale and shift behind its activation where there is one: "lab" in files. */
export function convAffine(
  from: number,
  to: number,
  kernelSize: number,
  { affine: scaled = false, ...options }: ConvNormOptions & { affine?: boolean },
): nn.Sequential {
  const layers = convBn(from, to, kernelSize, options);
  return scaled
    ? new nn.Sequential({ ...Object.fromEntries(layers.namedChildren()), lab: new Affine() })
    : layers;
}

/** Three 3×3 convolutions and a pooling, to a quarter of the size. */
export function stemV1(inChannels: number, widths: readonly number[], small: boolean): nn.Module {
  const layer = (to: number, i: number): nn.Module =>
    convBn(i ? widths[i - 1]! : inChannels, to, 3, { stride: i || small ? 1 : 2 });
  const pool = small ? undefined : new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  return sequence({ stem: new nn.Sequential(...widths.map(layer)), pool });
}

/** Two 2×2 convolutions beside a pooling, between 3×3 convolutions that halve the size. */
export class StemV2 extends nn.Module {
  readonly stem1: nn.Sequential;
  readonly stem2a: nn.Sequential;
  readonly stem2b: nn.Sequential;
  readonly stem3: nn.Sequential;
  readonly stem4: nn.Sequential;
  readonly #bare: boolean;

  constructor(
    inChannels: number,
    [width, to]: readonly [number, number],
    options: { affine: boolean; bare: boolean; small: boolean },
  ) {
    super();
    const { affine, bare, small } = options;
    const stride = small ? 1 : 2;
    this.#bare = bare;
    this.stem1 = convAffine(inChannels, width, 3, { stride, affine });
    this.stem2a = convAffine(width, width / 2, 2, { padding: "same", affine });
    this.stem2b = convAffine(width / 2, width, 2, { padding: "same", affine });
    this.stem3 = convAffine(2 * width, width, 3, { stride, affine });
    this.stem4 = convAffine(width, to, 1, { affine });
  }

  forward(x: Tensor): Tensor {
    const y = this.stem1.forward(x);
    // timm's zeros beyond the edge win over negative values; in a pooling's own padding nothing does.
    const pooled = this.#bare
      ? maxPool2d(y, 2, { stride: 1, padding: "same" })
      : maxPool2d(pad(y, [0, 0, 0, 0], [0, 1, 1, 0]), 2, { stride: 1 });
    const convolved = this.stem2b.forward(this.stem2a.forward(y));
    return this.stem4.forward(this.stem3.forward(cat([pooled, convolved])));
  }
}
