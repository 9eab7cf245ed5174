import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { StateDict } from "../../src/core/state.js";
import { DataError } from "../../src/errors.js";
import { expectedState, goldens } from "../helpers/weights.js";
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
    expect(header["conv.weight"]).toEqual(f32([2, 1, 1, 2], 8, 24));
    expect(file.length).toBe(8 + length + 16 + 8);
  });

  it("reads what the safetensors package wrote, every type of it", async () => {
    const state = decodeSafetensors(await readFile(new URL("reference.safetensors", goldens)));
    expect(state.size).toBe(12);
    for (const [name, tensor] of state) expect([name, tensor]).toEqual([name, expectedState.get(name)]);
  });

  it("gives views of aligned bytes and lays wide types first", () => {
    const file = encodeSafetensors(new Map([["odd", state.get("conv.weight")!], ...state]));
    const back = decodeSafetensors(file);
    for (const { data } of back.values()) expect(data.buffer).toBe(file.buffer);
    expect([...back.keys()]).toEqual(["odd", ...state.keys()]);
  });

  it("keeps names that JavaScript has for itself", () => {
    const odd: StateDict = new Map([["__proto__", state.get("conv.weight")!]]);
    expect([
      ...decodeSafetensors(
        withHeader('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      ).keys(),
    ]).toEqual([...odd.keys()]);
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
      "eight-bit floats",
      withHeader({ a: { ...f32([1], 0, 1), dtype: "F8_E4M3" } }, 1),
      "f: a: dtype F8_E4M3 is not supported; known: F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL",
    ],
    ["a name twice", withHeader('{"a":{}, "\\u0061" :{}}', 0), "f: header has a twice"],
    [
      "a field twice",
      withHeader('{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', 8),
      "f: header has shape twice",
    ],
    [
      "metadata that is not text",
      withHeader({ __metadata__: { a: 1 } }, 0),
      "f: __metadata__ is not made of strings",
    ],
    [
      "nine axes",
      withHeader({ a: f32([1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 4) }, 4),
      "f: a: 9 axes; expected at most 8",
    ],
    [
      "a product beyond all integers",
      withHeader({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4),
      /^f: a: \[1099511627776,1099511627776\] has 1\.2\d+e\+24 elements; expected at most 2147483647 of F32$/,
    ],
    [
      "a sea of bytes as counters",
      withHeader({ a: { ...f32([2 ** 25], 0, 4), dtype: "U8" } }, 4),
      "f: a: [33554432] has 33554432 elements; expected at most 16777216 of U8",
    ],
    [
      "lists in lists for a shape",
      withHeader(
        `{"a":{"dtype":"F32","shape":[${"[".repeat(900)}${"]".repeat(900)}],"data_offsets":[0,4]}}`,
        4,
      ),
      "f: a: bad shape [[[[…]]]]",
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
    ["a negative size", withHeader({ a: f32([-1], 0, 4) }, 4), "f: a: bad shape [-1]"],
    ["an entry that is null", withHeader({ a: null }, 0), "f: a: bad dtype, shape or data_offsets in null"],
  ])("refuses %s by name", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "f")).toThrow(
      typeof message === "string" ? new DataError(message) : message,
    );
  });
});
