// Convolutions: kernels, strides, paddings, dilations, groups, channel counts around the register tiles (4×8, 6×8,
// 3×12), pixels that no window reaches, several chunks of padded images.

import { around, type Algorithms, type Case } from "./types.js";

type Pair = number | readonly [number, number];

interface Options {
  stride?: Pair;
  padding?: Pair;
  dilation?: Pair;
  groups?: number;
  bias?: boolean;
}

/** One algorithm for every pass, but for those named. */
export function algorithms(all: string, but: Partial<Algorithms> = {}): Algorithms {
  return { forward: all, inference: all, data: all, weight: all, ...but };
}

/** What runs where no other algorithm is named. */
function plainAlgorithm([n, , , c]: readonly number[], out: number, groups: number): string {
  if (groups > 1 && groups === c && groups === out) return "depthwise";
  return n === 0 ? "none" : "direct";
}

/** x:[n,h,w,c], a kernel, its output channels, and the algorithms that the row must run. */
export function conv(
  name: string,
  x: readonly [number, number, number, number],
  [kh, kw]: readonly [number, number],
  out: number,
  { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true }: Options = {},
  runs: Algorithms = algorithms(plainAlgorithm(x, out, groups)),
): Case {
  const weight = [kh, kw, x[3] / groups, out];
  return {
    name,
    inputs: { x, weight, ...(bias ? { bias: [out] } : {}) },
    attrs: { stride, padding, dilation, groups },
    algorithms: runs,
  };
}

const kernels: Case[] = [
  conv("1x1", [2, 5, 4, 3], [1, 1], 5),
  conv("1x1 without bias", [1, 4, 4, 8], [1, 1], 8, { bias: false }),
  conv("1x1 stride 2, a row and a column left over", [2, 6, 4, 5], [1, 1], 9, { stride: 2 }),
  conv("1x1 stride 3 drops rows that no window reaches", [1, 9, 8, 4], [1, 1], 4, { stride: 3 }),
  conv("1x1 padded", [1, 3, 4, 3], [1, 1], 4, { padding: 1 }),
  conv("3x3", [2, 6, 5, 3], [3, 3], 4),
  conv("3x3 padding 1", [2, 5, 7, 4], [3, 3], 8, { padding: 1 }, algorithms("winograd")),
  conv("3x3 padding 1 without bias", [1, 6, 6, 5], [3, 3], 7, { padding: 1, bias: false }),
  conv("3x3 stride 2 padding 1, even image", [2, 8, 6, 3], [3, 3], 5, { stride: 2, padding: 1 }),
  conv("3x3 stride 2 padding 1, odd image", [1, 7, 9, 4], [3, 3], 8, { stride: 2, padding: 1 }),
  conv("3x3 stride 2, rest row and column", [1, 8, 8, 2], [3, 3], 3, { stride: 2 }),
  conv("5x5 padding 2", [1, 7, 6, 1], [5, 5], 6, { padding: 2 }),
  conv("5x5 over one window", [3, 5, 5, 4], [5, 5], 7),
  conv("7x7 stride 2 padding 3", [1, 15, 14, 3], [7, 7], 9, { stride: 2, padding: 3 }),
  conv("2x2 stride 2 tiles the image", [2, 6, 8, 4], [2, 2], 8, { stride: 2 }),
  conv("1x7", [1, 4, 9, 3], [1, 7], 5, { padding: [0, 3] }),
  conv("7x1", [1, 9, 4, 3], [7, 1], 5, { padding: [3, 0] }),
  conv("2x3", [2, 4, 6, 2], [2, 3], 3),
  conv("4x4 padding 1", [1, 6, 7, 3], [4, 4], 4, { padding: 1 }),
];

const windows: Case[] = [
  conv("stride [2,1]", [1, 7, 6, 3], [3, 3], 4, { stride: [2, 1], padding: 1 }),
  conv("stride [1,3]", [1, 5, 11, 4], [3, 2], 5, { stride: [1, 3] }),
  conv("stride larger than the kernel", [2, 9, 10, 3], [2, 2], 4, { stride: 3 }),
  conv("stride larger than the kernel, padded", [1, 8, 8, 2], [2, 1], 5, { stride: [4, 3], padding: 1 }),
  conv("stride larger than the image", [1, 3, 3, 3], [2, 2], 4, { stride: 5 }),
  conv("stride larger than the padded frame's rest", [1, 5, 6, 3], [3, 3], 8, { stride: 4, padding: 1 }),
  conv("padding [2,0]", [1, 4, 6, 3], [3, 3], 5, { padding: [2, 0] }),
  conv("padding [0,1]", [2, 5, 4, 4], [3, 3], 3, { padding: [0, 1] }),
  conv("padding larger than the kernel", [1, 3, 4, 2], [2, 2], 3, { padding: 4 }),
  conv("padding larger than the kernel, stride 2", [1, 4, 3, 3], [3, 1], 4, { padding: [5, 2], stride: 2 }),
  conv("padding larger than dilation·(k − 1)", [1, 5, 5, 3], [3, 3], 4, { padding: 5, dilation: 2 }),
  conv("windows wholly in the padding", [1, 1, 1, 3], [1, 1], 2, { padding: 2, stride: 2 }),
  conv("dilation 2", [1, 8, 7, 3], [3, 3], 5, { dilation: 2 }),
  conv("dilation 2 padding 2", [2, 6, 6, 4], [3, 3], 8, { dilation: 2, padding: 2 }),
  conv("dilation 3 stride 2", [1, 11, 12, 3], [3, 3], 4, { dilation: 3, stride: 2, padding: 3 }),
  conv("dilation 2 stride 2 meets every second phase", [1, 9, 9, 3], [3, 3], 4, { dilation: 2, stride: 2 }),
  conv("dilation [1,3]", [1, 5, 10, 2], [3, 3], 9, { dilation: [1, 3], padding: [1, 3] }),
  conv("dilation [2,1] stride [1,2] padding [0,3]", [2, 7, 6, 5], [2, 3], 4, {
    dilation: [2, 1],
    stride: [1, 2],
    padding: [0, 3],
  }),
];

const groups: Case[] = [
  conv("groups 2", [2, 5, 6, 4], [3, 3], 6, { groups: 2, padding: 1 }),
  conv("groups 3", [1, 6, 5, 9], [3, 3], 6, { groups: 3 }),
  conv("groups 2, 1x1", [1, 5, 5, 16], [1, 1], 18, { groups: 2 }),
  conv("groups 4 stride 2", [1, 7, 7, 8], [3, 3], 12, { groups: 4, stride: 2, padding: 1 }),
  conv("groups 2 dilation 2 without bias", [1, 8, 7, 6], [3, 2], 4, { groups: 2, dilation: 2, bias: false }),
  conv("groups 32, as in ResNeXt", [1, 4, 5, 128], [3, 3], 128, { groups: 32, padding: 1 }),
  ...[2, 3, 4, 5, 7, 8, 9, 13, 16, 17].map((c) =>
    conv(`depthwise, ${c} channels`, [2, 5, 6, c], [3, 3], c, { groups: c, padding: 1 }),
  ),
  // the data gradient's rows go by themselves
  conv("5x5, most windows of dx reach outside", [7, 8, 8, 3], [5, 5], 4),
  conv("5x5 stride 2 in groups, most windows of dx reach outside", [8, 10, 12, 4], [5, 5], 6, { groups: 2, stride: 2 }), // prettier-ignore
  conv("4x3 dilation 2, most windows of dx reach outside", [6, 9, 8, 3], [4, 3], 4, { dilation: 2 }),
  conv("depthwise stride 2", [1, 8, 7, 6], [3, 3], 6, { groups: 6, stride: 2, padding: 1 }),
  conv("depthwise 5x5 without bias", [1, 6, 7, 8], [5, 5], 8, { groups: 8, padding: 2, bias: false }),
  ...[3, 5].flatMap((k) =>
    [1, 2].flatMap((stride) =>
      [5, 8].flatMap((c) => [
        conv(`depthwise ${k}x${k} stride ${stride}, ${c} channels`, [1, 9, 10, c], [k, k], c, {
          groups: c,
          stride,
          padding: (k - 1) / 2,
        }),
        conv(
          `depthwise ${k}x${k} stride ${stride} without padding, ${c} channels`,
          [2, 9, 17, c],
          [k, k],
          c,
          {
            groups: c,
            stride,
          },
        ),
      ]),
    ),
  ),
  conv("depthwise 7x7", [1, 7, 13, 5], [7, 7], 5, { groups: 5, padding: 3 }),
  conv("depthwise 9x9", [1, 5, 14, 6], [9, 9], 6, { groups: 6, padding: 4 }),
  conv("depthwise 11x11", [1, 6, 7, 4], [11, 11], 4, { groups: 4, padding: 5 }),
  conv("depthwise 2x31", [1, 2, 33, 4], [2, 31], 4, { groups: 4, padding: [0, 15] }),
  conv("depthwise 3x4 stride 3", [1, 10, 19, 5], [3, 4], 5, { groups: 5, stride: 3, padding: [1, 2] }),
  conv("depthwise stride 4 with dilation 2", [1, 9, 21, 5], [3, 3], 5, { groups: 5, stride: 4, dilation: 2 }),
  conv("depthwise 5x5 dilation 2", [1, 10, 13, 6], [5, 5], 6, { groups: 6, dilation: 2, padding: 4 }),
  conv("depthwise dilation [2,3] stride [1,2]", [1, 9, 11, 5], [3, 3], 5, {
    groups: 5,
    dilation: [2, 3],
    stride: [1, 2],
    padding: [2, 3],
  }),
  conv("depthwise, padding larger than the kernel", [1, 3, 3, 4], [2, 2], 4, { groups: 4, padding: 3 }),
  conv("depthwise with multiplier 2", [2, 5, 5, 5], [3, 3], 10, { groups: 5, padding: 1 }),
  conv("depthwise with multiplier 3, stride 2", [1, 6, 7, 3], [2, 3], 9, { groups: 3, stride: 2 }),
  conv("depthwise, batch 0", [0, 4, 4, 3], [3, 3], 3, { groups: 3 }),
];

const onePixel = algorithms("direct", { inference: "one-pixel" });

const batches: Case[] = [
  conv("batch 0", [0, 5, 5, 3], [3, 3], 4),
  conv("batch 0, padded", [0, 5, 5, 3], [3, 3], 4, { padding: 1 }),
  conv("batch 0, 1x1", [0, 2, 3, 3], [1, 1], 4),
  ...[1, 7, 1031].map((c, i) =>
    conv(`batch 1, one pixel, ${c} channels`, [1, 1, 1, c], [1, 1], [1, 5, 9][i]!, {}, onePixel),
  ),
  conv("batch 2, one pixel, without bias", [2, 1, 1, 19], [1, 1], 10, { bias: false }, onePixel),
  conv("batch 3, one pixel", [3, 1, 1, 9], [1, 1], 13),
  conv("batch 3", [3, 4, 5, 3], [3, 3], 8, { padding: 1 }),
];

const channels = [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17];
const tails: Case[] = channels.flatMap((c, i) => {
  const out = channels[(i * 4 + 3) % channels.length]!;
  const square = algorithms(c % 4 === 0 && out % 4 === 0 ? "winograd" : "direct");
  return [
    conv(`1x1, channels ${c} to ${out}`, [1, 3, 5, c], [1, 1], out),
    conv(`3x3, channels ${c} to ${out}`, [1, 4, 5, c], [3, 3], out, { padding: 1 }, square),
    conv(`3x3, channels ${out} to ${c}, stride 2`, [1, 5, 4, out], [3, 3], c, { padding: 1, stride: 2 }),
  ];
});

const pixelCounts = [...new Set([3, 4, 6].flatMap(around))].sort((a, b) => a - b);
const pixels: Case[] = pixelCounts.flatMap((n) => [
  conv(`1x1 over ${n} pixels`, [1, 1, n, 3], [1, 1], 9, {}, n === 1 ? onePixel : undefined),
  conv(`3x3 to ${n} pixels`, [1, 3, n + 2, 2], [3, 3], 13),
]);

/** CHUNK_BYTES of src/ops/conv/direct.ts is 2 MiB; what the weight gradient copies with its padding. */
const inChunks = (n: number): Algorithms => algorithms("direct", { weight: `direct in ${n} chunks` });

const chunks: Case[] = [
  conv("chunks of three images and one", [7, 102, 100, 16], [3, 1], 1, { padding: [1, 0] }, inChunks(3)),
  conv("a chunk for each image", [3, 120, 124, 18], [3, 3], 2, { padding: 1 }, inChunks(3)),
  conv("images larger than a chunk", [2, 170, 171, 20], [3, 3], 1, { padding: 1, stride: 2 }, inChunks(2)),
  conv("grouped, in chunks", [3, 90, 92, 24], [3, 3], 6, { padding: 1, groups: 3 }, inChunks(2)),
  conv("the weight gradient in blocks of pixels", [2, 21, 23, 17], [1, 1], 13),
  conv("the weight gradient in parts of the pixels", [6, 31, 31, 4], [1, 1], 258, {}, algorithms("direct", { weight: "direct in parts" })), // prettier-ignore
];

export const convolutions: Case[] = [
  ...kernels,
  ...windows,
  ...groups,
  ...batches,
  ...tails,
  ...pixels,
  ...chunks,
];
