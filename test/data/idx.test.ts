import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { decodeIdx } from "../../src/data/idx.js";
import { decodeMnist } from "../../src/data/mnist.js";
import { DataError } from "../../src/errors.js";

function idx(shape: readonly number[], data: readonly number[], type = 8): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.of(0, 0, type, shape.length, ...sizes, ...data);
}

describe("decodeIdx", () => {
  it("reads sizes and bytes", () => {
    const { shape, data } = decodeIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 6]));
    expect(shape).toEqual([2, 1, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("reads a view that does not start its buffer", () => {
    const file = idx([2], [7, 8]);
    const padded = new Uint8Array(file.length + 3);
    padded.set(file, 3);
    expect([...decodeIdx(padded.subarray(3)).data]).toEqual([7, 8]);
  });

  it.each([
    ["empty", new Uint8Array(0), "f: not an IDX file: 0 bytes, expected at least 4"],
    [
      "a PNG",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
      "f: not an IDX file: starts with 89 50 4e 47, expected 00 00",
    ],
    ["floats", idx([1], [0, 0, 0, 0], 0x0d), "f: IDX type 0x0d; expected 0x08 (bytes)"],
    ["half a header", Uint8Array.of(0, 0, 8, 3, 0, 0), "f: truncated: 6 bytes, expected 16 of header"],
    ["half the data", idx([4], [1, 2]), "f: truncated: 2 bytes of data, expected 4 for [4]"],
    ["too much data", idx([1], [1, 2]), "f: too long: 2 bytes of data, expected 1 for [1]"],
  ])("refuses %s by name", (_, bytes, message) => {
    expect(() => decodeIdx(bytes, "f")).toThrow(new DataError(message));
  });

  it("decodes or refuses 2,000 mutated files, with no other error", () => {
    const random = new Random(7);
    const good = idx([3, 2, 2], [...Array(12).keys()]);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = good.slice(0, random.integer(good.length + 1));
      for (let k = random.integer(3); k >= 0 && bytes.length; k--) {
        bytes[random.integer(bytes.length)] = random.integer(256);
      }
      try {
        decodeIdx(bytes, "mutant");
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        expect((error as Error).message).toMatch(/^mutant: /);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("decodeMnist", () => {
  const images = { name: "images", bytes: idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]) };

  it("pairs images with labels", () => {
    const set = decodeMnist(images, { name: "labels", bytes: idx([2], [3, 9]) });
    expect(set.length).toBe(2);
    expect(set.shape).toEqual([2, 2, 1]);
    expect([...set.image(1).data]).toEqual([5, 6, 7, 8]);
    expect([...set.labels]).toEqual([3, 9]);
    expect(set.classes).toHaveLength(10);
  });

  it.each([
    ["counts that differ", [2], [3], [1], "labels: 1 labels; expected 2, the images of images"],
    ["labels that are images", [2, 1, 1], [3, 4], [2, 1, 1], "labels: expected labels [n]; got [2,1,1]"],
    ["a label past 9", [2], [3, 10], [2], "labels: label out of range; got 10 at index 1; expected 0…9"],
  ])("refuses %s", (_, __, data, shape, message) => {
    expect(() => decodeMnist(images, { name: "labels", bytes: idx(shape, data) })).toThrow(
      new DataError(message),
    );
  });

  it("refuses image files that hold labels", () => {
    const labels = { name: "labels", bytes: idx([2], [3, 9]) };
    expect(() => decodeMnist(labels, labels)).toThrow(
      new DataError("labels: expected images [n,h,w]; got [2]"),
    );
  });
});
