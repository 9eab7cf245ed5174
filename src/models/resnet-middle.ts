// Res2Net's and ResNeSt's replacements of a bottleneck's 3×3 convolution; resnet.ts names the papers.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as ops from "../ops/index.js";
import { channels, fanOut, toEights } from "./blocks.js";
import { times, unnamed, type Layers } from "./layers.js";

/** The i-th part of this width of the channels. */
const part = (x: Tensor, i: number, width: number): Tensor => channels(x, i * width, (i + 1) * width);

interface CascadeShape {
  /** Channels of a part. */
  width: number;
  stride: number;
  /** Whether parts do not see earlier ones, as where the size changes; the last one is then pooled. */
  alone: boolean;
  /** Whether padding counts in that pooling. */
  padCounts: boolean;
}

/** Each part of the channels is convolved together with the previous part's output; the last is unchanged. */
class Cascade extends nn.Sequential {
  readonly #norms: readonly nn.Module[];
  readonly #shape: CascadeShape;

  constructor(convs: nn.Module[], norms: readonly nn.Module[], shape: CascadeShape) {
    super(...convs);
    [this.#norms, this.#shape] = [norms, shape];
  }

  override forward(x: Tensor): Tensor {
    const { width, alone, stride, padCounts: countIncludePad } = this.#shape;
    const parts: Tensor[] = [];
    for (const [i, norm] of this.#norms.entries()) {
      const own = part(x, i, width);
      const before = parts[i - 1];
      const y = before && !alone ? ops.add(before, own) : own;
      parts.push(ops.relu(norm.forward(this.at(i)!.forward(y))));
    }
    const last = part(x, this.length, width);
    return ops.cat([
      ...parts,
      alone ? ops.avgPool2d(last, 3, { stride, padding: 1, countIncludePad }) : last,
    ]);
  }
}

/** Layers that another one applies. */
class Applied extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

/** Convolutions of the parts of the channels, except the last. */
export function cascade(convs: nn.Module[], shape: CascadeShape): Layers {
  const norms = convs.map(() => new nn.BatchNorm2d(shape.width));
  return { convs: new Cascade(convs, norms, shape), bns: new Applied(...norms) };
}

/** bias: whether the convolution before the attention's normalisation has one. */
type SplitAttentionOptions = Readonly<{ radix: number; groups: number; bias: boolean }>;

/**
 * A 3×3 convolution to `radix` times the channels, [n,h,w,c] → [n,h,w,c]: the means of their sum determine the weight of each
 * split for each channel.
 */
export class SplitAttention extends nn.Sequential {
  readonly #options: SplitAttentionOptions;

  constructor(width: number, options: SplitAttentionOptions) {
    const { radix, groups, bias } = options;
    const wide = width * radix;
    const inside = Math.max(32, toEights(wide / 4));
    const how = { padding: 1, groups: groups * radix, bias: false, weightInit: fanOut };
    const conv = { conv: new nn.Conv2d(width, wide, 3, how), bn0: new nn.BatchNorm2d(wide) };
    const fc1 = { fc1: new nn.Conv2d(width, inside, 1, { groups, bias }), bn1: new nn.BatchNorm2d(inside) };
    super({ ...conv, ...fc1, fc2: new nn.Conv2d(inside, wide, 1, { groups }) });
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    const { radix, groups } = this.#options;
    const [conv, bn0, fc1, bn1, fc2] = unnamed(this);
    const y = ops.relu(bn0!.forward(conv!.forward(x)));
    const [n, , , wide] = y.shape as [number, number, number, number];
    const width = wide / radix;
    const means = ops.reshape(ops.adaptiveAvgPool2d(y, 1), [n, radix, width]);
    const together = ops.reshape(ops.sum(means, 1), [n, 1, 1, width]);
    const output = fc2!.forward(ops.relu(bn1!.forward(fc1!.forward(together))));
    if (radix === 1) return ops.mul(y, ops.sigmoid(output));
    // Here the splits of each group are contiguous; in y, the groups of each split are.
    const split = ops.permute(ops.reshape(output, [n, groups, radix, width / groups]), [0, 1, 3, 2]);
    const shares = ops.reshape(ops.permute(ops.softmax(split), [0, 3, 1, 2]), [n, 1, 1, wide]);
    const weighed = ops.mul(y, shares);
    return times(radix, (i) => part(weighed, i, width)).reduce((a, b) => ops.add(a, b));
  }
}
