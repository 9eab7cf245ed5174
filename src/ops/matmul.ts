// Matrix products: matmul, and linear (a matrix product with a transposed weight and a bias).

import { defineOp } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { describe, sizeOf } from "../core/shape.js";
import type { Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { shares } from "../wasm/parallel.js";
import type { Planner } from "../wasm/plan.js";
import { runtime } from "../wasm/runtime.js";
import { FEW_ROWS, fewRows } from "./few-rows.js";
import { FINISH, finishOf, type Finish } from "./fusion.js";
import { packMatrix, panelFloats, rowsProduct } from "./rows-product.js";
import { planCopy } from "./strided.js";
import { sumOfRows } from "./sum-of-rows.js";

/** An operand: its address and its element strides from row to row and from column to column. */
type Operand = [ptr: number, rs: number, cs: number];

/** Rows and columns of C in a unit of work, at most; several threads take smaller ones. */
const UNIT_ROWS = 1536;
const UNIT_COLUMNS = 1032;
const LEAST_ROWS = 96;
const LEAST_COLUMNS = 96;
/** B is packed whole up to this many floats. */
const WHOLE_FLOATS = 2 ** 21;
/** Up to this many rows, a linear layer reads its weights unpacked if they would be packed at every call. */
const FEW_ROWS_OF_MANY = 32;

/** C = A·B: C is m×n and contiguous, k the inner size. */
function gemm(p: Planner, m: number, n: number, k: number, a: Operand, b: Operand, c: number): void {
  if (a[2] === 1 && n * k <= WHOLE_FLOATS) {
    p.scratch(panelFloats(k, n) * 4, (panels) => {
      packMatrix(p, ...b, k, n, panels);
      rowsTimesPanels(p, m, n, k, a[0], a[1], panels, 0, c);
    });
  } else gemmBlocks(p, m, n, k, a, b, c, false);
}

/** C = A·B + bias, rows of A (lda apart) contiguous, B in panels; bias 0 for none; then `finish`. */
function rowsTimesPanels(
  p: Planner,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  panels: number,
  bias: number,
  c: number,
  finish?: Finish,
): void {
  const x = { address: a, images: 1, height: 1, width: m, channels: lda };
  const grid = {
    height: 1,
    width: m,
    stepRows: 1,
    stepColumns: 1,
    b: panels,
    bias,
    ...finish,
    c,
    cImageBytes: m * n * 4,
    cRowBytes: m * n * 4,
    cPixelBytes: n * 4,
    columns: n,
    groups: 1,
    aGroupBytes: 0,
    cGroupBytes: 0,
  };
  rowsProduct(p, x, { top: 0, left: 0, height: 1, width: m }, grid, [{ offset: 0, length: k }]);
}

/** C = A·B (+ C), both operands packed block by block. */
function gemmBlocks(
  p: Planner,
  m: number,
  n: number,
  k: number,
  [a, rsa, csa]: Operand,
  [b, rsb, csb]: Operand,
  c: number,
  accumulate: boolean,
): void {
  if (m === 0 || n === 0) return;
  // Divide columns first: B is packed once for each unit, and so is A.
  const columnUnits = Math.min(Math.ceil(n / LEAST_COLUMNS), Math.max(shares(), Math.ceil(n / UNIT_COLUMNS)));
  const rowUnits = Math.min(
    Math.ceil(m / LEAST_ROWS),
    Math.max(Math.ceil(shares() / Math.max(1, columnUnits)), Math.ceil(m / UNIT_ROWS)),
  );
  const shape = p.struct("Gemm", {
    m,
    n,
    k,
    a,
    rsa,
    csa,
    b,
    rsb,
    csb,
    c,
    ldc: n,
    accumulate: accumulate ? 1 : 0,
    unitRows: Math.ceil(m / Math.max(1, rowUnits) / 12) * 12,
    unitColumns: Math.ceil(n / Math.max(1, columnUnits) / 48) * 48,
    tile: runtime().tile,
  });
  p.parallelScratch("gemm", p.ask("gemmUnits", shape), 1, p.ask("gemmScratch", shape), shape);
}

interface MatmulInputs {
  a: Tensor;
  b: Tensor;
}

const matmulGradientA = definePlan<{ dy: Tensor; b: Tensor }, object>(
  "matmul gradient",
  (p, da, { dy, b }) => {
    const [m, k] = da.shape as [number, number];
    const n = b.shape[1]!;
    gemm(p, m, k, n, [dy.ptr, n, 1], [b.ptr, 1, n], da.ptr);
  },
);

const matmulGradientB = definePlan<{ dy: Tensor; a: Tensor }, object>(
  "matmul gradient",
  (p, db, { dy, a }) => {
    const [k, n] = db.shape as [number, number];
    const m = dy.shape[0]!;
    gemm(p, k, n, m, [a.ptr, 1, k], [dy.ptr, n, 1], db.ptr);
  },
);

const matmulOp = defineOp({
  name: "matmul",
  shape({ a, b }: MatmulInputs) {
    if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0]) {
      throw new ShapeError(`matmul: expected a:[m,k] b:[k,n]; got ${describe({ a, b })}`);
    }
    return [a.shape[0]!, b.shape[1]!];
  },
  plan(p, y, { a, b }) {
    const [m, k] = a.shape as [number, number];
    const n = b.shape[1]!;
    gemm(p, m, n, k, [a.ptr, k, 1], [b.ptr, n, 1], y.ptr);
  },
  saves: ["a", "b"],
  vjp: {
    a: (dy, { b, shapes }) => matmulGradientA(shapes.a, { dy, b }, {}),
    b: (dy, { a, shapes }) => matmulGradientB(shapes.b, { dy, a }, {}),
  },
});

interface LinearInputs {
  x: Tensor;
  weight: Tensor;
  bias?: Tensor | undefined;
}

const linearGradientX = definePlan<{ dy: Tensor; weight: Tensor }, object>(
  "linear gradient",
  (p, dx, { dy, weight }) => {
    const [out, inner] = weight.shape as [number, number];
    const rows = sizeOf(dx.shape.slice(0, -1));
    gemm(p, rows, inner, out, [dy.ptr, out, 1], [weight.ptr, inner, 1], dx.ptr);
  },
);

const linearGradientWeight = definePlan<{ dy: Tensor; x: Tensor }, object>(
  "linear gradient",
  (p, dw, { dy, x }) => {
    const [out, inner] = dw.shape as [number, number];
    const rows = sizeOf(x.shape.slice(0, -1));
    gemm(p, out, inner, rows, [dy.ptr, 1, out], [x.ptr, inner, 1], dw.ptr);
  },
);

const linearOp = defineOp({
  name: "linear",
  optional: ["bias"],
  shape({ x, weight, bias }: LinearInputs) {
    const [out, inner] = weight.shape;
    const fits =
      weight.shape.length === 2 &&
      x.shape.length >= 1 &&
      x.shape.at(-1) === inner &&
      (bias === undefined || (bias.shape.length === 1 && bias.shape[0] === out));
    if (!fits) {
      throw new ShapeError(
        `linear: expected x:[…,in] weight:[out,in] bias:[out]; got ${describe({ x, weight, bias })}`,
      );
    }
    return [...x.shape.slice(0, -1), out!];
  },
  plan(p, y, { x, weight, bias }, _, also) {
    const [out, inner] = weight.shape as [number, number];
    const rows = sizeOf(x.shape.slice(0, -1));
    const inference = p.keeps(weight.ptr);
    const whole = out * inner <= WHOLE_FLOATS;
    const few = inference && rows <= (whole ? FEW_ROWS : FEW_ROWS_OF_MANY);
    if (inference && (few || whole)) for (const what of FINISH) p.absorbs(what);
    if (few) {
      const operands = { x: x.ptr, w: weight.ptr, bias: bias?.ptr ?? 0, y: y.ptr, ...finishOf(also) };
      return fewRows(p, { ...operands, rows, inner, outputs: out });
    }
    if (whole) {
      p.derive(
        weight.ptr,
        "panels",
        panelFloats(inner, out) * 4,
        (own, from, to) => packMatrix(own, from, 1, inner, inner, out, to),
        (panels) =>
          rowsTimesPanels(p, rows, out, inner, x.ptr, inner, panels, bias?.ptr ?? 0, y.ptr, finishOf(also)),
      );
      return;
    }
    if (bias) planCopy(p, bias.ptr, [0, 1], y.ptr, [out, 1], [rows, out]);
    gemmBlocks(p, rows, out, inner, [x.ptr, inner, 1], [weight.ptr, 1, inner], y.ptr, bias !== undefined);
  },
  saves: ["x", "weight"],
  vjp: {
    x: (dy, { weight, shapes }) => linearGradientX(shapes.x, { dy, weight }, {}),
    weight: (dy, { x, shapes }) => linearGradientWeight.later(shapes.weight, { dy, x }, {}),
    bias: (dy) => sumOfRows([dy.shape.at(-1)!], { dy }, {}),
  },
});

/** y[i, j] = Σ_p a[i, p]·b[p, j] of a:[m,k] and b:[k,n]. @throws ShapeError unless the shapes fit */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return matmulOp({ a, b });
}

/** y = x·weightᵀ + bias of x:[…,in], weight:[out,in], bias:[out]. @throws ShapeError unless the shapes fit */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return linearOp({ x, weight, bias });
}
