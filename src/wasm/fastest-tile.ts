// Finds the fastest register tile (kernels/tile/tile.ts) on this machine by timing.

import { structWords, type Kernels } from "./abi.js";
import type { Heap } from "./heap.js";
import { WIDE_TILE } from "./simd256.js";

interface Timed {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly simd256: boolean;
}

/** 6×8, the fastest of 128 bits where the engine keeps the order of instructions: elsewhere it does not fit the registers. */
export const ORDERED_TILE = 1;

/**
 * Tiles that measure alike: with vectors of 256 bits 6×16 takes two thirds of 6×8's time on real shapes (Zen 4), which shows
 * little so soon after the start; 6×8 does better on real shapes than in L1, 3×12 worse (few widths are multiples of 12).
 */
const PREFERENCE = [WIDE_TILE, ORDERED_TILE, 0, 2];

/**
 * Engines start with baseline code and optimise in the background: a decision before LEAST_MS may compare the wrong code, unless every
 * tile has become OPTIMISED times as fast as it was at first (V8: 4 to 40 times; 5 to 20 ms after the start).
 */
const LEAST_MS = 30;
const MOST_MS = 100;
const OPTIMISED = 2.5;
/** Rounds without a faster time before the search stops. */
const ROUNDS = 8;

/**
 * Times the tiles on a product that fits L1 and returns the number of the fastest, or of the preferred one within 30 %
 * of it: in L1 6×8 may be 15 % behind, where it does not fit the registers it takes twice as long. Interleaved rounds,
 * best of each; they go on until no tile gets faster.
 */
export function fastestTile({ kernels, heap, simd256 }: Timed): number {
  const [m, n, k] = [48, 48, 256];
  const count = kernels.tileCount();
  const tiles = PREFERENCE.filter((tile) => simd256 || tile !== WIDE_TILE);
  const floats = m * k + k * n + m * n;
  return heap.scratch(floats * 4, "tile choice", (a) => {
    heap.f32(a, floats).fill(1);
    const [b, c] = [a + m * k * 4, a + (m * k + k * n) * 4];
    const shared = { m, n, k, a, rsa: k, csa: 1, b, rsb: n, csb: 1, c, ldc: n, accumulate: 0 };
    const words = structWords("Gemm", { ...shared, unitRows: m, unitColumns: n, tile: 0 });
    return heap.scratch(count * words.length * 4, "tile choice", (shapes) => {
      const shapeOf = (tile: number): number => shapes + tile * words.length * 4;
      for (const tile of tiles) heap.i32(shapeOf(tile), words.length).set([...words.slice(0, -1), tile]);
      const scratch = Math.max(...tiles.map((tile) => kernels.gemmScratch(shapeOf(tile))));
      return heap.scratch(scratch, "tile choice", (work) => {
        const best = new Array<number>(count).fill(Infinity);
        const first: number[] = [];
        const begin = performance.now();
        const elapsed = (): number => performance.now() - begin;
        const optimised = (): boolean => tiles.every((tile) => best[tile]! * OPTIMISED < first[tile]!);
        for (let stale = 0; ; stale++) {
          if (stale < ROUNDS ? elapsed() >= MOST_MS : elapsed() >= LEAST_MS || optimised()) break;
          for (const tile of tiles) {
            const t0 = performance.now();
            for (let i = 0; i < 4; i++) kernels.gemm(shapeOf(tile), work, 0, 1);
            const t = performance.now() - t0;
            first[tile] ??= t;
            if (t < best[tile]! * 0.97) stale = 0;
            best[tile] = Math.min(best[tile]!, t);
          }
        }
        const limit = Math.min(...best) * 1.3;
        return PREFERENCE.find((tile) => best[tile]! <= limit)!;
      });
    });
  });
}
