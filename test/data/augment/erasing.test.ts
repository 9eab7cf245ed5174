import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { Cutout } from "../../../src/data/augment/cutout.js";
import { GridMask } from "../../../src/data/augment/grid-mask.js";
import { HideAndSeek } from "../../../src/data/augment/hide-and-seek.js";
import { RandomErasing } from "../../../src/data/augment/random-erasing.js";
import type { FloatImage } from "../../../src/data/image.js";
import { type Transform } from "../../../src/data/transform.js";
import { makeTransform } from "../../../src/data/from-spec.js";
import { DataError } from "../../../src/errors.js";
import { picture, plain, zeros } from "./pictures.js";

/** Mean share of a plain picture that is zeroed. */
function hidden(transform: Transform, draws: number, height = 224, width = 224): number {
  const random = new Random(8);
  const image = plain(height, width, 1);
  let sum = 0;
  for (let i = 0; i < draws; i++) sum += zeros(transform.apply(image, random) as FloatImage);
  return sum / draws / (height * width);
}

/** The smallest box around the zeros of an image of one channel. */
function boxOf({
  data,
  height,
  width,
}: FloatImage): [top: number, left: number, height: number, width: number] {
  const [xs, ys]: [number[], number[]] = [[], []];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] !== 0) continue;
      xs.push(x);
      ys.push(y);
    }
  }
  const [top, left] = [Math.min(...ys), Math.min(...xs)];
  return [top, left, Math.max(...ys) - top + 1, Math.max(...xs) - left + 1];
}

describe("Cutout", () => {
  it("zeroes one square, cut off at the border, anywhere", () => {
    const random = new Random(2);
    const transform = new Cutout({ length: 16 });
    const image = plain(32, 40, 1);
    const places = new Set<number>();
    for (let i = 0; i < 2000; i++) {
      const result = transform.apply(image, random);
      const [top, left, height, width] = boxOf(result);
      expect(zeros(result)).toBe(height * width);
      expect(height).toBe(Math.min(16, top === 0 ? height : 32 - top));
      expect(width).toBe(Math.min(16, left === 0 ? width : 40 - left));
      expect(Math.min(height, width)).toBeGreaterThanOrEqual(8);
      places.add(top * 40 + left);
    }
    expect(places.size).toBeGreaterThan(500);
    expect(image.data.every((v) => v === 1)).toBe(true);
  });

  it("hides what the paper's 112 of 224 hides on average", () => {
    // Along one axis a centre c keeps min(c + 56, 224) − max(c − 56, 0) pixels; their mean over c is 98.
    let side = 0;
    for (let c = 0; c < 224; c++) side += Math.min(c + 56, 224) - Math.max(c - 56, 0);
    expect(hidden(new Cutout(), 1000)).toBeCloseTo((side / 224 / 224) ** 2, 2);
  });

  it("makes several holes", () => {
    expect(hidden(new Cutout({ numHoles: 3, length: 8 }), 500, 32, 32)).toBeGreaterThan(
      2 * hidden(new Cutout({ length: 8 }), 500, 32, 32),
    );
  });
});

describe("RandomErasing", () => {
  it("erases with probability p, within the given areas and ratios", () => {
    const random = new Random(3);
    const transform = new RandomErasing({ p: 0.3 });
    const image = plain(200, 300, 1);
    let erased = 0;
    const areas: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const result = transform.apply(image, random);
      if (result === image) continue;
      erased++;
      const [, , height, width] = boxOf(result);
      expect(zeros(result)).toBe(height * width);
      expect(height / width).toBeGreaterThan(0.28);
      expect(height / width).toBeLessThan(3.5);
      areas.push((height * width) / 60_000);
    }
    expect(erased / 1000).toBeGreaterThan(0.25);
    expect(erased / 1000).toBeLessThan(0.35);
    expect(Math.min(...areas)).toBeGreaterThan(0.018);
    expect(Math.min(...areas)).toBeLessThan(0.04);
    expect(Math.max(...areas)).toBeLessThan(0.335);
    expect(Math.max(...areas)).toBeGreaterThan(0.3);
  });

  it("writes normal numbers, or one number for each channel", () => {
    const size = { p: 1, scale: [0.5, 0.5], ratio: [1, 1] } as const;
    const noise = new RandomErasing({ ...size, value: "random" }).apply(plain(100, 100, 3, 9), new Random(1));
    const written = noise.data.filter((v) => v !== 9);
    expect(written.length).toBe(71 * 71 * 3);
    const mean = written.reduce((a, b) => a + b, 0) / written.length;
    const variance = written.reduce((a, b) => a + (b - mean) ** 2, 0) / written.length;
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(Math.abs(variance - 1)).toBeLessThan(0.06);

    const three = new RandomErasing({ ...size, value: [1, 2, 3] }).apply(plain(10, 10, 3, 9), new Random(1));
    const at = three.data.findIndex((v) => v !== 9);
    expect([...three.data.subarray(at, at + 3)]).toEqual([1, 2, 3]);
  });

  it("leaves the picture where no box of the kind fits", () => {
    const image = plain(1, 50, 1);
    expect(new RandomErasing({ p: 1 }).apply(image, new Random(0))).toBe(image);
  });
});

describe("HideAndSeek", () => {
  it("hides two fifths on average: half the patches, four times of five", () => {
    expect(Math.abs(hidden(new HideAndSeek(), 1500) - 0.4)).toBeLessThan(0.015);
    expect(hidden(new HideAndSeek({ gridSizes: [0] }), 3)).toBe(0);
  });

  it("hides whole patches, at the border what there is of them", () => {
    const result = new HideAndSeek({ gridSizes: [16] }).apply(plain(40, 50, 3), new Random(5));
    const patches = new Set<string>();
    for (let y = 0; y < 40; y++) {
      for (let x = 0; x < 50; x++) {
        const at = (y * 50 + x) * 3;
        patches.add(`${y >> 4} ${x >> 4} ${result.data.slice(at, at + 3).join()}`);
      }
    }
    expect(patches.size).toBe(3 * 4);
    expect([...patches].filter((patch) => patch.endsWith("0,0,0")).length).toBeGreaterThan(2);
    expect([...patches].filter((patch) => patch.endsWith("1,1,1")).length).toBeGreaterThan(2);
  });
});

describe("GridMask", () => {
  it("hides (1 − ratio)² of the picture, turned or not", () => {
    for (const [ratio, rotate] of [
      [0.5, 360],
      [0.6, 0],
      [0.3, 45],
    ] as const) {
      const share = hidden(new GridMask({ ratio, rotate }), 300);
      expect(Math.abs(share - (1 - ratio) ** 2), `ratio ${ratio}`).toBeLessThan(0.03);
    }
  });

  it("hides squares at regular distances", () => {
    const transform = new GridMask({ dMin: 10, dMax: 10, ratio: 0.6, rotate: 0 });
    const { data } = transform.apply(plain(50, 70, 1), new Random(4));
    const rowsWith = Array.from({ length: 50 }, (_, y) => data.subarray(y * 70, (y + 1) * 70).includes(0));
    expect(rowsWith.filter(Boolean)).toHaveLength(5 * 4);
    const row = data.subarray(rowsWith.indexOf(true) * 70).subarray(0, 70);
    for (let x = 10; x < 70; x++) expect(row[x]).toBe(row[x - 10]);
    expect(row.subarray(0, 10).filter((v) => v === 0)).toHaveLength(4);
  });

  it("touches the picture with probability p", () => {
    const random = new Random(6);
    const image = plain(32, 32, 1);
    const transform = new GridMask({ dMin: 8, dMax: 16, p: 0.25 });
    let untouched = 0;
    for (let i = 0; i < 1000; i++) if (transform.apply(image, random) === image) untouched++;
    expect(Math.abs(untouched / 1000 - 0.75)).toBeLessThan(0.05);
  });
});

describe("all four", () => {
  const transforms = [
    new Cutout({ length: 9 }),
    new RandomErasing({ p: 0.9, value: "random" }),
    new HideAndSeek({ gridSizes: [4, 8] }),
    new GridMask({ dMin: 6, dMax: 12 }),
  ];

  it.each(transforms)("are made from their JSON, with the same pictures ($spec.name)", (transform) => {
    const again = makeTransform(JSON.parse(JSON.stringify(transform.spec)) as typeof transform.spec);
    expect(again).toBeInstanceOf(transform.constructor);
    const draws = (which: Transform, seed: number): number[][] => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => [...which.apply(plain(24, 20), random).data]);
    };
    expect(draws(again, 3)).toEqual(draws(transform, 3));
    expect(draws(again, 4)).not.toEqual(draws(transform, 3));
  });

  it.each(transforms)("refuse bytes ($spec.name)", (transform) => {
    const name = transform.spec.name;
    expect(() => transform.apply(picture("noise", 4, 4, 3), new Random(0))).toThrow(
      `${name}: works after Normalize; got an image of bytes; expected floats`,
    );
  });

  it.each([
    [() => new Cutout({ length: 0 }), "Cutout: bad length; got 0; expected an integer ≥ 1"],
    [() => new Cutout({ numHoles: NaN }), "Cutout: bad numHoles; got NaN; expected an integer ≥ 1"],
    [() => new RandomErasing({ p: 2 }), "RandomErasing: bad p; got 2; expected a number in [0, 1]"],
    [
      () => new RandomErasing({ scale: [0.5, 0.2] }),
      "RandomErasing: bad scale; got [0.5,0.2]; expected two rising numbers in [0, 1]",
    ],
    [
      () => new RandomErasing({ ratio: [0, 1] }),
      "RandomErasing: bad ratio; got [0,1]; expected two rising numbers",
    ],
    [
      () => new RandomErasing({ value: "mean" as "random" }),
      "RandomErasing: bad value; got mean; expected a number",
    ],
    [
      () => new RandomErasing({ value: [1, 2] }).apply(plain(4, 4), new Random(0)),
      "RandomErasing: value does not fit the image; got 2 numbers; expected 3",
    ],
    [() => new HideAndSeek({ gridSizes: [] }), "HideAndSeek: bad gridSizes; got none; expected one at least"],
    [
      () => new HideAndSeek({ gridSizes: [-4] }),
      "HideAndSeek: bad gridSizes; got -4; expected an integer ≥ 0",
    ],
    [() => new GridMask({ dMin: 9, dMax: 8 }), "GridMask: dMin exceeds dMax; got 9 and 8"],
    [() => new GridMask({ ratio: 1.2 }), "GridMask: bad ratio; got 1.2; expected a number in [0, 1]"],
    [
      () => makeTransform({ name: "GridMask", options: { prob: 0.7 } }),
      "GridMask: unknown option 'prob'; known: dMin, dMax, ratio, rotate, p",
    ],
  ])("say what is wrong", (call, message) => {
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  });
});
