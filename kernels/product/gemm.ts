// Matrix products in f32 of any strides, packed in cache-sized blocks (BLIS's loops) for the micro-kernels of tile/tile.ts.
// Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008).
//
// Nothing here allocates; callers pass scratch. Every driver takes a range of its units of work, so that several
// threads can share one product without changing a bit of it.

import { packMatrix } from "./pack";
import { Gemm } from "../shapes";
import { at } from "../simd";
import { Operands, setPanels, tileColumns, tileRows, TILE_SCRATCH } from "../tile/tile";
import { panelTile } from "../tile/generated/panel";

/** Depth of a block: a panel of B (8 columns, 16 KiB) and one of A (6 rows, 12 KiB) stay in L1. */
const KC: i32 = 512;
/** Rows of A packed at once: 96 KiB, well inside L2. A multiple of every tile's rows. */
const MC: i32 = 48;

function roundUp(n: i32, unit: i32): i32 {
  return ((n + unit - 1) / unit) * unit;
}

/** Bytes of scratch that one thread needs: a segment, whole panels of A and of B. */
export function gemmScratch(shape: usize): i32 {
  const s = changetype<Gemm>(shape);
  const depth = min(s.k, KC);
  return (
    64 + TILE_SCRATCH + ((depth * (roundUp(min(s.m, MC), 12) + roundUp(min(s.n, s.unitColumns), 48))) << 2)
  );
}

/** Units of work: blocks of unitRows × unitColumns of C. */
export function gemmUnits(shape: usize): i32 {
  const s = changetype<Gemm>(shape);
  return ((s.m + s.unitRows - 1) / s.unitRows) * columnUnits(s);
}

function columnUnits(s: Gemm): i32 {
  return (s.n + s.unitColumns - 1) / s.unitColumns;
}

/** C[i·ldc + j] = Σ_p A[i·rsa + p·csa] · B[p·rsb + j·csb], plus C's old value if accumulate. C must not overlap A or B. */
export function gemm(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<Gemm>(shape);
  const units = columnUnits(s);
  for (let unit = begin; unit < end; unit++) {
    const i = (unit / units) * s.unitRows;
    const j = (unit % units) * s.unitColumns;
    block(s, i, min(s.unitRows, s.m - i), j, min(s.unitColumns, s.n - j), scratch);
  }
}

/** Rows i0 … i0 + m, columns j0 … j0 + n of C. */
function block(s: Gemm, i0: i32, m: i32, j0: i32, n: i32, scratch: usize): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const operands = changetype<Operands>(scratch + 64);
  const aPanels = scratch + 64 + TILE_SCRATCH;
  const bPanels = at(aPanels, min(s.k, KC) * roundUp(min(s.m, MC), 12));
  const ldc = at(0, s.ldc);
  if (s.k == 0 && !s.accumulate) {
    for (let i = i0; i < i0 + m; i++) memory.fill(at(s.c + i * ldc, j0), 0, at(0, n));
  }
  for (let pc = 0; pc < s.k; pc += KC) {
    const kc = min(KC, s.k - pc);
    setPanels(operands, scratch, kc, at(0, MR), at(0, NR), ldc);
    packMatrix(at(s.b, pc * s.rsb + j0 * s.csb), s.rsb, s.csb, kc, n, NR, bPanels, kc * NR);
    for (let ic = 0; ic < m; ic += MC) {
      const mc = min(MC, m - ic);
      packMatrix(at(s.a, (i0 + ic) * s.rsa + pc * s.csa), s.csa, s.rsa, kc, mc, MR, aPanels, kc * MR);
      for (let jr = 0; jr < n; jr += NR) {
        for (let ir = 0; ir < mc; ir += MR) {
          const c = at(s.c + (i0 + ic + ir) * ldc, j0 + jr);
          const goOn = s.accumulate | i32(pc > 0);
          panelTile(s.tile, operands, at(aPanels, ir * kc), at(bPanels, jr * kc), c, goOn, mc - ir, n - jr);
        }
      }
    }
  }
}
