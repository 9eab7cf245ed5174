import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { DataError } from "../../src/errors.js";
import { encodeSafetensors } from "../../src/io/safetensors.js";
import { decodeWeights } from "../../src/io/weights.js";
import { lenet5, manualSeed } from "../../src/index.js";
import { bytes } from "../helpers/pickles.js";
import { TIMES } from "../helpers/ring.js";
import { expectedState, goldens } from "../helpers/weights.js";

const MUTANTS = 1000 * TIMES;
/** Numbers that lie best: sizes, offsets and codes at the edges. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff];

/** A damaged copy: cut short, bytes changed, a piece repeated or left out, or a 32-bit number overwritten. */
function mutate(good: Uint8Array, random: Random, head: number): Uint8Array {
  const at = (): number => random.integer(random.integer(4) ? Math.min(head, good.length) : good.length);
  switch (random.integer(6)) {
    case 0:
      return good.slice(0, random.integer(good.length));
    case 1: {
      const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return bytes(
        good.subarray(0, random.integer(2) ? from : to),
        good.subarray(random.integer(2) ? from : to),
      );
    }
    case 2: {
      const bytes = good.slice();
      bytes.fill(
        EDGES[random.integer(EDGES.length)]!,
        ...([at()].flatMap((p) => [p, p + 4]) as [number, number]),
      );
      return bytes;
    }
    default: {
      const changed = good.slice();
      for (let k = random.integer(4); k >= 0; k--) {
        changed[at()] = random.integer(2) ? random.integer(256) : EDGES[random.integer(EDGES.length)]!;
      }
      return changed;
    }
  }
}

async function corpus(): Promise<[name: string, bytes: Uint8Array, head: number][]> {
  const read = async (name: string): Promise<Uint8Array> =>
    new Uint8Array(await readFile(new URL(name, goldens)));
  const names = ["zip.pth", "zip-checkpoint.pth", "legacy.pth", "legacy-checkpoint.pth", "protocol4.pth"];
  names.push("paddle2.pdparams", "paddle4.pdparams", "paddle-checkpoint.pdparams", "paddle-types.pdparams");
  const files = await Promise.all([...names, "module.pth", "reference.safetensors"].map(read));
  return [
    ...names.map((name, i): [string, Uint8Array, number] => [name, files[i]!, 3000]),
    ["module.pth", files.at(-2)!, 2000],
    ["reference.safetensors", files.at(-1)!, 800],
    ["ours.safetensors", encodeSafetensors(expectedState, { format: "pt" }), 1600],
  ];
}

describe("damaged files of weights", () => {
  it(`are read or refused with their name, ${MUTANTS} of each kind`, async () => {
    for (const [name, good, head] of await corpus()) {
      const random = new Random(11);
      let refused = 0;
      let slowest = 0;
      for (let i = 0; i < MUTANTS; i++) {
        const mutant = mutate(good, random, head);
        const begin = performance.now();
        try {
          for (const { shape, data } of decodeWeights(mutant, "mutant").values()) {
            expect(data.length).toBe(shape.reduce((n, m) => n * m, 1));
          }
        } catch (error) {
          if (!(error instanceof DataError))
            throw new Error(`${name}, mutant ${i}: ${String(error)}`, { cause: error });
          expect(error.message).toMatch(/^mutant: /);
          refused++;
        }
        slowest = Math.max(slowest, performance.now() - begin);
      }
      expect(refused, name).toBeGreaterThan(MUTANTS / 4);
      expect(slowest, name).toBeLessThan(2000);
    }
  });

  it("leave a model as it was, or wholly changed", () => {
    manualSeed(1);
    const [model, other] = [lenet5(), lenet5()];
    const good = encodeSafetensors(other.stateDict());
    const before = encodeSafetensors(model.stateDict());
    const random = new Random(5);
    const header = Number(new DataView(good.buffer).getBigUint64(0, true));
    let loaded = 0;
    for (let i = 0; i < 400; i++) {
      const mutant = mutate(good, random, 8 + header);
      try {
        model.loadStateDict(decodeWeights(mutant, "mutant"));
        loaded++;
        const got = encodeSafetensors(model.stateDict());
        expect(Buffer.compare(got, encodeSafetensors(decodeWeights(mutant, "mutant")))).toBe(0);
        model.loadStateDict(decodeWeights(before));
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        expect(Buffer.compare(encodeSafetensors(model.stateDict()), before)).toBe(0);
      }
    }
    expect(loaded).toBeGreaterThan(0);
    expect(loaded).toBeLessThan(390);
    model.dispose();
    other.dispose();
  });
});
