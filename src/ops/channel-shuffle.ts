// Channels of images in another order, so that grouped convolutions, or halves of the channels, see each other's.

import { defineOp } from "../core/op.js";
import { describe } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { rowGrain } from "./fusion.js";
import { planCopy } from "./strided.js";

const channelShuffleOp = defineOp({
  name: "channelShuffle",
  shape({ x }: { x: Tensor }, { groups }: { groups: number }) {
    if (x.shape.length === 4 && Number.isInteger(groups) && groups >= 1 && x.shape[3]! % groups === 0) {
      return x.shape;
    }
    throw new ShapeError(
      "channelShuffle: expected x:[n,h,w,c] and groups, an integer ≥ 1 that divides c; " +
        `got ${describe({ x })} groups ${kindOf(groups)}`,
    );
  },
  plan(p, y, { x }, { groups }) {
    const all = x.shape[3]!;
    if (x.size === 0) return;
    const rows = x.size / all;
    const width = all / groups;
    if (groups === 2 || width === 2) {
      const kernel = groups === 2 ? "interleave" : "deal";
      p.parallel(kernel, rows, rowGrain(all), x.ptr, y.ptr, all / 2);
    } else {
      planCopy(p, x.ptr, [all, 1, width], y.ptr, [all, groups, 1], [rows, width, groups]);
    }
  },
  saves: [],
  vjp: { x: (dy, { shapes }, { groups }) => channelShuffle(dy, shapes.x[3]! / groups) },
});

/**
 * The channels of x:[n,h,w,c], taken in turn from each group. Zhang et al., ShuffleNet (2017), arXiv 1707.01083.
 * @throws ShapeError unless groups divides c
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  checkTensors("channelShuffle", { x });
  return channelShuffleOp({ x }, { groups });
}
