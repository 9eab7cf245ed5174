// The part of a picture that a network sees.

import { expect, it } from "vitest";
import {
  imagenetNormalization,
  Random,
  seenBox,
  transformsFor,
  type FloatImage,
  type Preprocessing,
} from "../../src/index.js";

const preprocessing = (more: Partial<Preprocessing>): Preprocessing => ({
  inputSize: [224, 224, 3],
  cropPct: 0.875,
  interpolation: "bilinear",
  ...imagenetNormalization,
  ...more,
});

it.each([
  ["center", { width: 640, height: 480 }, [0.171875, 0.0625, 0.828125, 0.9375]],
  ["center", { width: 300, height: 600 }, [0.0625, 0.28125, 0.9375, 0.71875]],
  ["squash", { width: 640, height: 480 }, [0.0625, 0.0625, 0.9375, 0.9375]],
  ["border", { width: 640, height: 480 }, [0.0625, -1 / 12, 0.9375, 13 / 12]],
] as const)("%s of %o", (cropMode, size, box) => {
  seenBox(preprocessing({ cropMode }), size).forEach((side, i) => expect(side).toBeCloseTo(box[i]!, 10));
});

it("is what the transforms keep: a bright box fills the prepared picture, and nothing beside it is seen", () => {
  const { width, height } = { width: 640, height: 320 };
  const plain = preprocessing({ mean: [0, 0, 0], std: [1, 1, 1] });
  const [left, top, right, bottom] = seenBox(plain, { width, height });
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= left * width && x < right * width && y >= top * height && y < bottom * height;
      data.fill(inside ? 255 : 0, 3 * (y * width + x), 3 * (y * width + x + 1));
    }
  }
  const image = transformsFor(plain).apply({ data, width, height, channels: 3 }, new Random(0)) as FloatImage;
  const at = (x: number, y: number): number => image.data[3 * (y * image.width + x)]!;
  for (const i of [2, 100, 221]) {
    expect(at(i, 2)).toBe(1);
    expect(at(221, i)).toBe(1);
  }
});

it("wants a description", () => {
  expect(() => seenBox({} as Preprocessing, { width: 1, height: 1 })).toThrow("seenBox: preparation");
  expect(() => seenBox(preprocessing({}), {} as never)).toThrow("seenBox: picture: width must be a number");
});
