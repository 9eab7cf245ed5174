// For every kernel that writes an array, calls with sizes around its vectors and tiles.

import { constants } from "../../src/wasm/table.js";
import type { Kernels } from "../../src/wasm/abi.js";
import type { Guarded } from "../helpers/guarded.js";
import { calls, LENGTHS, type Call } from "./calls.js";
import { optimizerCalls } from "./optimizer-calls.js";
import { pictureCalls } from "./picture-calls.js";
import { tileCalls } from "./tile-calls.js";
import { windowCalls } from "./window-calls.js";
import { winogradCalls } from "./winograd-calls.js";

const UNARY = ["relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "neg", "silu", "gelu", "geluTanh", "hardsigmoid", "hardswish", "relu6"] as const; // prettier-ignore
const BACKWARD = ["reluBackward", "sigmoidBackward", "tanhBackward", "absBackward", "siluBackward", "geluBackward", "geluTanhBackward", "hardsigmoidBackward", "hardswishBackward", "relu6Backward"] as const; // prettier-ignore
type Unary = (typeof UNARY)[number];
type Backward = (typeof BACKWARD)[number];
type Binary =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "greaterEqual"
  | "greater"
  | "equal"
  | "keepWhere"
  | "prelu";

const unary = (kernel: Unary): Call[] =>
  calls(["n"], [LENGTHS], (k, g, n) => k[kernel](g.input(n, "positive"), g.output(n), 0, n));

const backward = (kernel: Backward): Call[] =>
  calls(["n"], [LENGTHS], (k, g, n) => k[kernel](g.input(n), g.input(n), g.output(n), 0, n));

/** aStep, bStep: 1 to walk along a row, 0 to repeat one number for each row. */
const binary = (kernel: Binary): Call[] =>
  calls(["rows", "columns", "aStep", "bStep"], [[0, 1, 3], LENGTHS, [0, 1], [0, 1]], (k, g, ...sizes) => {
    const [rows, columns, aStep, bStep] = sizes;
    const a = g.input(aStep ? rows * columns : rows);
    const b = g.input(bStep ? rows * columns : rows, "divisor");
    const y = g.output(rows * columns);
    const [aRow, bRow] = [aStep ? columns : 1, bStep ? columns : 1];
    const broadcast = g.struct("Broadcast", { columns, aRow, bRow, aStep, bStep });
    k[kernel](a, b, y, broadcast, 0, rows * columns);
  });

const each = <K extends string>(names: readonly K[], of: (kernel: K) => Call[]): Record<string, Call[]> =>
  Object.fromEntries(names.map((name) => [name, of(name)]));

const reduction = (
  run: (k: Kernels, g: Guarded, outer: number, n: number, inner: number) => number,
): Call[] =>
  calls(
    ["outer", "n", "inner"],
    [
      [0, 1, 3],
      [1, 2, 5, 11],
      [1, 3, 4, 5],
    ],
    (k, g, ...sizes) => {
      run(k, g, ...sizes);
    },
  );

const rowsOf = (run: (k: Kernels, g: Guarded, rows: number, n: number) => unknown): Call[] =>
  calls(["rows", "n"], [[0, 1, 3], LENGTHS.slice(1)], (k, g, ...sizes) => void run(k, g, ...sizes));

const labels = (rows: number, n: number): number[] => Array.from({ length: rows }, (_, r) => (r * 7) % n);

const channels = (run: (k: Kernels, g: Guarded, rows: number, c: number) => void): Call[] =>
  calls(["rows", "channels"], [[1, 2, 15, 16, 17, 35], LENGTHS], run);

/** Sums over blocks of rows; `blocks` is how many there are. */
const inBlocks = (
  run: (k: Kernels, g: Guarded, rows: number, c: number, blockRows: number, blocks: number) => unknown,
): Call[] =>
  calls(
    ["rows", "channels", "blockRows"],
    [[1, 15, 16, 35], LENGTHS, [16, 32]],
    (k, g, rows, c, blockRows) => {
      run(k, g, rows, c, blockRows, Math.ceil(rows / blockRows));
    },
  );

/** Labels, or probabilities if soft. */
const targetsOf = (g: Guarded, soft: number, rows: number, n: number): number =>
  soft ? g.input(rows * n, "unit") : g.ints(labels(rows, n));

export const kernelCalls: Readonly<Record<string, readonly Call[]>> = {
  ...each(UNARY, unary),
  ...each(
    [
      "add",
      "sub",
      "mul",
      "div",
      "maximum",
      "minimum",
      "greaterEqual",
      "greater",
      "equal",
      "keepWhere",
      "prelu",
    ],
    binary,
  ),
  ...each(BACKWARD, backward),
  affine: calls(["n"], [LENGTHS], (k, g, n) => k.affine(g.input(n), g.output(n), 2, 3, 0, n)),
  leakyRelu: calls(["n"], [LENGTHS], (k, g, n) => k.leakyRelu(g.input(n), g.output(n), 0.1, 0, n)),
  leakyReluBackward: calls(["n"], [LENGTHS], (k, g, n) =>
    k.leakyReluBackward(g.input(n), g.input(n), g.output(n), 0.1, 0, n),
  ),
  elu: calls(["n"], [LENGTHS], (k, g, n) => k.elu(g.input(n), g.output(n), 0.7, 0, n)),
  eluBackward: calls(["n"], [LENGTHS], (k, g, n) =>
    k.eluBackward(g.input(n), g.input(n), g.output(n), 0.7, 0, n),
  ),
  fill: calls(["n"], [LENGTHS], (k, g, n) => k.fill(g.output(n), 7, 0, n)),
  dropout: calls(["n"], [LENGTHS], (k, g, n) => k.dropout(g.input(n), g.output(n), 0.5, 1, 0, n)),
  copyColumns: calls(["rows", "columns", "gap"], [[0, 1, 3], LENGTHS, [0, 2]], (k, g, rows, columns, gap) => {
    // Only the columns may be written: the first row's output stands for all where there is a gap.
    const n = gap ? Math.min(rows, 1) : rows;
    k.copyColumns(
      g.input(rows * (columns + gap)),
      g.output(n * columns),
      columns,
      columns + gap,
      columns,
      0,
      n,
    );
  }),
  ...each(["interleave", "deal"], (kernel) =>
    rowsOf((k, g, rows, n) => k[kernel](g.input(2 * rows * n), g.output(2 * rows * n), n, 0, rows)),
  ),
  stridedCopy: calls(
    ["n1", "n3", "xLike", "yLike"],
    [[1, 3], LENGTHS, [0, 1], [0, 1]],
    (k, g, n1, n3, xLike, yLike) => {
      const size = 2 * n1 * 3 * n3;
      const strides = (contiguous: number): number[] =>
        contiguous ? [n1 * 3 * n3, 3 * n3, n3, 1] : [1, 2, 2 * n1, 6 * n1];
      const [s0, s1, s2, s3] = strides(xLike) as [number, number, number, number];
      const [t0, t1, t2, t3] = strides(yLike) as [number, number, number, number];
      const sizes = { n0: 2, n1, n2: 3, n3, s0, s1, s2, s3, t0, t1, t2, t3 };
      k.stridedCopy(g.struct("Strided", { x: g.input(size), y: g.output(size), ...sizes }));
    },
  ),

  sum: [
    ...reduction((k, g, outer, n, inner) =>
      k.sum(g.input(outer * n * inner), g.output(outer * inner), outer, n, inner, 1),
    ),
    ...calls(
      ["n", "inner"],
      [
        [0, 255, 256, 257],
        [1, 3],
      ],
      (k, g, n, inner) => k.sum(g.input(2 * n * inner), g.output(2 * inner), 2, n, inner, 0.5),
    ),
  ],
  sumBackward: reduction((k, g, outer, n, inner) =>
    k.sumBackward(g.input(outer * inner), g.output(outer * n * inner), outer, n, inner, 1),
  ),
  argmax: [
    ...reduction((k, g, outer, n, inner) =>
      k.argmax(
        g.input(outer * n * inner),
        g.output(outer * inner),
        g.output(outer * inner, "i32"),
        outer,
        n,
        inner,
      ),
    ),
    ...reduction((k, g, outer, n, inner) =>
      k.argmax(g.input(outer * n * inner), 0, g.output(outer * inner, "i32"), outer, n, inner),
    ),
  ],
  gather: reduction((k, g, outer, n, inner) => {
    const m = n === 5 ? 2 : 3;
    const [x, index] = [g.input(outer * n * inner), g.ints(labels(outer * m * inner, n))];
    return k.gather(x, index, g.output(outer * m * inner), outer, n, m, inner);
  }),
  scatterAdd: reduction((k, g, outer, n, inner) => {
    const m = n === 5 ? 1 : 3;
    const [dy, index] = [g.input(outer * m * inner), g.ints(labels(outer * m * inner, n))];
    return k.scatterAdd(dy, index, g.output(outer * n * inner), outer, n, m, inner);
  }),

  softmax: rowsOf((k, g, rows, n) => k.softmax(g.input(rows * n), g.output(rows * n), rows, n)),
  logSoftmax: rowsOf((k, g, rows, n) => k.logSoftmax(g.input(rows * n), g.output(rows * n), rows, n)),
  softmaxBackward: rowsOf((k, g, rows, n) =>
    k.softmaxBackward(g.input(rows * n), g.input(rows * n), g.output(rows * n), rows, n),
  ),
  logSoftmaxBackward: rowsOf((k, g, rows, n) =>
    k.logSoftmaxBackward(g.input(rows * n), g.input(rows * n), g.output(rows * n), rows, n),
  ),
  crossEntropy: [0, 1].flatMap((soft) =>
    rowsOf((k, g, rows, n) => {
      const [x, target] = [g.input(rows * n), targetsOf(g, soft, rows, n)];
      k.crossEntropy(x, target, soft, g.output(rows), g.output(2 * rows), rows, n, 0.1);
    }),
  ),
  crossEntropyBackward: [0, 1].flatMap((soft) =>
    rowsOf((k, g, rows, n) => {
      const [dy, x, target] = [g.input(rows), g.input(rows * n), targetsOf(g, soft, rows, n)];
      const arrays = { dy, dyStep: 1, x, target, soft, stats: g.input(2 * rows), dx: g.output(rows * n) };
      k.crossEntropyBackward(g.struct("LossGradient", { ...arrays, rows, n, smoothing: 0.1, scale: 1 }));
    }),
  ),

  finishMoments: inBlocks((k, g, rows, c, _, blocks) =>
    k.finishMoments(g.input(c), rows, c, g.input(2 * blocks * c), blocks, g.output(c), g.output(c)),
  ),
  foldNorm: channels((k, g, rows, c) =>
    k.foldNorm(
      g.input(c),
      g.input(c, "positive"),
      rows % 2 ? g.input(c) : 0,
      rows % 2 ? 0 : g.input(c),
      1e-5,
      c,
      g.output(c),
      g.output(c),
    ),
  ),
  scaleShift: calls(
    ["rows", "channels", "residual", "activation"],
    [[1, 2, 7], LENGTHS, [0, 1], [0, constants.RELU, constants.RELU6, constants.SILU]],
    (k, g, rows, c, residual, activation) => {
      const other = residual ? g.input(rows * c) : 0;
      k.scaleShift(g.input(rows * c), other, activation, g.output(rows * c), c, g.input(2 * c), 0, rows);
    },
  ),
  // behind nothing, a ReLU by its output, the same written down, a ReLU by its input, another activation; moments
  normSums: [0, 1, 2, 3, 4, 5].flatMap((mask) =>
    inBlocks((k, g, rows, c, blockRows, blocks) => {
      const y = mask === 1 || mask === 2 ? g.input(rows * c) : 0;
      const scale = mask === 3 || mask === 4 ? g.input(2 * c) : 0;
      const out = mask === 2 || mask === 4 ? g.output(rows * c) : 0;
      const activation = mask === 4 ? constants.HARDSWISH : 0;
      const dy = mask < 5 ? g.input(rows * c) : 0;
      const x = g.input(rows * c);
      const mean = mask < 5 ? g.input(c) : x;
      const partials = g.output(2 * blocks * c);
      const fields = { dy, y, scale, activation, x, mean, out, rows, channels: c, blockRows, partials };
      k.normSums(g.struct("Norm", fields), 0, blocks);
    }),
  ),
  preluBackward: inBlocks((k, g, rows, c, blockRows, blocks) => {
    const [dy, x, weight] = [g.input(rows * c), g.input(rows * c), g.input(c)];
    const [out, partials] = [g.output(rows * c), g.output(blocks * c)];
    k.preluBackward(
      g.struct("Norm", { dy, x, weight, out, rows, channels: c, blockRows, partials }),
      0,
      blocks,
    );
  }),
  finishSums: inBlocks((k, g, _rows, c, _blockRows, blocks) =>
    k.finishSums(g.input(2 * blocks * c), blocks, c, g.output(c), g.output(c)),
  ),
  normCoefficients: channels((k, g, rows, c) => {
    const moments = { mean: g.input(c), variance: g.input(c, "positive"), weight: g.input(c), eps: 1e-5 };
    const sums = { sums: g.input(c), dots: g.input(c), rows, channels: c, coefficients: g.output(3 * c) };
    k.normCoefficients(g.struct("Norm", { ...moments, ...sums }));
  }),
  normBackward: calls(
    ["rows", "channels", "mask"],
    [[1, 2, 7], LENGTHS, [0, 1, 2]],
    (k, g, rows, c, mask) => {
      const [y, scale] = [mask === 1 ? g.input(rows * c) : 0, mask === 2 ? g.input(2 * c) : 0];
      const [dy, x] = [g.input(rows * c), g.input(rows * c)];
      const fields = { dy, y, scale, x, out: g.output(rows * c), channels: c, coefficients: g.input(3 * c) };
      k.normBackward(g.struct("Norm", fields), 0, rows);
    },
  ),

  ...optimizerCalls,
  ...pictureCalls,
  ...windowCalls,
  ...tileCalls,
  ...winogradCalls,
};
