// The table of augmentations: every row's values are of its kind, and what it makes can be made again from its spec.

import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import {
  augmentations,
  makeBatchTransform,
  makeTransform,
  type Augmentation,
  type BatchTransform,
  type FloatImage,
  type Transform,
  type TransformSpec,
} from "../../../src/index.js";
import { picture } from "./pictures.js";

const rows = Object.entries(augmentations) as unknown as [
  string,
  Augmentation<unknown, Transform | BatchTransform>,
][];
const SIDE = 32;
const bytes = picture("slope", SIDE, SIDE, 3);
const floats = (): FloatImage => ({ ...bytes, data: Float32Array.from(bytes.data, (v) => v / 255 - 2) });

describe.each(rows)("%s", (_, { on, kind, default: none, help, shown, make }) => {
  it("takes its default and what it is shown by, and no text", () => {
    for (const value of [none, ...shown]) expect(kind.accepts(value)).toBe(true);
    expect(kind.accepts("much")).toBe(false);
    expect(shown).not.toContain(none);
    expect(help.length).toBeGreaterThan(5);
  });

  it.each(shown)("%s changes images, the same again from its spec", (value) => {
    const first = make(value, SIDE);
    const spec = JSON.parse(JSON.stringify(first.spec)) as TransformSpec;
    const again = on === "batches" ? makeBatchTransform(spec) : makeTransform(spec);
    const before = on === "bytes" ? bytes : floats();
    const run = (one: Transform | BatchTransform, seed: number): readonly number[] => {
      if (on !== "batches") return [...(one as Transform).apply(before, new Random(seed)).data];
      const images = new Float32Array([...before.data, ...before.data.toReversed()]);
      (one as BatchTransform).apply(
        images,
        [2, SIDE, SIDE, 3],
        Float32Array.of(1, 0, 0, 1),
        new Random(seed),
      );
      return [...images].slice(0, before.data.length);
    };
    const made = [1, 2, 3, 4].map((seed) => run(first, seed));
    expect(made.some((image) => image.join() !== [...before.data].join())).toBe(true);
    expect([1, 2, 3, 4].map((seed) => run(again, seed))).toEqual(made);
  });
});
