import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import type { StateDict } from "../../src/core/state.js";
import { DataError } from "../../src/errors.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/safetensors.js";

const state: StateDict = new Map([
  ["conv.weight", { dtype: "F32", shape: [2, 1, 1, 2], data: Float32Array.of(1, -2, 3.5, Infinity) }],
  ["bn.num_batches_tracked", { dtype: "I64", shape: [], data: BigInt64Array.of(-7n) }],
  ["empty", { dtype: "F32", shape: [0, 3], data: new Float32Array(0) }],
]);

function withHeader(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const f32 = (shape: number[], from: number, to: number) => ({
  dtype: "F32",
  shape,
  data_offsets: [from, to],
});

describe("safetensors", () => {
  it("gives back what was written, in order", () => {
    const back = decodeSafetensors(encodeSafetensors(state, { format: "pt" }));
    expect([...back]).toEqual([...state]);
  });

  it("starts with the header's length and pads the header to eight bytes, as the format asks", () => {
    const file = encodeSafetensors(state);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    expect(header["conv.weight"]).toEqual(f32([2, 1, 1, 2], 0, 16));
    expect(file.length).toBe(8 + length + 16 + 8);
  });

  it("reads a file at an odd address", () => {
    const file = encodeSafetensors(state);
    const odd = new Uint8Array(file.length + 1);
    odd.set(file, 1);
    expect([...decodeSafetensors(odd.subarray(1))]).toEqual([...state]);
  });

  it.each([
    ["an empty file", new Uint8Array(0), "f: not a safetensors file: 0 bytes, expected at least 8"],
    [
      "a lying length",
      withHeader("{}", 0).fill(255, 0, 3),
      /^f: truncated: header of \d+ bytes in a file of 10$/,
    ],
    ["a giant length", new Uint8Array(8).fill(255), /^f: header of \d+ bytes; expected at most 100000000$/],
    ["a header that is not JSON", withHeader("{a", 0), /^f: header is not JSON: /],
    ["a header that is a list", withHeader("[]", 0), "f: header is not a JSON object"],
    [
      "half precision",
      withHeader({ a: { ...f32([1], 0, 2), dtype: "F16" } }, 2),
      /^f: a: dtype F16 is not supported/,
    ],
    ["a gap", withHeader({ a: f32([1], 4, 8) }, 8), "f: a starts at byte 4; expected 0 (no gap, no overlap)"],
    [
      "an overlap",
      withHeader({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8),
      "f: b starts at byte 4; expected 8 (no gap, no overlap)",
    ],
    ["a wrong size", withHeader({ a: f32([3], 0, 8) }, 8), "f: a has 8 bytes; expected 12 for F32 [3]"],
    ["missing data", withHeader({ a: f32([2], 0, 8) }, 4), "f: truncated: a ends at byte 8 of 4"],
    [
      "data left over",
      withHeader({ a: f32([1], 0, 4) }, 6),
      "f: 2 bytes after the last tensor; expected none",
    ],
    ["a negative size", withHeader({ a: f32([-1], 0, 4) }, 4), /^f: a: bad shape or data_offsets/],
    ["an entry that is null", withHeader({ a: null }, 0), /^f: a: bad shape or data_offsets in null/],
  ])("refuses %s by name", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "f")).toThrow(
      typeof message === "string" ? new DataError(message) : message,
    );
  });

  it("decodes or refuses 2,000 mutated files, with no other error", () => {
    const random = new Random(11);
    const good = encodeSafetensors(state);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = good.slice(0, random.integer(4) ? good.length : random.integer(good.length));
      for (let k = random.integer(4); k >= 0 && bytes.length; k--) {
        bytes[random.integer(bytes.length)] = random.integer(256);
      }
      try {
        decodeSafetensors(bytes, "mutant");
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        expect((error as Error).message).toMatch(/^mutant: /);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
