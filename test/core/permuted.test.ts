// Arrays with their axes in another order, element by element.

import { describe, expect, it } from "vitest";
import { copyPermuted } from "../../src/core/permuted.js";
import { sizeOf, stridesOf } from "../../src/core/shape.js";
import { ShapeError, tensor, zeros } from "../../src/index.js";

/** The definition: element (i0, i1, …) of the result lies where axis axes[k] of the source has index ik. */
function permuted(from: ArrayLike<number>, shape: readonly number[], axes: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const to = axes.map((axis) => shape[axis]!);
  const own = stridesOf(to);
  return Array.from(
    { length: sizeOf(to) },
    (_, at) =>
      from[axes.reduce((sum, axis, k) => sum + (Math.floor(at / own[k]!) % to[k]!) * strides[axis]!, 0)]!,
  );
}

const CASES: [shape: number[], axes: number[]][] = [
  [[5], [0]],
  [
    [3, 4],
    [0, 1],
  ],
  [
    [3, 4],
    [1, 0],
  ],
  [
    [2, 3, 4],
    [2, 0, 1],
  ],
  [
    [2, 3, 4],
    [1, 0, 2],
  ],
  [
    [37, 5, 3, 3],
    [2, 3, 1, 0],
  ],
  [
    [16, 1, 5, 5],
    [2, 3, 1, 0],
  ],
  [
    [33, 17, 1, 1],
    [2, 3, 1, 0],
  ],
  [
    [3, 2, 17, 33],
    [3, 2, 0, 1],
  ],
  [
    [2, 3, 2, 3, 2],
    [4, 1, 3, 0, 2],
  ],
  [
    [4, 0, 3, 3],
    [2, 3, 1, 0],
  ],
  [
    [0, 4],
    [1, 0],
  ],
];

describe("copyPermuted", () => {
  it.each(CASES)("%j with axes %j", (shape, axes) => {
    const from = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 1);
    const to = new Float32Array(from.length);
    copyPermuted(to, from, shape, axes);
    expect([...to]).toEqual(permuted(from, shape, axes));
  });

  it("is what Tensor.copyPermuted() writes, which drops what was derived from the old elements", () => {
    const x = zeros([2, 3]);
    const { version } = x.storage;
    x.copyPermuted([1, 2, 3, 4, 5, 6], [3, 2], [1, 0]);
    expect(x.tolist()).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
    expect(x.storage.version).toBe(version + 1);
    const y = tensor([1, 2]);
    expect(() => y.copyPermuted([1], [1], [0])).toThrow(
      new ShapeError("copyFrom: x:[2] holds 2 elements; got 1"),
    );
    x.dispose();
    y.dispose();
  });
});
