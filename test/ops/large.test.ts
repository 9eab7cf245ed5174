// Matrix products by projection, C·t against A·(B·t) (as BLIS tests them); convolutions and their gradients by samples
// of their elements, and by ⟨dy, conv(x, w)⟩ = ⟨dx, x⟩ = ⟨dw, w⟩, which meets every element.

import { beforeAll, describe, expect, test } from "vitest";
import { linear, matmul, tensor, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { largeConvs, largeProducts } from "../cases/large.js";
import { allclose } from "../helpers/allclose.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { numbers, runLargeConv, sample } from "../helpers/large-conv.js";

/** Errors of sums over hundreds to thousands of products, in units of |expected| + rms(expected). */
const TOLERANCE = 1e-5;

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

const f32 = (data: ArrayLike<number>): Float32Array => data as Float32Array;

forOwnBinary((binary) => {
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

  /** Largest error of a sample in units of |expected| + rms(expected). */
  const bounds = { direct: { y: 1e-5, dx: 1e-5, dw: 1e-5 }, winograd: { y: 5e-5, dx: 5e-5, dw: 5e-5 } };

  describe.each(["direct", "winograd"] as const)(
    "conv2d (%s) and its gradients agree with samples:",
    (algorithm) => {
      beforeAll(() => void init({ binary, winograd: algorithm === "winograd" }));

      test.each(largeConvs.map((c) => [c.name, c] as const))("%s", (name, conv) => {
        const result = runLargeConv(conv);
        const { data, y, dx, dw } = result;
        const scale = Math.sqrt(dot(data.dy, data.dy) * dot(y, y));
        expect(Math.abs(dot(dx, data.x) - dot(data.dy, y)) / scale, "⟨dx, x⟩ = ⟨dy, y⟩").toBeLessThan(1e-6);
        expect(Math.abs(dot(dw, data.w) - dot(data.dy, y)) / scale, "⟨dw, w⟩ = ⟨dy, y⟩").toBeLessThan(1e-6);
        for (const which of ["y", "dx", "dw"] as const) {
          const { got, want } = sample(result, which);
          allclose(`${name}, ${which}`, got, want, bounds[algorithm][which]);
        }
      });
    },
  );

  /** Root mean square of the error: the bounds that InitOptions.winograd states. */
  const stated = { winograd: { y: 5e-6, dx: 5e-6, dw: 5e-6 }, direct: { y: 1e-6, dx: 1e-6, dw: 1e-6 } };

  test.each(["winograd", "direct"] as const)(
    "errors of %s are what InitOptions.winograd says",
    (algorithm) => {
      init({ binary, winograd: algorithm === "winograd" });
      const plain = largeConvs.filter(
        ({ weight, attrs }) => (weight[0] === 3 || weight[0] === 7) && attrs.groups === 1,
      );
      for (const conv of plain) {
        const result = runLargeConv(conv);
        for (const which of ["y", "dx", "dw"] as const) {
          expect(sample(result, which).error, `${conv.name}, ${which}`).toBeLessThan(
            stated[algorithm][which],
          );
        }
      }
    },
  );
});
