import { beforeAll, describe, expect, test } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { opCases } from "../cases/index.js";
import { sameBits } from "../helpers/allclose.js";
import { forEachBinary, TILES, VARIANTS } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";
import { applyOp, drawCase, type Result } from "../helpers/run-case.js";
import { sizeOf } from "../reference/values.js";

const suites = opCases.filter((suite) => suite.tiled);

const keyOf = (op: string, name: string, winograd: boolean): string =>
  `${op}, ${name}${winograd ? "" : ", without Winograd"}`;

const gradients = new Map<string, Float32Array>();

/** Random numbers, drawn once for all tiles and binaries. */
function gradientFor(seed: string, n: number): Float32Array {
  const known = gradients.get(seed) ?? Float32Array.from(draw("normal", seed, n));
  gradients.set(seed, known);
  return known;
}

forEachBinary((binary) => {
  test("the tiles tested are all there are", () => {
    init({ binary });
    expect(TILES.length).toBe(runtime().kernels.tileCount());
  });

  describe("results and gradients have the same bits under every tile:", () => {
    /** Results by op, case and algorithm, one of each tile. */
    const results = new Map<string, Result[]>();

    beforeAll(() => {
      for (const variant of VARIANTS) {
        init({ binary, ...variant });
        for (const suite of suites) {
          if (!variant.winograd && suite.fastTolerance === undefined) continue;
          for (const c of suite.cases) {
            const drawn = drawCase(suite, c);
            const y = applyOp(suite, c, drawn).y;
            const dy = gradientFor(`${suite.op} ${c.name} dy`, sizeOf(y.shape));
            const key = keyOf(suite.op, c.name, variant.winograd);
            results.set(key, [...(results.get(key) ?? []), applyOp(suite, c, drawn, dy)]);
          }
        }
      }
    });

    test.each(
      suites.flatMap(({ op, cases, fastTolerance }) =>
        (fastTolerance === undefined ? [true] : [true, false]).flatMap((winograd) =>
          cases.map((c) => [keyOf(op, c.name, winograd), op] as const),
        ),
      ),
    )("%s", (key, op) => {
      const [first, ...others] = results.get(key)!;
      expect(others.length).toBe(TILES.length - 1);
      for (const other of others) {
        sameBits(key, other.y.data, first!.y.data);
        for (const input of registeredOps().get(op)!.differentiable) {
          const gradient = first!.gradients[input];
          if (gradient) sameBits(`${key}, gradient of ${input}`, other.gradients[input]!, gradient);
        }
      }
    });
  });
});
