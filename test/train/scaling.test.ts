// The cost model of steps of many processes, against what follows from its words.

import { expect, it } from "vitest";
import { forecast, linkOf, reduceMs, type Link, type StepCost } from "../../src/train/scaling.js";

const link: Link = { bitsPerSecond: 1e9, latencyMs: 0.05 };

it("a sum moves the bytes of a ring: twice (n − 1) / n out of each process", () => {
  for (const n of [2, 3, 8, 1024]) {
    const bytes = (2 * (n - 1) * 1e6) / n;
    expect(reduceMs(1e6, n, link)).toBeCloseTo(2 * (n - 1) * 0.05 + (8 * bytes * 1000) / 1e9, 9);
  }
  expect(reduceMs(1e6, 1, link)).toBe(0);
});

it("backward hides sums that end before it, and no more than that", () => {
  const bucket = (readyMs: number): StepCost["buckets"][number] => ({ bytes: 1e6, readyMs });
  const each = reduceMs(1e6, 2, link); // 8.1 ms
  // Both end early, except for the last.
  const early = forecast({ stepMs: 120, buckets: [bucket(50), bucket(70), bucket(100)] }, 2, link);
  expect(early.stepMs).toBeCloseTo(120 + each, 9);
  expect(early.hidden).toBeCloseTo(2 / 3, 9);
  // All are complete at the end: they follow one another.
  const late = forecast({ stepMs: 120, buckets: [bucket(100), bucket(100), bucket(100)] }, 2, link);
  expect(late).toMatchObject({ reduceMs: expect.closeTo(3 * each, 9) as number });
  expect(late.hidden).toBeCloseTo(0, 9);
  expect(late.stepMs).toBeCloseTo(120 + 3 * each, 9);
  expect(late.efficiency).toBeCloseTo(120 / (120 + 3 * each), 9);
  // The second one waits for the first.
  const queued = forecast({ stepMs: 120, buckets: [bucket(96), bucket(100)] }, 2, link);
  expect(queued.stepMs).toBeCloseTo(120 + 2 * each - 4, 9);
});

it("one process exchanges nothing", () => {
  const alone = forecast({ stepMs: 10, buckets: [{ bytes: 100, readyMs: 8 }] }, 1, link);
  expect(alone).toEqual({ stepMs: 10, reduceMs: 0, hidden: 1, efficiency: 1 });
});

it("finds the link again from what its sums take", () => {
  for (const n of [2, 4, 64]) {
    const tinyMs = reduceMs(0, n, link);
    const found = linkOf(n, { tinyMs, wholeMs: 3 * reduceMs(1e6, n, link), bytes: 3e6, buckets: 3 });
    expect(found.bitsPerSecond).toBeCloseTo(1e9, -3);
    expect(found.latencyMs).toBeCloseTo(0.05, 9);
  }
});
