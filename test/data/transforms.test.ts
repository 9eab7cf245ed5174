import { describe, expect, it } from "vitest";
import {
  CenterCrop,
  cifarEval,
  cifarTrain,
  ColorJitter,
  Compose,
  DataError,
  Grayscale,
  imagenetEval,
  imagenetTrain,
  makeTransform,
  Normalize,
  Pad,
  Random,
  RandomAffine,
  RandomCrop,
  RandomGrayscale,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  RandomVerticalFlip,
  Resize,
  ToTensor,
  type Transform,
  type TransformSpec,
} from "../../src/index.js";
import golden from "../golden/transforms.json" with { type: "json" };
import { crcOf, picture } from "../helpers/picture.js";

const image = picture(7, 40, 53, 3);
const mean = [0.5, 0.4, 0.3];
const std = [0.2, 0.3, 0.4];

const all: Transform[] = [
  new Resize(20),
  new Resize([11, 70], { interpolation: "nearest" }),
  new Resize(20, { maxSize: 25, interpolation: "bicubic" }),
  new CenterCrop([9, 60]),
  new RandomResizedCrop(16, { interpolation: "cv2-bilinear" }),
  new RandomCrop(32, { padding: [1, 2, 3, 4], paddingMode: "reflect" }),
  new RandomCrop(64, { padIfNeeded: true, fill: [1, 2, 3] }),
  new RandomHorizontalFlip(),
  new RandomVerticalFlip(0.3),
  new ColorJitter({ brightness: 0.4, contrast: [0.5, 2], saturation: 0.4, hue: 0.1 }),
  new Pad([1, 2], { fill: 9 }),
  new RandomRotation(30, { expand: true, interpolation: "bilinear" }),
  new RandomAffine([-10, 40], { translate: [0.1, 0.2], scale: [0.5, 2], shear: [-5, 5, -3, 3] }),
  new Grayscale(3),
  new RandomGrayscale(0.5),
  new ToTensor(),
  imagenetTrain({ size: 24 }),
  imagenetEval({ size: 24 }),
  cifarTrain({ augment: [new ColorJitter({ hue: 0.2 })] }),
  cifarEval(),
];

describe("every transform", () => {
  it.each(all.map((t) => [JSON.stringify(t.spec), t] as const))(
    "%s is made again from its JSON",
    (json, t) => {
      const again = makeTransform(JSON.parse(json) as TransformSpec);
      for (let seed = 0; seed < 8; seed++) {
        const before = image.data.slice();
        const y = t.apply(image, new Random(seed));
        expect(image.data).toEqual(before);
        expect(again.apply(image, new Random(seed))).toEqual(y);
        expect(y.data.length).toBe(y.height * y.width * y.channels);
      }
    },
  );
});

describe("Resize", () => {
  it("takes its size as torchvision does", () => {
    const rows = golden.rows.map((row, seed) => ({ ...row, seed })).filter(({ op }) => op === "Resize");
    expect(rows.length).toBe(12);
    for (const { shape, args, out, crc, seed } of rows) {
      const y = makeTransform({ name: "Resize", options: args }).apply(
        picture(seed, shape[0]!, shape[1]!, shape[2]!),
        new Random(0),
      );
      expect([y.height, y.width, y.channels]).toEqual(out);
      expect(crcOf(y)).toBe(crc);
    }
  });
});

describe("Compose", () => {
  const oneByOne = (transforms: Transform[]) =>
    transforms.reduce<ReturnType<Transform["apply"]>>((x, t) => t.apply(x, new Random(1)), image);

  it.each(["bilinear", "bicubic", "box", "lanczos", "nearest", "cv2-bilinear"] as const)(
    "gives the same in fewer passes, %s",
    (interpolation) => {
      for (const [size, cut] of [
        [20, 16],
        [80, 7],
        [33, 33],
        [20, [18, 30]],
        [16, 40],
        [40, 40],
        [40, 21],
      ] as const) {
        const chain = [
          new Resize(size, { interpolation }),
          new CenterCrop(cut),
          new ToTensor(),
          new Normalize(mean, std),
        ];
        expect(new Compose(chain).apply(image, new Random(1)), `${size} ${cut}`).toEqual(oneByOne(chain));
      }
    },
  );
});

/** Mean over many draws. */
function average(n: number, draw: (random: Random) => number): number {
  let sum = 0;
  for (let seed = 0; seed < n; seed++) sum += draw(new Random(seed * 7919));
  return sum / n;
}

describe("random transforms", () => {
  it("RandomResizedCrop draws areas evenly, ratios evenly in their logarithm, boxes inside", () => {
    const crop = new RandomResizedCrop(8, { scale: [0.1, 0.5] });
    const size = { height: 300, width: 300 };
    const area = average(4000, (r) => {
      const { top, left, height, width } = crop.part(size, r);
      expect(top >= 0 && left >= 0 && top + height <= 300 && left + width <= 300).toBe(true);
      return (height * width) / 90000;
    });
    const ratio = average(4000, (r) => {
      const { height, width } = crop.part(size, r);
      return Math.log(width / height);
    });
    expect(area).toBeCloseTo(0.3, 2);
    expect(Math.abs(ratio)).toBeLessThan(0.01);
  });

  it("RandomResizedCrop falls back to the middle where no box fits", () => {
    const crop = new RandomResizedCrop(8, { scale: [1, 1] });
    expect(crop.part({ height: 10, width: 100 }, new Random(1))).toEqual({
      top: 0,
      left: 43,
      height: 10,
      width: 13,
    });
    expect(crop.part({ height: 100, width: 10 }, new Random(1))).toEqual({
      top: 43,
      left: 0,
      height: 13,
      width: 10,
    });
  });

  it("RandomCrop takes every place alike", () => {
    const strip = { ...picture(2, 1, 5, 1), data: Uint8Array.of(0, 1, 2, 3, 4) };
    const seen = [0, 0, 0];
    for (let seed = 0; seed < 3000; seed++)
      seen[new RandomCrop([1, 3]).apply(strip, new Random(seed)).data[0]!]!++;
    for (const n of seen) expect(Math.abs(n - 1000)).toBeLessThan(100);
  });

  it("flips happen with their probability", () => {
    const strip = { ...picture(2, 1, 2, 1), data: Uint8Array.of(0, 1) };
    const flip = new RandomHorizontalFlip(0.3);
    expect(average(4000, (r) => flip.apply(strip, r).data[0]!)).toBeCloseTo(0.3, 1);
    expect(new RandomVerticalFlip(1).apply({ ...strip, height: 2, width: 1 }, new Random(1)).data[0]).toBe(1);
  });

  it("ColorJitter without options changes nothing; with them, order and factors are random", () => {
    expect(new ColorJitter().apply(image, new Random(1))).toEqual(image);
    const jitter = new ColorJitter({ brightness: 0.5, saturation: 0.5, hue: 0.2, contrast: 0.5 });
    const results = new Set(
      Array.from({ length: 50 }, (_, seed) => crcOf(jitter.apply(image, new Random(seed)))),
    );
    expect(results.size).toBe(50);
  });
});

describe("presets", () => {
  const names = (t: Compose): string[] => t.transforms.map(({ spec }) => spec!.name);

  it("have every transform at its place", () => {
    const jitter = new ColorJitter({ hue: 0.1 });
    expect(names(imagenetTrain({ augment: [jitter] }))).toEqual([
      "RandomResizedCrop",
      "RandomHorizontalFlip",
      "ColorJitter",
      "ToTensor",
      "Normalize",
    ]);
    expect(names(imagenetEval())).toEqual(["Resize", "CenterCrop", "ToTensor", "Normalize"]);
    expect(imagenetEval({ size: 299 }).transforms[0]!.spec!.options).toMatchObject({ size: 341 });
    expect(cifarTrain({ mean, std }).transforms.at(-1)!.spec!.options).toEqual({ mean, std });
  });
});

describe("errors", () => {
  const bytes = image;
  const floats = new ToTensor().apply(image);
  const random = new Random(1);
  it.each<[string, () => unknown]>([
    ["Resize: bad size; got 0; expected an integer ≥ 1 or two, [height, width]", () => new Resize(0)],
    [
      "Resize: bad interpolation; got cubic; expected nearest, box, bilinear, bicubic, lanczos, cv2-bilinear",
      () => new Resize(8, { interpolation: "cubic" as "bicubic" }),
    ],
    ["Resize: bad maxSize; got 8; expected an integer ≥ 9", () => new Resize(8, { maxSize: 8 })],
    [
      "Resize: maxSize goes with a single size; got [8,8]; expected a number",
      () => new Resize([8, 8], { maxSize: 9 }),
    ],
    [
      "Resize: unknown option 'antialias'; known: interpolation, resample, maxSize",
      () => new Resize(8, { antialias: true } as object),
    ],
    [
      "Resize: works before ToTensor; got 3 channels of floats; expected 1 or 3 of bytes",
      () => new Resize(8).apply(floats),
    ],
    [
      "RandomResizedCrop: bad scale; got [0.5,0.1]; expected two rising numbers in [1e-9, 1]",
      () => new RandomResizedCrop(8, { scale: [0.5, 0.1] }),
    ],
    ["RandomHorizontalFlip: bad p; got 2; expected a number in [0, 1]", () => new RandomHorizontalFlip(2)],
    [
      "RandomCrop: picture too small; got 42×55 with its padding; expected at least 64×64, or padIfNeeded",
      () => new RandomCrop(64, { padding: 1 }).apply(bytes, random),
    ],
    [
      "Pad: bad padding; got [1,2,3]; expected a number, [horizontal, vertical] or [left, top, right, bottom]",
      () => new Pad([1, 2, 3] as unknown as [number, number]),
    ],
    ["Pad: bad padding; got -1; expected an integer ≥ 0", () => new Pad(-1)],
    ["Pad: bad fill; got 256; expected an integer in [0, 255]", () => new Pad(1, { fill: 256 })],
    [
      "Pad: bad fill for a picture of 3 channels; got [1,2]; expected 3 numbers",
      () => new Pad(1, { fill: [1, 2] }).apply(bytes),
    ],
    ["ColorJitter: bad hue; got 0.6; expected a number in [0, 0.5]", () => new ColorJitter({ hue: 0.6 })],
    ["RandomRotation: bad degrees; got -3; expected a number ≥ 0", () => new RandomRotation(-3)],
    [
      "RandomAffine: bad translate; got 1.5; expected a number in [0, 1]",
      () => new RandomAffine(0, { translate: [1.5, 0] }),
    ],
    [
      "RandomAffine: bad center; got [1]; expected [x, y]",
      () => new RandomAffine(0, { center: [1] as unknown as [number, number] }),
    ],
    ["Grayscale: bad numOutputChannels; got 2; expected 1 or 3", () => new Grayscale(2)],
    [
      "Normalize: works after Normalize; got an image of bytes; expected floats",
      () => new Normalize(mean, std).apply(bytes),
    ],
    [
      "Normalize: bad mean or std; got [0.5] and [0]; expected one number for each channel, deviations not 0",
      () => new Normalize([0.5], [0]),
    ],
    [
      "Normalize: does not fit the picture; got 3 channels; expected 1, the number of means",
      () => new Normalize([0.5], [0.5]).apply(floats),
    ],
  ])("%s", (message, run) => {
    expect(run).toThrow(DataError);
    expect(run).toThrow(message);
  });
});
