// Calls of the kernels whose windows slide over images.

import type { Kernels, Struct } from "../../src/wasm/abi.js";
import { constants } from "../../src/wasm/table.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, LENGTHS, type Call } from "./calls.js";

interface WindowSpec {
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
  dilation: readonly [number, number];
  image?: readonly [number, number];
}

/** Windows that overlap, reach into padding, leave a rest; the output's size follows. */
const windows: readonly WindowSpec[] = [
  { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] },
  { kernel: [3, 2], stride: [1, 2], padding: [1, 0], dilation: [1, 1] },
  { kernel: [2, 3], stride: [1, 1], padding: [0, 1], dilation: [2, 1] },
  { kernel: [1, 1], stride: [3, 2], padding: [0, 0], dilation: [1, 1] },
];

/** For max pooling also the two windows that networks use, on images with an inside. */
const poolWindows: readonly WindowSpec[] = [
  ...windows,
  { kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], image: [8, 10] },
  { kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], image: [9, 7] },
  { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], image: [7, 9] },
  { kernel: [3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1], image: [5, 7] },
];

/** For depthwise convolution also images with runs of outputs whose windows lie inside. */
const depthwiseWindows: readonly WindowSpec[] = [
  ...windows,
  ...[3, 5].flatMap((k) =>
    [1, 2].flatMap((s) =>
      [0, (k - 1) / 2].flatMap((pad) =>
        [
          [9, 11],
          [10, 16],
        ].map(([height, width]): WindowSpec => ({
          kernel: [k, k],
          stride: [s, s],
          padding: [pad, pad],
          dilation: [1, 1],
          image: [height!, width!],
        })),
      ),
    ),
  ),
  { kernel: [5, 7], stride: [1, 1], padding: [2, 3], dilation: [1, 1], image: [7, 12] },
  { kernel: [3, 3], stride: [1, 1], padding: [2, 2], dilation: [2, 2], image: [9, 11] },
  { kernel: [3, 4], stride: [3, 3], padding: [1, 4], dilation: [1, 2], image: [9, 17] },
];

const DEPTHWISE_CHANNELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 64];

interface Sizes {
  window: Struct<"Window">;
  /** Elements of x, of y and of the weights. */
  x: number;
  y: number;
  w: number;
}

function sizesOf(spec: WindowSpec, images: number, channels: number): Sizes {
  const { kernel, stride, padding, dilation, image } = spec;
  const [height, width] = image ?? [5, 6];
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
      paddingBottom: padding[0],
      paddingRight: padding[1],
      dilationHeight: dilation[0],
      dilationWidth: dilation[1],
    },
    x: images * height * width * channels,
    y: images * outHeight * outWidth * channels,
    w: kernel[0] * kernel[1] * channels,
  };
}

function windowed(run: (k: Kernels, g: Guarded, s: Sizes, window: number) => void, dilated = true): Call[] {
  const indices = poolWindows.flatMap(({ dilation }, i) => (dilated || dilation[0] === 1 ? [i] : []));
  return calls(["window", "images", "channels"], [indices, [0, 2], LENGTHS], (k, g, index, images, c) => {
    const s = sizesOf(poolWindows[index]!, images, c);
    run(k, g, s, g.struct("Window", s.window));
  });
}

const ACTIVATIONS = [0, constants.RELU6, constants.SILU];

type Depthwise = "depthwise" | "depthwiseBackwardData" | "depthwiseBackwardWeight";

function runDepthwise(kernel: Depthwise, k: Kernels, g: Guarded, s: Sizes): void {
  const window = g.struct("Window", s.window);
  const { images, height, outHeight, channels } = s.window;
  // Touching rows first must not change what is written.
  const ahead = channels % 2;
  const wide = (channels >> 1) % 2;
  const activation = kernel === "depthwise" ? ACTIVATIONS[s.y % ACTIVATIONS.length]! : 0;
  const shape = (x: number, w: number, bias: number, y: number, parts = 1) =>
    g.struct("Depthwise", { window, x, w, bias, y, activation, ahead, wide, parts });
  if (kernel === "depthwise") {
    const [x, w, bias, y] = [g.input(s.x), g.input(s.w), images ? g.input(channels) : 0, g.output(s.y)];
    const scratch = g.scratch(constants.DEPTHWISE_SCRATCH);
    k.depthwise(shape(x, w, bias, y), scratch, 0, images * Math.ceil(outHeight / 2));
  } else if (kernel === "depthwiseBackwardData") {
    const [dy, w, dx] = [g.input(s.y), g.input(s.w), g.output(s.x)];
    const scratch = g.scratch(constants.DEPTHWISE_SCRATCH);
    k.depthwiseBackwardData(shape(dy, w, 0, dx), scratch, 0, images * Math.ceil(height / 2));
  } else {
    const parts = Math.max(1, images);
    const [x, dy, dw] = [g.input(s.x), g.input(s.y), g.output(parts * s.w)];
    const scratch = g.scratch(k.depthwiseBackwardWeightScratch(window));
    const units = k.depthwiseBackwardWeightUnits(window, parts);
    k.depthwiseBackwardWeight(shape(x, dw, 0, dy, parts), scratch, 0, units);
  }
}

function depthwiseCalls(kernel: Depthwise): Call[] {
  return calls(
    ["window", "images", "channels"],
    [[...depthwiseWindows.keys()], [0, 2], DEPTHWISE_CHANNELS],
    (k, g, index, images, channels) => {
      runDepthwise(kernel, k, g, sizesOf(depthwiseWindows[index]!, images, channels));
    },
  );
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
  maxPool2d: [0, 1].flatMap((noted) =>
    windowed((k, g, s, w) => {
      const taps = noted ? g.outputBytes(s.y) : 0;
      k.maxPool2d(w, g.input(s.x), g.output(s.y), taps, 0, s.window.images * s.window.outHeight);
    }),
  ),
  maxPool2dBackward: windowed((k, g, s, w) => {
    const { images, height, strideHeight } = s.window;
    const bands = images * Math.ceil(height / strideHeight);
    k.maxPool2dBackward(w, g.input(s.y), g.bytes(insideTaps(s)), g.output(s.x), 0, bands);
  }),
  avgPool2d: windowed((k, g, s, w) => {
    k.avgPool2d(w, g.input(s.x), g.output(s.y), 1 + (s.y % 2), 0, s.window.images * s.window.outHeight);
  }, false),
  avgPool2dBackward: windowed((k, g, s, w) => {
    k.avgPool2dBackward(w, g.input(s.y), g.output(s.x), 0, 0, s.window.images * s.window.height);
  }, false),
  depthwise: depthwiseCalls("depthwise"),
  depthwiseBackwardData: depthwiseCalls("depthwiseBackwardData"),
  depthwiseBackwardWeight: depthwiseCalls("depthwiseBackwardWeight"),
};
