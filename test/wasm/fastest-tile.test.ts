// The choice of the register tile, on kernels that take as long as a test says, by a clock of the test's own.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Kernels } from "../../src/wasm/abi.js";
import { structWords } from "../../src/wasm/abi.js";
import { fastestTile } from "../../src/wasm/fastest-tile.js";
import { runtime } from "../../src/wasm/runtime.js";

afterEach(() => void vi.restoreAllMocks());

/** Of a tile: milliseconds of a call in baseline code and in optimised code, and after how many milliseconds from its first call that one is there. */
interface Speed {
  baseline: number;
  optimised: number;
  after: number;
}

const TILE_WORD = structWords("Gemm", { tile: 77 } as never).indexOf(77);

/** The tile that is chosen, and what the choice took. */
function choose(tiles: readonly [Speed, Speed, Speed]): { tile: number; ms: number } {
  const { heap, kernels } = runtime();
  const speeds = tiles.map((speed) => ({ ...speed }));
  let clock = 0;
  const firsts = new Map<Speed, number>();
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  const fake = {
    tileCount: () => kernels.tileCount(),
    gemmScratch: () => 64,
    gemm: (shape: number) => {
      const speed = speeds[heap.i32(shape + 4 * TILE_WORD, 1)[0]!]!;
      const first = firsts.get(speed) ?? clock;
      firsts.set(speed, first);
      clock += clock - first >= speed.after ? speed.optimised : speed.baseline;
    },
  } as unknown as Kernels;
  return { tile: fastestTile({ kernels: fake, heap, simd256: false }), ms: clock };
}

const fast = { baseline: 1, optimised: 0.04, after: 5 };
const slow = { baseline: 1, optimised: 0.08, after: 5 };

describe("the fastest tile", () => {
  it("is 6×8 if it is not far behind, otherwise the faster of the others", () => {
    expect(choose([fast, { ...fast, optimised: 0.045 }, fast]).tile).toBe(1);
    expect(choose([fast, slow, fast]).tile).toBe(0);
    expect(choose([slow, slow, fast]).tile).toBe(2);
  });

  it("is known soon where every tile has been seen to be optimised", () => {
    const { ms } = choose([fast, fast, fast]);
    expect(ms).toBeGreaterThan(5);
    expect(ms).toBeLessThan(22); // two rounds of baseline code, eight rounds without news
  });

  it("waits for one that is optimised later", () => {
    const late = { ...fast, optimised: 0.03, after: 24 };
    expect(choose([fast, late, fast])).toMatchObject({ tile: 1 });
    expect(choose([slow, slow, late])).toMatchObject({ tile: 2 });
  });

  it("takes its time where nothing says that code has been optimised", () => {
    const constant = { baseline: 0.04, optimised: 0.04, after: 0 };
    const { ms } = choose([constant, constant, constant]);
    expect(ms).toBeGreaterThanOrEqual(30);
    expect(ms).toBeLessThan(32);
  });

  it("ends where one is never optimised", () => {
    const [a, b, c] = [0.5, 0.5, 0.5].map((optimised): Speed => ({ baseline: 3, optimised, after: 45 }));
    const { ms } = choose([a!, b!, { ...c!, after: 1000 }]);
    expect(ms).toBeGreaterThan(50);
    expect(ms).toBeLessThan(125);
  });
});
