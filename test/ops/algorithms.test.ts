// Rows of the case table run what they are there for: a row that names an algorithm fails where another one runs.

import { describe, expect, test } from "vitest";
import { conv2d, tensor, type Conv2dOptions } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { opCases } from "../cases/index.js";
import { algorithms } from "../cases/conv.js";
import { largeConvs } from "../cases/large.js";
import { algorithmsOf } from "../helpers/algorithms.js";
import { TILES } from "../helpers/binaries.js";
import { launchesOf } from "../helpers/launches.js";
import { isQuick } from "../helpers/ring.js";
import { sizeOf } from "../reference/values.js";

interface Row {
  name: string;
  x: readonly number[];
  weight: readonly number[];
  attrs: Conv2dOptions;
  algorithms: ReturnType<typeof algorithms>;
}

const small: Row[] = opCases
  .find(({ op }) => op === "conv2d")!
  .cases.map(({ name, inputs, attrs, algorithms }) => ({
    name,
    x: inputs["x"] as readonly number[],
    weight: inputs["weight"] as readonly number[],
    attrs: attrs as Conv2dOptions,
    algorithms: algorithms!,
  }));

const rows: Row[] = [...small, ...(isQuick ? [] : (largeConvs as readonly Row[]))];

test("every algorithm of every pass has rows", () => {
  const named = (pass: keyof Row["algorithms"]): string[] => [
    ...new Set(rows.map((row) => row.algorithms[pass].replace(/ in \d chunks/, " in chunks"))),
  ];
  const fast = ["depthwise", "direct", "none", "winograd-stride2", "winograd"];
  const kept = [...fast, "winograd-stem"];
  expect(named("inference").sort()).toEqual([...kept, "one-pixel"].sort());
  expect(named("forward").sort()).toEqual(
    [...kept, "winograd-stride2 on the way", "winograd on the way"].sort(),
  );
  expect(named("data").sort()).toEqual(
    [...fast, "winograd-stride2 on the way", "winograd on the way"].sort(),
  );
  expect(named("weight").sort()).toEqual(
    [...kept, "direct in chunks", "direct in parts", "winograd strips"].sort(),
  );
});

describe.each(isQuick ? TILES.slice(0, 1) : TILES)("under tile %i", (tile) => {
  test("rows run the algorithms that they name", () => {
    init({ threads: 1, tile });
    const got = rows.map(({ name, x, weight, attrs }) => [name, algorithmsOf(x, weight, attrs)]);
    expect(got).toEqual(rows.map(({ name, algorithms }) => [name, algorithms]));
  });
});

test("without Winograd all but depthwise rows and single pixels run directly", () => {
  init({ threads: 1, winograd: false });
  for (const { name, x, weight, attrs, algorithms } of small) {
    for (const [pass, algorithm] of Object.entries(algorithmsOf(x, weight, attrs))) {
      const named = algorithms[pass as keyof Row["algorithms"]];
      const slow = /^(depthwise|none|one-pixel)/.exec(named)?.[0] ?? "direct";
      expect(algorithm.split(" ")[0], name).toBe(slow);
    }
  }
});

test.each(small.filter(({ name }) => name.includes("most windows of dx reach outside")))(
  "$name: rows that meet the same taps go by themselves",
  ({ x, weight, attrs }) => {
    init({ threads: 1 });
    const input = tensor(new Float32Array(sizeOf(x)), x, { requiresGrad: true });
    const y = conv2d(input, tensor(new Float32Array(sizeOf(weight)), weight), undefined, attrs);
    const launches = launchesOf(() => y.backward(tensor(new Float32Array(y.size), y.shape)));
    const phases = Number(attrs.stride ?? 1) ** 2;
    expect(launches.filter((kernel) => kernel === "rowsGemm").length).toBeGreaterThan(phases);
  },
);
