// What stands in checkpoints beside their weights is passed over: bytes, types, long integers; and headers without metadata.

import { describe, expect, it } from "vitest";
import { decodeWeights } from "../../src/io/weights.js";
import { bytes, named, pth, tensorPickle, tuple, u32, unicode } from "../helpers/pickles.js";

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe("a checkpoint", () => {
  /** {"beside": value, "state_dict": {"a": tensor}}. */
  const checkpoint = (...value: (string | number | Uint8Array)[]): Uint8Array => {
    const state = tensorPickle(2, 0, [2], [1]).slice(2, -1);
    return pth(
      bytes(0x80, 2, "}(", unicode("beside"), ...value, unicode("state_dict"), state, "u."),
      floats(1, 2),
    );
  };

  it.each([
    ["bytes, as protocol 2 has them", [named("_codecs", "encode"), tuple(unicode("abc"), unicode("latin1")), "R"]],
    ["a type of numbers", [named("torch", "bfloat16")]],
    ["an integer of a kilobyte", [0x8b, u32(1024), new Uint8Array(1024).fill(0x7f)]],
    ["a negative integer", [0x8a, 9, new Uint8Array(9).fill(0xff)]],
  ])("may hold %s", (_, value) => {
    expect([...decodeWeights(checkpoint(...value)).get("a")!.data]).toEqual([1, 2]);
  }); // prettier-ignore

  it("of many long integers takes hardly any time", () => {
    const one = bytes(0x8b, u32(1024), new Uint8Array(1024).fill(0x7f), "0");
    const start = performance.now();
    const many = new Uint8Array(5000 * one.length);
    for (let i = 0; i < 5000; i++) many.set(one, i * one.length);
    expect(decodeWeights(checkpoint(many, "N")).size).toBe(1);
    expect(performance.now() - start).toBeLessThan(3000); // byte by byte four and more
  });
});

it("a safetensors header whose metadata are null is read, as the reference does", () => {
  const json = `{"__metadata__":null,"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`;
  const file = bytes(u32(json.length), u32(0), json, floats(3));
  expect([...decodeWeights(file).get("a")!.data]).toEqual([3]);
});
