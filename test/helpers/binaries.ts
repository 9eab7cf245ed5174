// The op suites are functions of the binary and, where an op runs on register tiles, of the tile.

import { beforeAll, describe } from "vitest";
import { binaryBytes } from "../../src/wasm/binary-bytes.js";
import { init, type Binary } from "../../src/wasm/runtime.js";
import { relaxedSimd } from "../../src/wasm/relaxed-simd.js";
import { opCases, type OpCases } from "../cases/index.js";
import { isLong, isQuick } from "./ring.js";

/** Register tiles by number (kernels/tile/tile.ts). */
export const TILES = [0, 1, 2, 3];

export function canRun(binary: Binary): boolean {
  const bytes = binaryBytes(binary);
  return binary === "relaxed" ? relaxedSimd(bytes) === "fused" : WebAssembly.validate(bytes);
}

/** Declares the suite once for each binary; one that the engine refuses is reported as skipped. */
export function forEachBinary(suite: (binary: Binary) => void): void {
  declare(isQuick ? [own] : ["simd", "relaxed"], suite);
}

const own: Binary = canRun("relaxed") ? "relaxed" : "simd";

/** The same for the binary that is taken here, and in the long ring for each: where the binaries' kernels are compared elsewhere. */
export function forOwnBinary(suite: (binary: Binary) => void): void {
  declare(isLong ? ["simd", "relaxed"] : [own], suite);
}

function declare(binaries: readonly Binary[], suite: (binary: Binary) => void): void {
  for (const binary of binaries) {
    if (canRun(binary)) {
      describe(`${binary}:`, () => suite(binary));
    } else {
      describe.skip(`${binary}: this engine (${process.version}) does not fuse`, () => suite(binary));
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
 * Declares a suite for the ops of the case table: with Winograd's algorithm and, for the op that has it, without. Passes the
 * error that each is allowed. One tile: results have the same bits under every tile (tiles.test.ts).
 */
export function forEachOp(binary: Binary, suite: (op: OpCases, tolerance: number) => void): void {
  for (const winograd of [true, false]) {
    describe(winograd ? "as by default:" : "without Winograd:", () => {
      beforeAll(() => void init({ binary, tile: 0, winograd }));
      for (const op of opCases) {
        if (winograd) suite(op, op.fastTolerance ?? op.tolerance);
        else if (op.fastTolerance !== undefined) suite(op, op.tolerance);
      }
    });
  }
}
