// What AutoAugment, RandAugment and TrivialAugment draw: every outcome that should occur does, as often as it should.

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { AutoAugment } from "../../../src/data/augment/auto-augment.js";
import { magnitudeAt, standardSpace, wideSpace, type Space } from "../../../src/data/augment/magnitudes.js";
import { applyOp, type OpName, type OpOptions } from "../../../src/data/augment/ops.js";
import { policies, type PolicyName } from "../../../src/data/augment/policies.js";
import { RandAugment } from "../../../src/data/augment/rand-augment.js";
import { TrivialAugmentWide } from "../../../src/data/augment/trivial-augment.js";
import type { RawImage } from "../../../src/data/image.js";
import { type Transform } from "../../../src/data/transform.js";
import { makeTransform } from "../../../src/data/from-spec.js";
import { DataError } from "../../../src/errors.js";
import { picture, plain } from "./pictures.js";

const image = picture("slope", 12, 11, 3);
const text = ({ data }: { data: ArrayLike<number> }): string =>
  createHash("sha256").update(Uint8Array.from(data)).digest("hex");

/** Pictures with their probabilities. */
type Outcomes = [RawImage, number][];

/** What one operation at a level makes of a picture: two outcomes where a coin decides the sign. */
function outcomesOf(from: RawImage, op: OpName, space: Space, level: number, bins: number): Outcomes {
  const magnitude = magnitudeAt(space.get(op), level, bins);
  const signs = space.get(op)?.signed ? [1, -1] : [1];
  return signs.map((sign) => [applyOp(from, op, sign * magnitude), 1 / signs.length]);
}

/** Draws the transform n times and compares frequencies with the expected ones, five standard deviations wide. */
function compare(transform: Transform, outcomes: Outcomes, n: number): void {
  const expected = new Map<string, number>();
  for (const [one, p] of outcomes) expected.set(text(one), (expected.get(text(one)) ?? 0) + p);
  expect([...expected.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 9);
  const found = new Map<string, number>();
  const random = new Random(5);
  for (let i = 0; i < n; i++) {
    const key = text(transform.apply(image, random));
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  expect([...found.keys()].filter((key) => !expected.has(key))).toEqual([]);
  for (const [key, p] of expected) {
    const deviation = Math.sqrt(n * p * (1 - p));
    expect(Math.abs((found.get(key) ?? 0) - n * p)).toBeLessThanOrEqual(5 * deviation + 1);
  }
}

describe("AutoAugment", () => {
  it.each(["imagenet", "cifar10", "svhn"] as const)("draws the sub-policies of %s", (policy: PolicyName) => {
    const space = standardSpace(image);
    const outcomes = policies[policy].flatMap((sub) =>
      sub.reduce<Outcomes>(
        (before, [op, p, level]) =>
          before.flatMap(([from, q]): Outcomes => [
            [from, q * (1 - p)],
            ...outcomesOf(from, op, space, level, 10).map(([to, r]): Outcomes[0] => [to, q * p * r]),
          ]),
        [[image, 1 / 25]],
      ),
    );
    compare(new AutoAugment({ policy }), outcomes, 20_000);
  });
});

describe("RandAugment", () => {
  it("draws 14 operations evenly, at one level, in a row", () => {
    const space = standardSpace(image);
    const names = [...space.keys()];
    const once = (from: RawImage): Outcomes =>
      names.flatMap((op) =>
        outcomesOf(from, op, space, 5, 11).map(([to, p]): Outcomes[0] => [to, p / names.length]),
      );
    expect(names).toHaveLength(14);
    const options = { magnitude: 5, numMagnitudeBins: 11 };
    compare(new RandAugment({ numOps: 1, ...options }), once(image), 10_000);
    const twice = once(image).flatMap(([from, p]) => once(from).map(([to, q]): Outcomes[0] => [to, p * q]));
    compare(new RandAugment(options), twice, 20_000);
  });

  it("is harsher at a higher magnitude", () => {
    const distance = (magnitude: number): number => {
      const random = new Random(1);
      const transform = new RandAugment({ numOps: 1, magnitude });
      let sum = 0;
      for (let i = 0; i < 500; i++) {
        transform.apply(image, random).data.forEach((v, j) => (sum += Math.abs(v - image.data[j]!)));
      }
      return sum;
    };
    expect(distance(15)).toBeGreaterThan(1.5 * distance(3));
    expect(distance(30)).toBeGreaterThan(1.2 * distance(15));
  });
});

describe("TrivialAugmentWide", () => {
  it("draws one operation and one level, both evenly", () => {
    const outcomes = [...wideSpace].flatMap(([op, range]) => {
      const levels = range ? Array.from({ length: 7 }, (_, i) => i) : [0];
      return levels.flatMap((level) =>
        outcomesOf(image, op, wideSpace, level, 7).map(([to, p]): Outcomes[0] => [
          to,
          p / levels.length / wideSpace.size,
        ]),
      );
    });
    compare(new TrivialAugmentWide({ numMagnitudeBins: 7 }), outcomes, 20_000);
  });
});

describe("all three", () => {
  const how: OpOptions = { interpolation: "bilinear", fill: [124, 116, 104] };

  it.each([
    [new AutoAugment({ policy: "svhn", ...how })],
    [new RandAugment({ magnitude: 20, ...how })],
    [new TrivialAugmentWide(how)],
  ])("are made from their JSON, with the same pictures ($spec.name)", (transform) => {
    const again = makeTransform(JSON.parse(JSON.stringify(transform.spec)) as typeof transform.spec);
    expect(again).toBeInstanceOf(transform.constructor);
    const draws = (which: Transform, seed: number): string[] => {
      const random = new Random(seed);
      return Array.from({ length: 30 }, () => text(which.apply(image, random)));
    };
    expect(draws(again, 3)).toEqual(draws(transform, 3));
    expect(draws(again, 4)).not.toEqual(draws(transform, 3));
  });

  it.each([
    [
      () => new AutoAugment({ policy: "mnist" as PolicyName }),
      "AutoAugment: bad policy; got mnist; expected",
    ],
    [() => new AutoAugment({ fill: 256 }), "AutoAugment: bad fill; got 256; expected an integer in [0, 255]"],
    [
      () => makeTransform({ name: "AutoAugment", options: { polcy: "svhn" } }),
      "AutoAugment: unknown option 'polcy'; did you mean policy? known: policy, interpolation, fill",
    ],
    [
      () => new RandAugment({ magnitude: 31 }),
      "RandAugment: bad magnitude; got 31; expected an integer in [0, 30]",
    ],
    [() => new RandAugment({ numOps: 1.5 }), "RandAugment: bad numOps; got 1.5; expected an integer ≥ 0"],
    [
      () => new TrivialAugmentWide({ numMagnitudeBins: 1 }),
      "TrivialAugmentWide: bad numMagnitudeBins; got 1; expected an integer ≥ 2",
    ],
    [
      () => new TrivialAugmentWide({ interpolation: "lanczos" as "nearest" }),
      "TrivialAugmentWide: bad interpolation; got lanczos; expected nearest, bilinear, bicubic",
    ],
    [
      () => new AutoAugment().apply(plain(2, 2), new Random(0)),
      "AutoAugment: works before ToTensor; got 3 channels of floats; expected 1 or 3 of bytes",
    ],
  ])("say what is wrong", (call, message) => {
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  });
});
