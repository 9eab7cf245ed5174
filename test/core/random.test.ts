import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";

/** Mean and variance of n draws. */
function moments(draw: () => number, n = 40_000): [mean: number, variance: number] {
  let [mean, sum] = [0, 0];
  for (let i = 1; i <= n; i++) {
    const v = draw();
    const before = mean;
    mean += (v - mean) / i;
    sum += (v - before) * (v - mean);
  }
  return [mean, sum / n];
}

describe("Random", () => {
  it.each([0.2, 0.9, 1, 2.5, 40])("draws gamma numbers of shape %d with mean and variance %d", (shape) => {
    const random = new Random(1);
    const [mean, variance] = moments(() => random.gamma(shape));
    expect(Math.abs(mean / shape - 1)).toBeLessThan(5 / Math.sqrt(40_000 * shape));
    expect(Math.abs(variance / shape - 1)).toBeLessThan(0.1);
  });

  it.each([
    [0.2, 0.2],
    [1, 1],
    [0.5, 3],
    [8, 2],
  ])("draws beta numbers (%d, %d) with their mean and variance, in [0, 1]", (a, b) => {
    const random = new Random(2);
    const [mean, variance] = moments(() => {
      const v = random.beta(a, b);
      expect(v >= 0 && v <= 1).toBe(true);
      return v;
    });
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(0.01);
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.03);
  });

  it("draws Beta(1, 1) evenly", () => {
    const random = new Random(3);
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) tenths[Math.min(9, Math.floor(10 * random.beta(1, 1)))]!++;
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(220);
  });

  it("draws beta numbers where the gammas are too small for float64", () => {
    const random = new Random(4);
    const [mean] = moments(() => random.beta(1e-3, 1e-3), 4000);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.04);
  });
});
