// Resizing against its definition: every filter, sizes around the kernels' vectors, parts of pictures and of results.

import { beforeAll, describe, expect, it } from "vitest";
import { crop } from "../../src/data/transforms/geometry.js";
import { INTERPOLATIONS, resize } from "../../src/data/transforms/resize.js";
import { DataError } from "../../src/errors.js";
import { init, memoryStats } from "../../src/wasm/runtime.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { picture } from "../helpers/picture.js";
import { resizeFiltered, resizeLinear } from "../reference/resize.js";

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 40];

forOwnBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("resize equals its definition:", () => {
    it.each(["box", "bilinear", "bicubic", "lanczos"] as const)("%s", (interpolation) => {
      LENGTHS.forEach((a, i) => {
        LENGTHS.forEach((b, j) => {
          const channels = [1, 3, 4][(i + j) % 3]!;
          const image = picture(i * 100 + j, a, LENGTHS.at(-1 - i)!, channels);
          const [height, width] = [b, LENGTHS[(i * 3 + j) % LENGTHS.length]!];
          for (const [resample, pillow] of [
            ["pillow13", 13],
            ["pillow12", 12],
          ] as const) {
            const got = resize(image, height, width, { interpolation, resample });
            expect(got, `${a} ${b}`).toEqual(resizeFiltered(image, height, width, interpolation, pillow));
          }
          expect(resize(image, height, width, { interpolation })).toEqual(
            resizeFiltered(image, height, width, interpolation, 13),
          );
        });
      });
    });

    it("cv2-bilinear", () => {
      LENGTHS.forEach((a, i) => {
        LENGTHS.forEach((b, j) => {
          const image = picture(i * 100 + j, a, LENGTHS.at(-1 - i)!, [1, 3, 4][(i + j) % 3]!);
          const [height, width] = [b, LENGTHS[(i * 3 + j) % LENGTHS.length]!];
          const got = resize(image, height, width, { interpolation: "cv2-bilinear" });
          expect(got, `${a} ${b}`).toEqual(resizeLinear(image, height, width));
        });
      });
    });
  });

  it.each(INTERPOLATIONS)(
    "a part of the picture and of the result are cut out exactly, %s",
    (interpolation) => {
      for (const channels of [1, 3, 4]) {
        const image = picture(channels, 31, 44, channels);
        const source = { top: 3, left: 5, height: 22, width: 30 };
        for (const [height, width] of [
          [10, 9],
          [50, 64],
          [22, 9],
          [10, 30],
          [22, 30],
          [9, 40],
          [9, 26],
        ] as const) {
          const window = { top: 2, left: 1, height: height - 5, width: width - 3 };
          const whole = resize(crop(image, source), height, width, { interpolation });
          expect(resize(image, height, width, { interpolation, source })).toEqual(whole);
          expect(resize(image, height, width, { interpolation, source, window })).toEqual(
            crop(whole, window),
          );
        }
      }
    },
  );
});

describe("resize", () => {
  it("leaves nothing on the heap", () => {
    const before = memoryStats().bytesInUse;
    resize(picture(1, 30, 30, 3), 20, 20);
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("refuses other channels and empty pictures", () => {
    const two = { ...picture(1, 4, 4, 1), width: 2, channels: 2 };
    expect(() => resize(two, 2, 2)).toThrow(DataError);
    expect(() => resize(two, 2, 2)).toThrow(
      "resize: cannot resize this picture; got 2 channels; expected 1, 3 or 4",
    );
    expect(() => resize(picture(1, 0, 4, 3), 2, 2)).toThrow(
      "resize: no pixels; got 0×4 to 2×2; expected sizes ≥ 1",
    );
  });
});
