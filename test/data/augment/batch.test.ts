import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { oneHot, type BatchTransform } from "../../../src/data/augment/batch.js";
import { makeBatchTransform } from "../../../src/data/from-spec.js";
import { CutMix } from "../../../src/data/augment/cutmix.js";
import { FMix, lowFrequencyNoise } from "../../../src/data/augment/fmix.js";
import { Mixup } from "../../../src/data/augment/mixup.js";
import { RandomChoice } from "../../../src/data/augment/random-choice.js";
import { inverseRealTransform } from "../../../src/data/augment/spectrum.js";
import { DataError } from "../../../src/errors.js";

const [N, H, W] = [6, 14, 11];
const shape = [N, H, W, N];

/** Picture i is 1 in channel i: what share of it is left, and of whom the rest, shows in the channels. */
function batch(): { images: Float32Array; targets: Float32Array } {
  const pixels = Int32Array.from({ length: N * H * W }, (_, i) => Math.floor(i / (H * W)));
  return { images: oneHot(pixels, N), targets: oneHot([0, 1, 2, 3, 4, 5], N) };
}

/** Mean of each channel of each picture: [N, N]. */
function shares(images: Float32Array): number[] {
  const sums = new Array<number>(N * N).fill(0);
  images.forEach((v, i) => (sums[Math.floor(i / (H * W * N)) * N + (i % N)]! += v / (H * W)));
  return sums;
}

const transforms = [new Mixup({ alpha: 1 }), new CutMix(), new FMix()];

describe.each(transforms)("$spec.name", (transform) => {
  it("mixes targets as it mixes pixels, each picture with one other", () => {
    const random = new Random(9);
    const kept: number[] = [];
    for (let draw = 0; draw < 300; draw++) {
      const { images, targets } = batch();
      transform.apply(images, shape, targets, random);
      const found = shares(images);
      for (let i = 0; i < N * N; i++) expect(Math.abs(found[i]! - targets[i]!)).toBeLessThan(1e-5);
      for (let i = 0; i < N; i++) {
        const row = targets.subarray(i * N, (i + 1) * N);
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
        expect(row.filter((v, j) => j !== i && v > 0).length).toBeLessThanOrEqual(1);
        const column = row.map((_, j) => targets[j * N + i]!);
        expect(column.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      }
      expect(new Set(Array.from({ length: N }, (_, i) => targets[i * N + i]!)).size).toBe(1);
      kept.push(targets[0]!);
    }
    expect(Math.min(...kept)).toBeLessThan(0.4);
    expect(Math.max(...kept)).toBeGreaterThan(0.9);
  });

  it("is made from its JSON, with the same batches", () => {
    const again = makeBatchTransform(JSON.parse(JSON.stringify(transform.spec)) as typeof transform.spec);
    expect(again).toBeInstanceOf(transform.constructor);
    const draw = (which: BatchTransform, seed: number): number[] => {
      const { images, targets } = batch();
      which.apply(images, shape, targets, new Random(seed));
      return [...images, ...targets];
    };
    expect(draw(again, 3)).toEqual(draw(transform, 3));
    expect(draw(again, 4)).not.toEqual(draw(transform, 3));
  });

  it("leaves a batch of one unchanged", () => {
    const images = Float32Array.from({ length: 5 * 4 * 3 }, (_, i) => Math.fround(i / 7));
    const targets = Float32Array.of(0, 1);
    const before = images.slice();
    transform.apply(images, [1, 5, 4, 3], targets, new Random(1));
    images.forEach((v, i) => expect(v).toBeCloseTo(before[i]!, 5));
    expect(targets[1]).toBeCloseTo(1, 6);
  });

  it("says what does not fit", () => {
    const { images, targets } = batch();
    const call = (shape: number[], targets: Float32Array) => () =>
      transform.apply(images, shape, targets, new Random(0));
    const name = transform.spec.name;
    expect(call([N, H, W], targets)).toThrow(DataError);
    expect(call([N, H, W, 3], targets)).toThrow(
      `${name}: images do not fit their shape; got ${images.length} numbers and [6,14,11,3]; expected`,
    );
    expect(call(shape, targets.subarray(1))).toThrow(
      `${name}: targets do not fit the images; got 35 numbers; expected 6 rows`,
    );
  });
});

/** Shares that pictures keep, drawn n times. */
function keptShares(transform: BatchTransform, n: number): number[] {
  const random = new Random(12);
  return Array.from({ length: n }, () => {
    const targets = oneHot([0, 1], 2);
    transform.apply(new Float32Array(2 * 20 * 20), [2, 20, 20, 1], targets, random);
    return targets[0]!;
  });
}

const meanOf = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("Mixup", () => {
  it("draws lambda from Beta(0.2, 0.2)", () => {
    const lambdas = keptShares(new Mixup(), 4000);
    expect(Math.abs(meanOf(lambdas) - 0.5)).toBeLessThan(0.03);
    // Variance 1/(4(2α + 1)).
    expect(Math.abs(meanOf(lambdas.map((v) => (v - 0.5) ** 2)) - 1 / 5.6)).toBeLessThan(0.01);
  });
});

describe("CutMix", () => {
  it("pastes one box at the same place of the other picture", () => {
    const random = new Random(4);
    const values = Float32Array.from({ length: 2 * 9 * 13 }, (_, i) => i);
    for (let draw = 0; draw < 200; draw++) {
      const images = values.slice();
      new CutMix().apply(images, [2, 9, 13, 1], oneHot([0, 1], 2), random);
      const pasted = [...images.keys()].filter((i) => i < 117 && images[i] !== values[i]);
      pasted.forEach((i) => expect(images[i]).toBe(values[i + 117]));
      const columns = new Set(pasted.map((i) => i % 13));
      const rows = new Set(pasted.map((i) => Math.floor(i / 13)));
      expect(pasted.length).toBe(rows.size * columns.size);
      for (const set of [rows, columns]) {
        if (set.size > 0) expect(Math.max(...set) - Math.min(...set) + 1).toBe(set.size);
      }
    }
  });
});

describe("FMix", () => {
  it("draws the share evenly", () => {
    const kept = keptShares(new FMix(), 2000);
    expect(Math.abs(meanOf(kept) - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(meanOf(kept.map((v) => (v - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.01);
  });

  it("makes noise whose power falls with frequency as f^−2δ", () => {
    const random = new Random(7);
    const n = 16;
    const power = [1, 2, 4].map(() => 0);
    for (let draw = 0; draw < 400; draw++) {
      const noise = lowFrequencyNoise(n, n, 3, random);
      [1, 2, 4].forEach((k, i) => {
        let [re, im] = [0, 0];
        noise.forEach((v, at) => {
          re += v * Math.cos((2 * Math.PI * k * (at % n)) / n);
          im += v * Math.sin((2 * Math.PI * k * (at % n)) / n);
        });
        power[i]! += re * re + im * im;
      });
    }
    expect(Math.log2(power[0]! / power[1]!)).toBeCloseTo(6, 0);
    expect(Math.log2(power[0]! / power[2]!)).toBeCloseTo(12, 0);
  });

  it("transforms spectra as numpy.fft.irfft2 does", () => {
    const tables = JSON.parse(readFileSync(new URL("tables.json", import.meta.url), "utf8")) as {
      irfft2: Record<string, string>;
    };
    expect(Object.keys(tables.irfft2)).toHaveLength(5);
    for (const [size, golden] of Object.entries(tables.irfft2)) {
      const [height, width] = size.split(" ").map(Number) as [number, number];
      const length = height * (Math.floor(width / 2) + 1);
      const re = Float64Array.from({ length }, (_, i) => ((i * 37) % 19) - 9);
      const im = Float64Array.from({ length }, (_, i) => ((i * 23) % 17) - 8);
      const found = inverseRealTransform(re, im, height, width);
      const expected = golden.split(" ").map(Number);
      expect(found).toHaveLength(expected.length);
      expected.forEach((v, i) => expect(found[i], `${size} ${i}`).toBeCloseTo(v, 11));
    }
  });
});

describe("RandomChoice", () => {
  it("applies each with its probability, nothing with the rest", () => {
    const choice = new RandomChoice([new Mixup({ alpha: 1 }), new CutMix()], [0.5, 0.2]);
    const random = new Random(2);
    const counts = { mixup: 0, cutmix: 0, none: 0 };
    for (let i = 0; i < 2000; i++) {
      const images = Float32Array.from({ length: 2 * 30 * 30 }, (_, j) => (j < 900 ? 0 : 1));
      const targets = oneHot([0, 1], 2);
      choice.apply(images, [2, 30, 30, 1], targets, random);
      if (images.some((v) => v !== 0 && v !== 1)) counts.mixup++;
      else if (targets[0] !== 1) counts.cutmix++;
      else counts.none++;
    }
    expect(Math.abs(counts.mixup / 2000 - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(counts.cutmix / 2000 - 0.2)).toBeLessThan(0.03);
    expect(Math.abs(counts.none / 2000 - 0.3)).toBeLessThan(0.04);
  });

  it("is made from its JSON; all equal by default", () => {
    const choice = new RandomChoice([new Mixup(), new FMix({ decayPower: 2 })]);
    const spec = JSON.parse(JSON.stringify(choice.spec)) as typeof choice.spec;
    expect(spec).toEqual({
      name: "RandomChoice",
      options: {
        transforms: [
          { name: "Mixup", options: { alpha: 0.2 } },
          { name: "FMix", options: { alpha: 1, decayPower: 2 } },
        ],
        p: [0.5, 0.5],
      },
    });
    expect(makeBatchTransform(spec!).spec).toEqual(spec);
  });
});

describe("bad input", () => {
  it.each([
    [() => new Mixup({ alpha: 0 }), "Mixup: bad alpha; got 0; expected a number ≥"],
    [() => new CutMix({ alpha: -1 }), "CutMix: bad alpha; got -1; expected a number ≥"],
    [() => new FMix({ decayPower: -1 }), "FMix: bad decayPower; got -1; expected a number ≥ 0"],
    [() => new RandomChoice([]), "RandomChoice: got 0 probabilities for 0 transforms; expected one each"],
    [() => new RandomChoice([new Mixup()], [2]), "RandomChoice: bad p; got 2; expected a number in [0, 1]"],
    [
      () => new RandomChoice([new Mixup(), new CutMix()], [0.7, 0.7]),
      "RandomChoice: probabilities exceed 1; got 0.7, 0.7; expected a sum ≤ 1",
    ],
    [
      () => makeBatchTransform({ name: "ResizeMix", options: {} }),
      "batch transform: unknown name 'ResizeMix'; known: CutMix, FMix, Mixup, RandomChoice",
    ],
    [() => oneHot([0, 3], 3), "oneHot: label out of range; got 3 at index 1; expected 0…2"],
  ])("is told", (call, message) => {
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  });
});
