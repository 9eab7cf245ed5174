// Matrix products by projection, C·t against A·(B·t) (as BLIS tests them); convolutions and their gradients by samples
// of their elements, and by ⟨dy, conv(x, w)⟩ = ⟨dx, x⟩ = ⟨dw, w⟩, which meets every element.

import { beforeAll, describe, expect, test } from "vitest";
import { conv2d, linear, matmul, tensor, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { largeConvs, largeProducts, type LargeConv } from "../cases/large.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { draw, drawIntegers } from "../helpers/random.js";
import * as elements from "../reference/conv-elements.js";
import { convShape } from "../reference/conv.js";
import { sizeOf } from "../reference/values.js";

/** Elements of each result that are compared one by one. */
const SAMPLES = 200;

/** Errors of sums over thousands of products, in units of |expected| + rms(expected). */
const TOLERANCE = 1e-5;

const numbers = (seed: string, n: number): Float32Array => Float32Array.from(draw("normal", seed, n));

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** A matrix in memory: element (i, j) at i·rs + j·cs. */
interface Matrix {
  data: ArrayLike<number>;
  rs: number;
  cs: number;
}

/** M·t in float64. */
function project({ data, rs, cs }: Matrix, rows: number, t: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let total = 0;
    for (let j = 0; j < t.length; j++) total += data[i * rs + j * cs]! * t[j]!;
    return total;
  });
}

/** Asserts C = A·B for C:[m,n] by C·t = A·(B·t). */
function checkProduct(what: string, [m, k, n]: readonly number[], a: Matrix, b: Matrix, c: Matrix): void {
  const t = numbers("t", n!);
  allclose(what, project(c, m!, t), project(a, m!, project(b, k!, t)), TOLERANCE);
}

const rows = (data: ArrayLike<number>, columns: number): Matrix => ({ data, rs: columns, cs: 1 });
const transposed = (data: ArrayLike<number>, columns: number): Matrix => ({ data, rs: 1, cs: columns });

function convData({ name, x, weight, attrs }: LargeConv): elements.ConvData {
  const yShape = convShape(x, weight, attrs);
  return {
    xShape: x,
    wShape: weight,
    yShape,
    attrs,
    x: numbers(`${name} x`, sizeOf(x)),
    w: numbers(`${name} w`, sizeOf(weight)),
    dy: numbers(`${name} dy`, sizeOf(yShape)),
  };
}

/** Asserts that SAMPLES elements of got, among them the last, are what `element` says. */
function checkSamples(what: string, got: Float32Array, element: (at: number) => number): void {
  const at = [got.length - 1, ...drawIntegers(what, SAMPLES, got.length)];
  allclose(what, at.map((i) => got[i]!), at.map(element), TOLERANCE); // prettier-ignore
}

const f32 = (data: ArrayLike<number>): Float32Array => data as Float32Array;

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("matmul and its gradients agree with their projections:", () => {
    test.each(largeProducts.map((s) => [s.join("x"), s] as const))("%s", (name, sizes) => {
      const [m, k, n] = sizes;
      const [a, b, dc] = [
        numbers(`${name} a`, m * k),
        numbers(`${name} b`, k * n),
        numbers(`${name} c`, m * n),
      ];
      tidy(() => {
        const ta = tensor(a, [m, k], { requiresGrad: true });
        const tb = tensor(b, [k, n], { requiresGrad: true });
        const c = matmul(ta, tb);
        c.backward(tensor(dc, [m, n]));
        checkProduct(`matmul ${name}`, sizes, rows(a, k), rows(b, n), rows(f32(c.data()), n));
        checkProduct(
          `gradient of a, ${name}`,
          [m, n, k],
          rows(dc, n),
          transposed(b, n),
          rows(ta.grad!.data(), k),
        );
        checkProduct(
          `gradient of b, ${name}`,
          [k, m, n],
          transposed(a, k),
          rows(dc, n),
          rows(tb.grad!.data(), n),
        );
      });
    });
  });

  test("linear of ResNet's last layer agrees with its projection", () => {
    const [m, k, n] = [64, 2048, 1000];
    const [x, w] = [numbers("linear x", m * k), numbers("linear w", n * k)];
    tidy(() => {
      const y = linear(tensor(x, [m, k]), tensor(w, [n, k]));
      checkProduct("linear", [m, k, n], rows(x, k), transposed(w, k), rows(y.data(), n));
    });
  });

  describe("conv2d and its gradients agree with sampled elements and with each other:", () => {
    test.each(largeConvs.map((c) => [c.name, c] as const))("%s", (name, conv) => {
      const data = convData(conv);
      tidy(() => {
        const x = tensor(f32(data.x), conv.x, { requiresGrad: true });
        const w = tensor(f32(data.w), conv.weight, { requiresGrad: true });
        const y = conv2d(x, w, undefined, conv.attrs);
        expect(y.shape).toEqual(data.yShape);
        y.backward(tensor(f32(data.dy), y.shape));
        const [out, dx, dw] = [y, x.grad!, w.grad!].map((t) => f32(t.data() as Float32Array));
        checkSamples(`${name}, y`, out!, (at) => elements.outputElement(data, at));
        checkSamples(`${name}, dx`, dx!, (at) => elements.dataGradientElement(data, at));
        checkSamples(`${name}, dw`, dw!, (at) => elements.weightGradientElement(data, at));
        const inner = dot(data.dy, out!);
        const scale = Math.sqrt(dot(data.dy, data.dy) * dot(out!, out!));
        expect(Math.abs(dot(dx!, data.x) - inner) / scale).toBeLessThan(1e-6);
        expect(Math.abs(dot(dw!, data.w) - inner) / scale).toBeLessThan(1e-6);
      });
    });
  });
});
