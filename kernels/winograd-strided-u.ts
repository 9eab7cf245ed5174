// Transformed weights of 3×3 convolutions of stride 2, see winograd-strided.ts.

import { STAGGER } from "./winograd";
import { at, madd } from "./simd";
import { constant, firstPhase, phaseCount, phasePlace, phasesBefore, POINTS } from "./winograd-strided-transforms";

/** Bytes of scratch of stridedWeight: constants, nine by three vectors, a table. */
export const STRIDED_WEIGHT_SCRATCH: usize = 64 + 9 * 48 + 112;

/** Bytes of transformed weights of depth × (panels·NR) channel pairs. */
export function stridedWeightBytes(depth: i32, columns: i32): i32 {
  return ((81 * depth * columns) << 2) + POINTS * STAGGER;
}

/** Where the weights of a point begin. */
export function stridedWeightAt(u: usize, xi: i32, depth: i32, columns: i32): usize {
  return at(u, phasesBefore(xi) * depth * columns) + <usize>(xi * STAGGER);
}

/** The values of g0 + g1·x at the points, `step` bytes apart. */
function widen(g0: v128, g1: v128, half: v128, sixth: v128, two: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  v128.store(to + step, f32x4.mul(half, f32x4.add(g0, g1)));
  v128.store(to + 2 * step, f32x4.mul(half, f32x4.sub(g0, g1)));
  v128.store(to + 3 * step, f32x4.mul(sixth, madd(two, g1, g0)));
  v128.store(to + 4 * step, g1);
}

/**
 * u from nine packed taps w[3p + q][panel][depth][NR], wStepBytes apart, for vectors begin ≤ k < end of a tap:
 *
 *   u[ξ][panel][phase][depth][NR]              phases are more depth: forward
 *   u[ξ][phase][panel][depth][NR]  (backward)  phases are more columns, of the kernel turned by 180°: data gradient
 */
export function stridedWeight(
  w: usize,
  wStepBytes: i32,
  depth: i32,
  panels: i32,
  NR: i32,
  backward: i32,
  u: usize,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const half = constant(scratch, 0, 0.5);
  const sixth = constant(scratch, 1, -1 / 6);
  const two = constant(scratch, 2, 2);
  const vectors = scratch + 64;
  const table = vectors + 9 * 48;
  const tap = <usize>(backward ? -wStepBytes : wStepBytes);
  const first = backward ? w + <usize>(8 * wStepBytes) : w;
  const panelVectors = (depth * NR) >> 2;
  const phaseBytes = (backward ? panels * depth * NR : depth * NR) << 2;
  let tabled = -1;
  for (let k = begin; k < end; k++) {
    const panel = k / panelVectors;
    if (panel != tabled) {
      tabled = panel;
      for (let xi = 0; xi < POINTS; xi++) {
        const panelBytes = backward ? depth * NR << 2 : phaseCount(xi) * phaseBytes;
        const base = stridedWeightAt(u, xi, depth, panels * NR) + <usize>(panel * panelBytes);
        store<u32>(at(table, xi), <u32>(base - <usize>(firstPhase(xi) * phaseBytes)));
      }
    }
    for (let q: usize = 0; q < 3; q++) {
      const from = at(first, 4 * k) + q * tap;
      const to = vectors + 16 * q;
      inline.always(widen(v128.load(from), v128.load(from + 6 * tap), half, sixth, two, to, 48));
      const g = v128.load(from + 3 * tap);
      const h = f32x4.mul(half, g);
      v128.store(to, g, 5 * 48);
      v128.store(to, h, 6 * 48);
      v128.store(to, h, 7 * 48);
      v128.store(to, f32x4.mul(sixth, g), 8 * 48);
    }
    const within = <usize>((k - panel * panelVectors) << 4);
    let from = vectors;
    for (let r = 0; r < 9; r++) {
      const odd = i32(r > 4);
      const row = table + <usize>(20 * (r - 5 * odd));
      const g0 = v128.load(from);
      const g = v128.load(from, 16);
      const g1 = v128.load(from, 32);
      const h = f32x4.mul(half, g);
      const even = within + <usize>(phasePlace(odd, 0) * phaseBytes);
      const to = within + <usize>(phasePlace(odd, 1) * phaseBytes);
      v128.store(<usize>load<u32>(row) + even, g0);
      v128.store(<usize>load<u32>(row, 4) + even, f32x4.mul(half, f32x4.add(g0, g1)));
      v128.store(<usize>load<u32>(row, 8) + even, f32x4.mul(half, f32x4.sub(g0, g1)));
      v128.store(<usize>load<u32>(row, 12) + even, f32x4.mul(sixth, madd(two, g1, g0)));
      v128.store(<usize>load<u32>(row, 16) + even, g1);
      v128.store(<usize>load<u32>(row) + to, g);
      v128.store(<usize>load<u32>(row, 4) + to, h);
      v128.store(<usize>load<u32>(row, 8) + to, h);
      v128.store(<usize>load<u32>(row, 12) + to, f32x4.mul(sixth, g));
      from += 48;
    }
  }
}
