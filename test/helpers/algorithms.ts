// Which algorithm each pass of a convolution runs, told by the kernels that it launches.

import { conv2d, noGrad, tensor, tidy, type Conv2dOptions, type Tensor } from "../../src/index.js";
import type { Algorithms } from "../cases/types.js";
import { sizeOf } from "../reference/values.js";
import { launchesOf } from "./launches.js";

/** Algorithms by the kernel that only they launch. What comes first decides. */
const MAIN_KERNELS: readonly (readonly [kernel: string, algorithm: string])[] = [
  ["depthwise", "depthwise"],
  ["depthwiseBackwardData", "depthwise"],
  ["depthwiseBackwardWeight", "depthwise"],
  ["winogradConv", "winograd"],
  ["winogradStrips", "winograd strips"],
  ["winogradSums", "winograd"],
  ["pixelsGemm", "direct"],
  ["rowsGemm", "direct"],
  ["fewRows", "one-pixel"],
];

export function algorithmOf(
  launches: readonly string[],
  kernel: number,
  stride: Conv2dOptions["stride"],
): string {
  const count = (kernel: string): number => launches.filter((name) => name === kernel).length;
  const [main, algorithm] = MAIN_KERNELS.find(([name]) => launches.includes(name)) ?? ["", "none"];
  if (main.startsWith("winograd")) {
    // Where not all weights are transformed before the products it is done on the way.
    const before = main !== "winogradConv" || launches.includes("winogradWeights");
    const name = kernel === 7 ? "winograd-stem" : stride === 2 ? "winograd-stride2" : algorithm;
    return before ? name : `${name} on the way`;
  }
  if (main === "pixelsGemm" && count("padImages") > 1) return `${algorithm} in ${count("padImages")} chunks`;
  if (main === "pixelsGemm" && launches.includes("sum")) return `${algorithm} in parts`;
  return algorithm;
}

/** What runs for a convolution of these sizes: forward (recorded and in inference) and both gradients. */
export function algorithmsOf(
  x: readonly number[],
  weight: readonly number[],
  options: Conv2dOptions,
): Algorithms {
  const input = (shape: readonly number[], requiresGrad: boolean): Tensor =>
    tensor(new Float32Array(sizeOf(shape)), shape, { requiresGrad });
  const pass = (ofX: boolean, ofWeight: boolean, backward: boolean): string =>
    tidy(() => {
      const tx = input(x, ofX);
      const tw = input(weight, ofWeight);
      let y: Tensor | undefined;
      const forward = launchesOf(() => {
        y = conv2d(tx, tw, undefined, options);
        y.data();
      });
      if (!backward) return algorithmOf(forward, weight[0]!, options.stride);
      const dy = input(y!.shape, false);
      return algorithmOf(
        launchesOf(() => {
          y!.backward(dy);
          (tx.grad ?? tw.grad)!.data();
        }),
        weight[0]!,
        options.stride,
      );
    });
  return {
    forward: pass(true, true, false),
    inference: noGrad(() => pass(false, false, false)),
    data: pass(true, false, true),
    weight: pass(false, true, true),
  };
}
