// Sizes that benchmarks run and networks have, too large for a reference of every element.

import type { ConvAttrs } from "../reference/conv.js";
import { algorithms } from "./conv.js";
import type { Algorithms } from "./types.js";

/** m, k, n of C = A·B. */
export const largeProducts: readonly (readonly [m: number, k: number, n: number])[] = [
  [256, 256, 256],
  [512, 512, 512],
  [97, 1031, 523],
  [64, 4096, 1000],
  [3136, 64, 64],
];

export interface LargeConv {
  name: string;
  x: readonly [number, number, number, number];
  weight: readonly [number, number, number, number];
  attrs: ConvAttrs;
  algorithms: Algorithms;
}

/** A square kernel of `size` that keeps the image's size at stride 1. */
function conv(
  runs: Algorithms,
  x: LargeConv["x"],
  size: number,
  out: number,
  stride = 1,
  groups = 1,
): LargeConv {
  const shown = `${size}x${size} stride ${stride} on ${x.join("x")} to ${out}`;
  return {
    name: groups > 1 ? `${shown} in ${groups} groups` : shown,
    x,
    weight: [size, size, x[3] / groups, out],
    attrs: { stride, padding: (size - 1) / 2, dilation: 1, groups },
    algorithms: runs,
  };
}

const winograd = algorithms("winograd");
const direct = algorithms("direct");
const stride2 = algorithms("winograd-stride2");

export const largeConvs: readonly LargeConv[] = [
  conv(winograd, [1, 56, 56, 64], 3, 64),
  conv(algorithms("winograd on the way", { inference: "winograd", weight: "winograd strips" }), [2, 14, 14, 256], 3, 256), // prettier-ignore
  conv(stride2, [1, 56, 56, 64], 3, 128, 2),
  conv(algorithms("winograd-stride2 on the way", { inference: "winograd-stride2", weight: "winograd-stride2" }), [4, 14, 14, 256], 3, 512, 2), // prettier-ignore
  conv(direct, [1, 28, 28, 256], 1, 128),
  conv(algorithms("direct", { weight: "direct in parts" }), [1, 60, 60, 300], 1, 70),
  conv(algorithms("winograd-stem", { data: "direct" }), [1, 112, 112, 3], 7, 64, 2),
  conv(direct, [64, 28, 28, 1], 5, 6),
  conv(winograd, [32, 32, 32, 16], 3, 16),
  conv(direct, [1, 28, 28, 128], 3, 128, 1, 32),
  conv(algorithms("depthwise"), [1, 56, 56, 96], 3, 96, 1, 96),
];
