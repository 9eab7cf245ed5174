// Trained weights and logits are those of test/golden/bits.json to the last bit, on both binaries, whatever the number of threads.
// Where a change of the numbers is meant, FOVEA_WRITE_BITS=1 writes the file anew.

import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { init } from "../../src/index.js";
import { canRun } from "../helpers/binaries.js";
import { bits, onManyThreads } from "./bits.js";

const file = new URL("../golden/bits.json", import.meta.url);
const writes = process.env["FOVEA_WRITE_BITS"] === "1";
type Golden = Record<string, Record<string, string>>;
const golden: Golden = writes ? { simd: {}, relaxed: {} } : JSON.parse(readFileSync(file, "utf8"));

describe.each(["simd", "relaxed"] as const)("%s", (binary) => {
  describe.skipIf(!canRun(binary)).each([1, 2, 4])("%d threads", (threads) => {
    const names = Object.keys(writes ? bits : golden[binary]!);
    it.each(names.filter((name) => threads === 1 || onManyThreads(name)))(
      "%s",
      async (name) => {
        init({ binary, threads });
        const hash = await bits[name]!();
        if (writes && threads === 1) golden[binary]![name] = hash;
        expect(hash).toBe(golden[binary]![name]);
      },
      600_000,
    );
  });
});

afterAll(() => {
  if (writes) writeFileSync(file, JSON.stringify(golden, undefined, 1) + "\n");
});
