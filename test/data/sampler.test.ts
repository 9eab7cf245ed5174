import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  balancedSampler,
  RandomSampler,
  SequentialSampler,
  WeightedRandomSampler,
  type Sampler,
} from "../../src/data/sampler.js";
import { DataError } from "../../src/errors.js";

const ten = { length: 10 };

/** How often each of n samples is drawn in this many epochs. */
function counts(sampler: Sampler, n: number, epochs: number): number[] {
  const found = new Array<number>(n).fill(0);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const indices = sampler.indices(new Random(epoch));
    expect(indices).toHaveLength(sampler.length);
    for (const i of indices) found[i]!++;
  }
  return found;
}

/** Whether counts of independent draws are within five standard deviations of what the shares say. */
function expectShares(found: readonly number[], shares: readonly number[]): void {
  const draws = found.reduce((a, b) => a + b);
  shares.forEach((p, i) => {
    expect(Math.abs(found[i]! - draws * p), `sample ${i}`).toBeLessThanOrEqual(
      5 * Math.sqrt(draws * p * (1 - p)),
    );
  });
}

describe("SequentialSampler", () => {
  it("gives every sample in order", () => {
    expect([...new SequentialSampler(ten).indices()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("RandomSampler", () => {
  it("permutes all samples, or a part of them, each place equally likely", () => {
    expect(counts(new RandomSampler(ten), 10, 3)).toEqual(new Array(10).fill(3));
    expectShares(counts(new RandomSampler(ten, { numSamples: 1 }), 10, 5000), new Array(10).fill(0.1));
  });

  it("draws with replacement, equally likely", () => {
    const sampler = new RandomSampler(ten, { replacement: true, numSamples: 5000 });
    expectShares(counts(sampler, 10, 1), new Array(10).fill(0.1));
  });

  it("draws the same for the same stream", () => {
    const sampler = new RandomSampler(ten, { replacement: true });
    expect(sampler.indices(new Random(1))).toEqual(sampler.indices(new Random(1)));
    expect(sampler.indices(new Random(1))).not.toEqual(sampler.indices(new Random(2)));
  });

  it("refuses more samples than there are", () => {
    expect(() => new RandomSampler(ten, { numSamples: 11 })).toThrow(
      new DataError("RandomSampler: numSamples must be an integer from 1 to 10, without replacement; got 11"),
    );
  });
});

describe("WeightedRandomSampler", () => {
  const weights = [1, 0, 2, 5, 0];

  it("draws with replacement as the weights say", () => {
    expectShares(counts(new WeightedRandomSampler(weights, 20000), 5, 1), [0.125, 0, 0.25, 0.625, 0]);
  });

  it("draws without replacement as one draw after the other would", () => {
    const sampler = new WeightedRandomSampler(weights, 2, { replacement: false });
    const pairs = new Map<string, number>();
    const epochs = 20000;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const pair = sampler.indices(new Random(epoch)).join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    // First by w/8, second by w/(8 − first).
    const share = {
      "0,2": 2 / 56,
      "0,3": 5 / 56,
      "2,0": 2 / 48,
      "2,3": 10 / 48,
      "3,0": 5 / 24,
      "3,2": 10 / 24,
    };
    expect([...pairs.keys()].sort()).toEqual(Object.keys(share));
    expectShares(
      Object.keys(share).map((pair) => pairs.get(pair)!),
      Object.values(share),
    );
  });

  it.each([
    [[1, -1], 1, true, "WeightedRandomSampler: weights must be finite and ≥ 0; got -1 at index 1"],
    [[1, NaN], 1, true, "WeightedRandomSampler: weights must be finite and ≥ 0; got NaN at index 1"],
    [[0, 0], 1, true, "WeightedRandomSampler: no weight is > 0"],
    [[1], 0, true, "WeightedRandomSampler: numSamples must be an integer ≥ 1; got 0"],
    [
      [1, 0, 1],
      3,
      false,
      "WeightedRandomSampler: numSamples must be an integer from 1 to 2, without replacement; got 3",
    ],
  ])("refuses %j × %d", (given, numSamples, replacement, message) => {
    expect(() => new WeightedRandomSampler(given, numSamples, { replacement })).toThrow(
      new DataError(message),
    );
  });
});

describe("balancedSampler", () => {
  it("draws every class equally often, and within a class every sample", () => {
    const labels = [0, 0, 0, 0, 0, 0, 1, 1, 2];
    const found = counts(balancedSampler(labels, 20000), labels.length, 1);
    expectShares(found, [...new Array<number>(6).fill(1 / 18), 1 / 6, 1 / 6, 1 / 3]);
    expect(balancedSampler(labels).length).toBe(9);
  });
});
