// The op suites are functions of the binary and, where an op runs on register tiles, of the tile.

import { beforeAll, describe } from "vitest";
import { binaryBytes, init, type Binary } from "../../src/wasm/runtime.js";
import { relaxedSimdWorks } from "../../src/wasm/relaxed-simd.js";
import { opCases, type OpCases } from "../cases/index.js";

/** Register tiles by number (kernels/tile.ts). */
export const TILES = [0, 1, 2, 3];

export function canRun(binary: Binary): boolean {
  return relaxedSimdWorks(binaryBytes(binary));
}

/** Declares the suite once for each binary; one that the engine refuses is reported as skipped. */
export function forEachBinary(suite: (binary: Binary) => void): void {
  for (const binary of ["simd", "relaxed"] as const) {
    if (canRun(binary)) {
      describe(`${binary}:`, () => suite(binary));
    } else {
      describe.skip(`${binary}: this engine (${process.version}) refuses relaxed SIMD`, () => suite(binary));
    }
  }
}

/** How an op is run. */
export interface Variant {
  tile: number;
  winograd: boolean;
}

export const VARIANTS: readonly Variant[] = [true, false].flatMap((winograd) =>
  TILES.map((tile) => ({ tile, winograd })),
);

/**
 * Declares a suite for the ops of the case table: under every tile for those that use them, without Winograd's algorithm
 * too for the one that has it, else once. Passes the error that the variant is allowed.
 */
export function forEachOp(binary: Binary, suite: (op: OpCases, tolerance: number) => void): void {
  for (const { tile, winograd } of VARIANTS) {
    describe(`tile ${tile}${winograd ? "" : " without Winograd"}:`, () => {
      beforeAll(() => void init({ binary, tile, winograd }));
      for (const op of opCases) {
        if (winograd && (op.tiled || tile === 0)) suite(op, op.fastTolerance ?? op.tolerance);
        else if (!winograd && op.fastTolerance !== undefined) suite(op, op.tolerance);
      }
    });
  }
}
