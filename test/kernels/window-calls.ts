// Calls of the kernels whose windows slide over images.

import type { Kernels } from "../../src/wasm/abi.js";
import type { Struct } from "../../src/wasm/structs.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, LENGTHS, type Call } from "./calls.js";

/** Windows that overlap, reach into padding, leave a rest; the output's size follows. */
const windows = [
  { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] },
  { kernel: [3, 2], stride: [1, 2], padding: [1, 0], dilation: [1, 1] },
  { kernel: [2, 3], stride: [1, 1], padding: [0, 1], dilation: [2, 1] },
  { kernel: [1, 1], stride: [3, 2], padding: [0, 0], dilation: [1, 1] },
] as const;

interface Sizes {
  window: Struct<"Window">;
  /** Elements of x, of y and of the weights. */
  x: number;
  y: number;
  w: number;
}

function sizesOf(index: number, images: number, channels: number): Sizes {
  const { kernel, stride, padding, dilation } = windows[index]!;
  const [height, width] = [5, 6];
  const out = (size: number, i: 0 | 1): number =>
    Math.floor((size + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) + 1;
  const [outHeight, outWidth] = [out(height, 0), out(width, 1)];
  return {
    window: {
      images,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      kernelHeight: kernel[0],
      kernelWidth: kernel[1],
      strideHeight: stride[0],
      strideWidth: stride[1],
      paddingTop: padding[0],
      paddingLeft: padding[1],
      dilationHeight: dilation[0],
      dilationWidth: dilation[1],
    },
    x: images * height * width * channels,
    y: images * outHeight * outWidth * channels,
    w: kernel[0] * kernel[1] * channels,
  };
}

function windowed(run: (k: Kernels, g: Guarded, s: Sizes, window: number) => void, dilated = true): Call[] {
  const indices = windows.flatMap(({ dilation }, i) => (dilated || dilation[0] === 1 ? [i] : []));
  return calls(["window", "images", "channels"], [indices, [0, 2], LENGTHS], (k, g, index, images, c) => {
    const s = sizesOf(index, images, c);
    run(k, g, s, g.struct("Window", s.window));
  });
}

/** The tap of the first row and column that lies inside, for each element of y. */
function insideTaps({ window: s, y }: Sizes): number[] {
  return Array.from({ length: y }, (_, i) => {
    const j = Math.floor(i / s.channels) % s.outWidth;
    const row = Math.floor(i / s.channels / s.outWidth) % s.outHeight;
    const p = row * s.strideHeight < s.paddingTop ? 1 : 0;
    const q = j * s.strideWidth < s.paddingLeft ? 1 : 0;
    return p * s.kernelWidth + q;
  });
}

export const windowCalls: Readonly<Record<string, readonly Call[]>> = {
  maxPool2d: windowed((k, g, s, w) => k.maxPool2d(w, g.input(s.x), g.output(s.y), g.outputBytes(s.y))),
  maxPool2dBackward: windowed((k, g, s, w) =>
    k.maxPool2dBackward(w, g.input(s.y), g.bytes(insideTaps(s)), g.output(s.x)),
  ),
  avgPool2d: windowed((k, g, s, w) => k.avgPool2d(w, g.input(s.x), g.output(s.y), 1), false),
  avgPool2dBackward: windowed((k, g, s, w) => k.avgPool2dBackward(w, g.input(s.y), g.output(s.x), 0), false),
  depthwise: windowed((k, g, s, w) =>
    k.depthwise(
      w,
      g.input(s.x),
      g.input(s.w),
      s.window.images ? g.input(s.window.channels) : 0,
      g.output(s.y),
    ),
  ),
  depthwiseBackwardData: windowed((k, g, s, w) =>
    k.depthwiseBackwardData(w, g.input(s.y), g.input(s.w), g.output(s.x)),
  ),
  depthwiseBackwardWeight: windowed((k, g, s, w) =>
    k.depthwiseBackwardWeight(w, g.input(s.x), g.input(s.y), g.output(s.w)),
  ),
};
