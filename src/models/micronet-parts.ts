// Parts of MicroNet (micronet.ts): convolutions in parts of kernels and channels, and activations that join channels.

import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import * as ops from "../ops/index.js";
import { channels, gaussian, toMultiple } from "./blocks.js";
import { Apply } from "./layers.js";

const conv = (from: number, to: number, [h, w]: readonly [number, number], stride: number, groups: number) =>
  new nn.Conv2d(from, to, [h, w], {
    stride: [h > 1 ? stride : 1, w > 1 ? stride : 1],
    padding: [(h - 1) / 2, (w - 1) / 2],
    groups,
    bias: false,
    weightInit: gaussian(Math.sqrt(2 / (h * w * to))),
  });

/** Convolutions of k×1 and 1×k, each normalised; of groups of their own each, except for the first of the stem. */
export function separable(
  from: number,
  [a, b]: readonly [number, number],
  k: number,
  stride: number,
  groups = from,
) {
  // prettier-ignore
  const [inside, to] = groups === 1 ? [a, a * b] : [from * a, from * a * b];
  const column = [conv(from, inside, [k, 1], stride, groups), new nn.BatchNorm2d(inside)];
  const row = [conv(inside, to, [1, k], stride, inside), new nn.BatchNorm2d(to)];
  return new nn.Sequential({ conv: new nn.Sequential(...column, ...row) });
}
export const grouped = (from: number, to: number, groups: number) =>
  new nn.Sequential({ conv: new nn.Sequential(conv(from, to, [1, 1], 1, groups), new nn.BatchNorm2d(to)) });

export const shuffle = (groups: number) => new Apply((x) => ops.channelShuffle(x, groups));

/** Initial weights of a channel and of its neighbour, in one sum, or in each of two sums, of which the larger counts. */
export type Starts = readonly (readonly [own: number, other: number])[];

/** Dynamic shift-max: sums of each channel and the next one of the next group, weighed according to all channels' means. */
export class ShiftMax extends nn.Module {
  readonly fc: nn.Sequential;
  readonly #groups: number;
  readonly #starts: Starts;

  constructor(width: number, groups: number, reduction: number, starts: Starts) {
    super();
    const squeezed = toMultiple(Math.floor(width / reduction), 4);
    const linear = (from: number, to: number) => new nn.Linear(from, to, { weightInit: gaussian(0.01) });
    const [down, up] = [linear(width, squeezed), linear(squeezed, 2 * width * starts.length)];
    this.fc = new nn.Sequential(down, new nn.ReLU(), up, new nn.Hardsigmoid());
    [this.#groups, this.#starts] = [groups, starts];
  }

  /** Channels turned by a group, and then within each group by one. */
  #neighbours(x: Tensor): Tensor {
    const each = x.shape[3]! / this.#groups;
    const turned = (y: Tensor, by: number): Tensor => {
      const width = y.shape[3]!;
      return by === width ? y : ops.cat([channels(y, by, width), channels(y, 0, by)]);
    };
    const [n, h, w] = x.shape as [number, number, number, number];
    return ops.reshape(turned(ops.reshape(turned(x, each), [n, h, w * this.#groups, each]), 1), x.shape);
  }

  forward(x: Tensor): Tensor {
    const [n, , , c] = x.shape as [number, number, number, number];
    const y = this.fc.forward(ops.flatten(ops.adaptiveAvgPool2d(x, 1)));
    const weights = ops.reshape(ops.affine(y, 4, -2), [n, 1, 1, y.shape[1]!]);
    const weighed = (z: Tensor, k: number, start: number): Tensor =>
      ops.mul(z, ops.add(channels(weights, k * c, (k + 1) * c), start));
    const other = this.#neighbours(x);
    const sums = this.#starts.map(([own, others], i) =>
      ops.add(weighed(x, 2 * i, own), weighed(other, 2 * i + 1, others)),
    );
    return sums.reduce((a, b) => ops.maximum(a, b));
  }
}
