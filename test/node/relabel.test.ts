// A folder's classes are found among the model's, whichever of their names they have.

import { expect, it } from "vitest";
import { imagenetClasses, ImageDataset } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { relabel } from "../../src/node/relabel.js";

const folder = (...classes: string[]) =>
  new ImageDataset({
    ...{ name: "photos", shape: [1, 1, 3] as const, classes },
    ...{ images: new Uint8Array(3 * classes.length), labels: Int32Array.from(classes.keys()) },
  });
const labels = (...args: Parameters<typeof relabel>): number[] => [...relabel(...args).labels];
const thousand = [...imagenetClasses];

it.each<[string[], number, string[] | undefined, number[]]>([
  [["n01443537", "n01440764"], 1000, thousand, [1, 0]],
  [["n01443537", "n01440764"], 1000, undefined, [1, 0]],
  [["tench", "great white shark"], 1000, thousand, [0, 2]],
  [["Great_White_Shark"], 1000, undefined, [2]],
  [["n01484850-great-white-shark", "n01440764_tench"], 1000, thousand, [2, 0]],
  [["tench"], 2, ["n01443537", "n01440764"], [1]],
  [["n01440764"], 2, ["tench", "goldfish"], [0]],
  [["Red Cars", "blue"], 3, ["red-cars", "green", "blue"], [0, 2]],
  [["Dog"], 2, ["dog", "Dog"], [1]],
  [["a", "b"], 2, undefined, [0, 1]],
])("%j of %s classes %#", (own, count, classes, expected) => {
  expect(labels(folder(...own), count, classes)).toEqual(expected);
});

it.each<[string[], number, string[] | undefined, string]>([
  [["tenchs"], 1000, thousand, "photos: class 'tenchs' is not one of the model's 1000: tench, goldfish,"],
  [["n014407641"], 1000, thousand, "photos: class 'n014407641' is not one of the model's 1000"],
  [["tench", "pike"], 3, undefined, "photos: 2 classes; the model has 3"],
])("%j of %s classes: refused", (own, count, classes, message) => {
  expect(() => relabel(folder(...own), count, classes)).toThrow(DataError);
  expect(() => relabel(folder(...own), count, classes)).toThrow(message);
});
