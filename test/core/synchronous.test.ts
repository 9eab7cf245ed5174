// Functions that change something while their callback runs take no asynchronous one, and put everything back.

import { describe, expect, it, test } from "vitest";
import { isGradEnabled } from "../../src/core/grad-mode.js";
import { isShapesOnly, shapesOnly } from "../../src/core/op.js";
import {
  BatchNorm2d,
  DataError,
  DataLoader,
  Dropout,
  evaluate,
  Flatten,
  ImageDataset,
  Linear,
  memoryStats,
  noGrad,
  ones,
  Sequential,
  tidy,
} from "../../src/index.js";
import { inEvaluation } from "../../src/nn/evaluation.js";
import { withoutInit } from "../../src/nn/init.js";

const layer = new Dropout();

const scoped: [string, <T>(fn: () => T) => T][] = [
  ["tidy", tidy],
  ["noGrad", noGrad],
  ["shapesOnly", shapesOnly],
  ["withoutInit", withoutInit],
  ["inEvaluation", (fn) => inEvaluation(layer, fn)],
];

describe.each(scoped)("%s", (name, scope) => {
  const asked = [
    ["an async function", async () => ones([2]).dispose()],
    ["one that fails later", async () => Promise.reject(new Error("later"))],
    ["one that returns something with a then", () => ({ then: () => undefined })],
  ] as const;

  it.each(asked)("refuses %s", async (_, fn) => {
    expect(() => scope<unknown>(fn)).toThrow(
      new DataError(`${name}: fn must not be async; got a promise; expected its result at once`),
    );
    expect([isGradEnabled(), isShapesOnly(), layer.training]).toEqual([true, false, true]);
    await new Promise((resume) => setTimeout(resume)); // a rejection that nobody heard of would end the test run
  });

  it.each<[string, () => unknown, string]>([
    ["a generator", function* () {}, "a generator"],
    ["an asynchronous generator", async function* () {}, "a generator"],
    ["promises in an array", () => [1].map(async () => Promise.reject(new Error("later"))), "a promise"],
    ["a promise in an object", () => ({ loss: Promise.resolve(1) }), "a promise"],
  ])("refuses %s", async (_, fn, got) => {
    expect(() => scope(fn)).toThrow(
      new DataError(`${name}: fn must not be async; got ${got}; expected its result at once`),
    );
    await new Promise((resume) => setTimeout(resume));
  });

  it("gives back what fn returns, and undoes its change also after an error", () => {
    expect(scope(() => ({ answer: 42 }))).toEqual({ answer: 42 });
    expect(() =>
      scope(() => {
        throw new RangeError("mine");
      }),
    ).toThrow(new RangeError("mine"));
    expect([isGradEnabled(), isShapesOnly(), layer.training]).toEqual([true, false, true]);
  });
});

test("evaluations of one model at the same time are evaluations, and leave its modes", async () => {
  const norm = new BatchNorm2d(1);
  const model = new Sequential(norm, new Dropout(0.5), new Flatten(), new Linear(4, 2));
  const dataset = new ImageDataset({
    images: Uint8Array.from({ length: 32 * 4 }, (_, i) => (i * 37) % 256),
    shape: [2, 2, 1],
    labels: Array.from({ length: 32 }, (_, i) => i % 2),
    classes: ["a", "b"],
  });
  const run = (batchSize: number) => evaluate(model, new DataLoader(dataset, { batchSize }));
  const [want, mean] = [(await run(4)).loss, norm.runningMean!.data()];
  const all = await Promise.all([run(32), run(4), run(8)]);
  for (const { loss } of all) expect(loss).toBeCloseTo(want, 5);
  expect(norm.runningMean!.data()).toEqual(mean);
  expect([...model.modules()].every((m) => m.training)).toBe(true);
  model.dispose();
  expect(memoryStats().blocks).toBe(0);
});
