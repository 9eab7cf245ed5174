import { describe, expect, it } from "vitest";
import {
  cifar100Classes,
  cifar100CoarseClasses,
  cifar10Classes,
  decodeCifar10,
  decodeCifar100,
} from "../../src/data/cifar.js";
import { imagenetClasses, imagenetWnids } from "../../src/data/imagenet-classes.js";
import { DataError } from "../../src/errors.js";

/** Rows of labels and three planes; pixel p of plane c is (p + 50c) mod 256. */
function file(...labels: number[][]): Uint8Array {
  const planes = Uint8Array.from({ length: 3072 }, (_, i) => (i % 1024) + 50 * Math.floor(i / 1024));
  return Uint8Array.from(labels.flatMap((row) => [...row, ...planes]));
}

describe("CIFAR", () => {
  it("interleaves the planes of all batches", () => {
    const set = decodeCifar10([
      { name: "1", bytes: file([3], [9]) },
      { name: "2", bytes: file([0]) },
    ]);
    expect([...set.labels]).toEqual([3, 9, 0]);
    expect(set.shape).toEqual([32, 32, 3]);
    const { data } = set.image(2);
    expect([...data.subarray(3 * 33, 3 * 33 + 3)]).toEqual([33, 83, 133]);
    expect(set.classes[3]).toBe("cat");
  });

  it("has fine and coarse labels", () => {
    const bytes = file([19, 11], [0, 99]);
    expect([...decodeCifar100({ name: "f", bytes }).labels]).toEqual([11, 99]);
    expect([...decodeCifar100({ name: "f", bytes }, "coarse").labels]).toEqual([19, 0]);
  });

  it.each([
    ["nothing", new Uint8Array(0), "f: not a CIFAR file; got 0 bytes; expected a multiple of 3073"],
    ["a cut file", file([1]).subarray(1), "f: not a CIFAR file; got 3072 bytes; expected a multiple of 3073"],
    ["a label of 10", file([1], [10]), "f: label out of range; got 10 at picture 1; expected 0…9"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeCifar10([{ name: "f", bytes }])).toThrow(new DataError(message));
  });

  it("knows its classes' names, sorted as labels are", () => {
    expect([cifar10Classes.length, cifar100Classes.length, cifar100CoarseClasses.length]).toEqual([
      10, 100, 20,
    ]);
    expect(cifar100Classes).toEqual([...cifar100Classes].sort());
    expect([cifar100Classes[11], cifar100CoarseClasses[19]]).toEqual(["boy", "vehicles_2"]);
  });
});

describe("ImageNet's classes", () => {
  it("stand in label order, which is that of their WordNet ids", () => {
    expect([imagenetWnids.length, imagenetClasses.length]).toEqual([1000, 1000]);
    expect(imagenetWnids).toEqual([...new Set(imagenetWnids)].sort());
    expect(imagenetWnids.every((wnid) => /^n\d{8}$/.test(wnid))).toBe(true);
    expect([0, 207, 999].map((i) => imagenetClasses[i])).toEqual([
      "tench",
      "golden retriever",
      "toilet tissue",
    ]);
  });
});
