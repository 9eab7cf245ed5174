// The timings of depthwise convolutions' ways end with the kernels they were taken of.

import { afterAll, expect, test } from "vitest";
import { conv2d, init, ones, tidy } from "../../src/index.js";

afterAll(() => void init());

test("depthwise convolutions go on after init() with another tile, in the middle of their timing", () => {
  const calls = (tile: number, n: number): number[] => {
    init({ tile, threads: 1 });
    const [x, k] = [ones([1, 96, 96, 32]), ones([3, 3, 1, 32])];
    return Array.from({ length: n }, () =>
      tidy(() => conv2d(x, k, undefined, { padding: 1, groups: 32 }).sum().item()),
    );
  };
  const want = calls(1, 1)[0]!;
  for (const [tile, n] of [
    [0, 33],
    [1, 60],
    [0, 60],
    [1, 33],
    [3, 50],
  ] as const) {
    expect(new Set(calls(tile, n))).toEqual(new Set([want]));
  }
});
