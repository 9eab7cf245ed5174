// Pooling: windows that overlap, leave rests, reach into padding; channels around a vector of four.

import { around, type Case, type OpCases } from "./types.js";

type Pair = number | readonly [number, number];

interface Options {
  stride?: Pair;
  padding?: Pair;
  dilation?: Pair;
  ceilMode?: boolean;
}

type Images = readonly [number, number, number, number];

function pool(name: string, x: Images, kernelSize: Pair, options: Options = {}): Case {
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
  return { name, inputs: { x }, attrs: { kernelSize, stride, padding, dilation, ceilMode } };
}

const common: Case[] = [
  pool("2x2", [2, 6, 4, 3], 2),
  pool("2x2, rest row and column", [1, 7, 5, 4], 2),
  pool("3x3 stride 2 padding 1", [2, 8, 7, 5], 3, { stride: 2, padding: 1 }),
  pool("3x3 stride 1 padding 1", [1, 5, 6, 7], 3, { stride: 1, padding: 1 }),
  pool("stride larger than the kernel", [1, 9, 10, 4], 2, { stride: 3 }),
  pool("1x1", [1, 3, 4, 5], 1),
  pool("1x1 stride 2", [1, 5, 4, 3], 1, { stride: 2 }),
  pool("[2,3] stride [3,1]", [1, 8, 7, 3], [2, 3], { stride: [3, 1] }),
  pool("[3,2] padding [1,0]", [2, 6, 6, 2], [3, 2], { padding: [1, 0] }),
  pool("[1,4] padding [0,2] stride [1,3]", [1, 3, 9, 6], [1, 4], { padding: [0, 2], stride: [1, 3] }),
  pool("the whole image", [3, 5, 4, 9], [5, 4]),
  pool("batch 0", [0, 4, 4, 3], 2),
  pool("no channels", [2, 4, 4, 0], 2),
  pool("one pixel", [1, 1, 1, 1], 1),
  ...around(4).map((c) => pool(`${c} channels`, [2, 5, 5, c], 2, { stride: 1 })),
  ...[13, 16, 17].map((c) => pool(`${c} channels, strided`, [1, 4, 6, c], 2)),
];

const overTheEnd: Case[] = [
  pool("3x3 stride 2, ceil", [2, 8, 7, 5], 3, { stride: 2, ceilMode: true }),
  pool("3x3 stride 2, ceil without a rest", [1, 9, 7, 4], 3, { stride: 2, ceilMode: true }),
  pool("3x3 stride 2 padding 1, ceil", [2, 8, 6, 3], 3, { stride: 2, padding: 1, ceilMode: true }),
  pool("2x2, ceil", [1, 5, 7, 9], 2, { ceilMode: true }),
  pool("2x2 padding 1, the last window would begin in the padding, ceil", [1, 5, 5, 3], 2, { padding: 1, ceilMode: true }), // prettier-ignore
  pool("stride larger than the kernel, ceil", [1, 8, 9, 6], 2, { stride: 3, ceilMode: true }),
];

const dilated: Case[] = [
  pool("dilation 2", [1, 7, 8, 3], 3, { stride: 1, dilation: 2 }),
  pool("dilation 2 padding 1 stride 2", [2, 9, 8, 5], 3, { stride: 2, dilation: 2, padding: 1 }),
  pool("dilation [3,1]", [1, 8, 5, 4], [3, 2], { stride: 1, dilation: [3, 1] }),
  pool("dilation with windows that interleave", [1, 9, 9, 2], 2, { stride: 1, dilation: 3 }),
  pool("dilated windows apart from each other", [1, 9, 10, 5], 2, { stride: 4, dilation: 3 }),
  pool("256 cells, the most", [1, 17, 17, 3], 16, { stride: 1 }),
];

function adaptive(name: string, x: Images, outputSize: Pair): Case {
  return { name, inputs: { x }, attrs: { outputSize } };
}

function upsampling(name: string, x: Images, scaleFactor: Pair): Case {
  return { name, inputs: { x }, attrs: { scaleFactor } };
}

export const pools: OpCases[] = [
  { op: "maxPool2d", cases: [...common, ...overTheEnd, ...dilated], draw: { x: "distinct" }, tolerance: 0 },
  {
    op: "avgPool2d",
    cases: [true, false].flatMap((countIncludePad) =>
      [...common, ...overTheEnd].map((c) => ({
        ...c,
        name: `${c.name}, ${countIncludePad ? "with" : "without"} the padding`,
        attrs: { ...c.attrs, countIncludePad },
      })),
    ),
    tolerance: 1e-6,
  },
  {
    op: "adaptiveAvgPool2d",
    cases: [
      adaptive("global", [2, 5, 4, 3], 1),
      adaptive("divides evenly", [1, 6, 8, 4], [3, 4]),
      adaptive("global, lines of channels and a rest", [2, 5, 4, 37], 1),
      adaptive("windows overlap", [2, 7, 5, 5], 3),
      adaptive("windows overlap, lines of channels", [1, 7, 5, 32], 3),
      adaptive("larger than the image", [1, 3, 2, 7], [5, 4]),
      adaptive("the image's own size", [1, 4, 3, 9], [4, 3]),
      adaptive("batch 0", [0, 4, 4, 3], 2),
      adaptive("7x7 to 6x6", [1, 7, 7, 13], 6),
    ],
    tolerance: 1e-6,
  },
  {
    op: "interpolate",
    cases: [
      upsampling("twice", [2, 3, 4, 5], 2),
      upsampling("three rows, one column", [1, 3, 2, 4], [3, 1]),
      upsampling("one row, four columns", [2, 1, 3, 2], [1, 4]),
      upsampling("once", [1, 2, 3, 3], 1),
      upsampling("8 times, lines of channels and a rest", [1, 2, 3, 37], 8),
      upsampling("batch 0", [0, 2, 3, 3], 2),
      upsampling("no rows", [1, 0, 3, 3], 2),
    ],
    tolerance: 1e-6,
  },
];
