// Padding2d of four sides, and "same": what explicit zeros around the image give, values and gradients, by every algorithm.

import { describe, expect, it } from "vitest";
import {
  avgPool2d,
  conv2d,
  Conv2d,
  maxPool2d,
  pad,
  ShapeError,
  tensor,
  tidy,
  zeros,
  type Padding2d,
  type Tensor,
} from "../../src/index.js";
import { convOf } from "../../src/ops/conv/sizes.js";
import { algorithms } from "../../src/ops/conv/table.js";
import { paddingOf, sidesOf, windowOutput } from "../../src/ops/window.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";

interface Row {
  x: readonly [number, number, number, number];
  kernel: readonly [number, number];
  out: number;
  stride?: number;
  padding: Padding2d | "same";
  dilation?: number;
  groups?: number;
}

const ROWS: Row[] = [
  { x: [2, 8, 10, 8], kernel: [3, 3], out: 8, padding: "same", stride: 2 },
  { x: [1, 9, 7, 8], kernel: [3, 3], out: 8, padding: "same", stride: 2 },
  { x: [2, 16, 14, 32], kernel: [3, 3], out: 32, padding: "same", stride: 2 },
  { x: [1, 12, 12, 16], kernel: [3, 3], out: 16, padding: [[0, 2], [2, 1]] }, // prettier-ignore
  { x: [1, 6, 5, 16], kernel: [3, 3], out: 16, padding: [[2, 0], [0, 1]] }, // prettier-ignore
  { x: [1, 6, 5, 16], kernel: [3, 3], out: 16, padding: [[1, 3], [1, 4]] }, // prettier-ignore
  { x: [1, 16, 18, 3], kernel: [7, 7], out: 8, padding: "same", stride: 2 },
  { x: [1, 17, 15, 3], kernel: [7, 7], out: 8, padding: [[2, 3], [3, 2]], stride: 2 }, // prettier-ignore
  { x: [2, 6, 7, 4], kernel: [2, 2], out: 6, padding: "same" },
  { x: [1, 9, 9, 5], kernel: [5, 3], out: 4, padding: "same", stride: 3 },
  { x: [1, 9, 8, 4], kernel: [3, 3], out: 4, padding: "same", dilation: 2 },
  { x: [1, 5, 4, 3], kernel: [1, 1], out: 4, padding: [[0, 1], [1, 0]] }, // prettier-ignore
  { x: [1, 1, 1, 8], kernel: [1, 1], out: 4, padding: [[0, 1], [0, 0]] }, // prettier-ignore
  { x: [1, 6, 6, 8], kernel: [3, 3], out: 8, padding: "same", stride: 2, groups: 2 },
  ...[3, 5, 7].flatMap((k) =>
    [1, 2].flatMap((stride) =>
      [4, 9].map((c): Row => ({
        x: [2, 11, 12, c],
        kernel: [k, k],
        out: c,
        padding: "same",
        stride,
        groups: c,
      })),
    ),
  ),
  { x: [1, 12, 13, 8], kernel: [3, 3], out: 8, padding: [[0, 2], [2, 0]], groups: 8 }, // prettier-ignore
  { x: [1, 12, 13, 8], kernel: [3, 3], out: 8, padding: [[1, 0], [1, 3]], stride: 2, groups: 8 }, // prettier-ignore
  { x: [1, 12, 13, 8], kernel: [5, 5], out: 8, padding: [[3, 1], [0, 4]], groups: 8 }, // prettier-ignore
];

function drawn(shape: readonly number[], seed: string): Tensor {
  const n = shape.reduce((a, b) => a * b);
  return tensor(Float32Array.from(draw("normal", seed, n)), shape, { requiresGrad: true });
}

/** y and the gradients of what it was made of. */
function results(make: () => [y: Tensor, from: Tensor[]]): Float32Array[] {
  return tidy(() => {
    const [y, from] = make();
    const values = y.data() as Float32Array;
    y.backward(drawn(y.shape, "dy").detach());
    return [values, ...from.map((t) => t.grad!.data() as Float32Array)];
  });
}

function framed(x: Tensor, padding: Padding2d): Tensor {
  const [[top, bottom], [left, right]] = sidesOf(padding);
  return pad(x, [0, top, left, 0], [0, bottom, right, 0]);
}

const close = (got: Float32Array[], want: Float32Array[], tolerance = 1e-5): void =>
  got.forEach((values, i) => allclose(`result ${i}`, values, want[i]!, tolerance));

forOwnBinary((binary) => {
  describe.each(ROWS)(
    "conv2d $x $kernel stride $stride padding $padding dilation $dilation groups $groups",
    (row) => {
      const { x, kernel, out, stride = 1, padding, dilation = 1, groups = 1 } = row;
      const weight = [...kernel, x[3] / groups, out];
      const sides = paddingOf(padding, [x[1], x[2]], kernel, { stride, dilation });
      const attrs = { stride, padding: sides, dilation, groups, algorithm: undefined };
      const size = windowOutput("conv2d", {}, [x[1], x[2]], kernel, attrs);
      const conv = convOf(x, weight, attrs, [x[0], ...size, out]);

      it.each(algorithms.filter((each) => each.fits(conv)))(
        "$name gives what explicit zeros give",
        ({ name }) => {
          init({ binary, threads: 1 });
          const run = (framedFirst: boolean): Float32Array[] =>
            results(() => {
              const [tx, tw] = [drawn(x, "x"), drawn(weight, "weight")];
              const options = { stride, dilation, groups };
              const y = framedFirst
                ? conv2d(framed(tx, sides), tw, undefined, { ...options, algorithm: "direct" })
                : conv2d(tx, tw, undefined, { ...options, padding, algorithm: name });
              return [y, [tx, tw]];
            });
          close(run(false), run(true));
        },
      );
    },
  );

  it.each(ROWS.filter(({ kernel, padding }) => padding === "same" && kernel[0] === kernel[1]))(
    "pooling of $x, windows of $kernel, stride $stride",
    ({ x, kernel, stride = 1 }) => {
      init({ binary, threads: 1 });
      const sides = paddingOf("same", [x[1], x[2]], kernel, { stride });
      const own = (count: boolean) =>
        results(() => {
          const tx = drawn(x, "x");
          return [avgPool2d(tx, kernel, { stride, padding: "same", countIncludePad: count }), [tx]];
        });
      const zeroed = results(() => {
        const tx = drawn(x, "x");
        return [avgPool2d(framed(tx, sides), kernel, { stride }), [tx]];
      });
      close(own(true), zeroed);
      // Means over what is there: sums of values over sums of ones.
      const [values] = own(false);
      const ones = avgPool2d(framed(tensor(new Float32Array(x.reduce((a, b) => a * b)).fill(1), x), sides), kernel, { stride }).data(); // prettier-ignore
      close([values!], [zeroed[0]!.map((v, i) => v / (ones[i] as number))]);
      // No value is below the least, which stands for −∞.
      const least = -100;
      const [most, dx] = results(() => {
        const tx = drawn(x, "x");
        return [maxPool2d(tx, kernel, { stride, padding: "same" }), [tx]];
      });
      const [wanted, wantedDx] = results(() => {
        const tx = drawn(x, "x");
        const [[top, bottom], [left, right]] = sidesOf(sides);
        const raised = pad(tx.sub(least), [0, top, left, 0], [0, bottom, right, 0]).add(least);
        return [maxPool2d(raised, kernel, { stride }), [tx]];
      });
      close([most!, dx!], [wanted!, wantedDx!]);
    },
  );
});

it("is what TensorFlow calls SAME", () => {
  const same = (size: number, kernel: number, stride: number, dilation = 1) =>
    paddingOf("same", [size, size], kernel, { stride, dilation });
  expect(same(224, 3, 2)).toEqual([[0, 1], [0, 1]]); // prettier-ignore
  expect(same(225, 3, 2)).toEqual([1, 1]);
  expect(same(56, 5, 2)).toEqual([[1, 2], [1, 2]]); // prettier-ignore
  expect(same(7, 3, 1)).toEqual([1, 1]);
  expect(same(7, 2, 1)).toEqual([[0, 1], [0, 1]]); // prettier-ignore
  expect(same(7, 1, 2)).toEqual([0, 0]);
  expect(same(9, 3, 1, 2)).toEqual([2, 2]);
  const layer = new Conv2d(3, 4, 3, { stride: 2, padding: "same" });
  for (const n of [1, 2, 7, 8]) expect(layer.forward(zeros([1, n, n, 3])).shape.slice(1, 3)).toEqual([Math.ceil(n / 2), Math.ceil(n / 2)]); // prettier-ignore
});

it("refuses an invalid padding", () => {
  const x = zeros([1, 5, 5, 3]);
  const w = zeros([3, 3, 3, 2]);
  const run = (padding: unknown) => () => conv2d(x, w, undefined, { padding: padding as Padding2d });
  expect(run([[0, 1]])).toThrow(ShapeError);
  expect(run([[0, 1], [0, -1]])).toThrow("conv2d: padding must be integers ≥ 0; got"); // prettier-ignore
  expect(run([[0, 1], [0, -1]])).toThrow("padding [[0,1],[0,-1]]"); // prettier-ignore
  expect(run([[0, 1], 2])).toThrow("conv2d: padding must be integers ≥ 0"); // prettier-ignore
  expect(run("valid")).toThrow("conv2d: padding must be integers ≥ 0");
  expect(() => maxPool2d(x, 2, { padding: [[0, 2], [0, 0]] })).toThrow("padding must be at most half the kernel [2,2]"); // prettier-ignore
});
