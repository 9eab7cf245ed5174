// Augmentations of a whole batch, which mix pictures and, in the same proportion, their targets.

import { checkKinds, wrongKind } from "../../errors/options.js";
import type { Random } from "../../core/random.js";
import type { Shape } from "../../core/shape.js";
import { DataError } from "../../errors.js";
import type { TransformSpec } from "../transform.js";

/**
 * One step on a batch, after Normalize. It holds no state: the result depends only on the batch and random. Targets are shares
 * of the classes that sum up to 1, as crossEntropy takes them, initially one-hot rows; or, for a dataset whose pictures have
 * several classes each, 0 or 1 for each class.
 */
export interface BatchTransform {
  /** The spec from which worker threads make it. Your own transform needs none if no worker threads are used. */
  readonly spec?: TransformSpec | undefined;
  /**
   * Changes both arrays in place.
   * @param images [n, height, width, channels], described by `shape`
   * @param targets [n, classes]
   * @throws DataError unless the arrays fit the shape
   */
  apply(images: Float32Array, shape: Shape, targets: Float32Array, random: Random): void;
}

/** Transforms by their registered names (registerBatchTransform). */
export const registeredBatchTransforms = new Map<string, (options: never) => BatchTransform>();

/** Makes a batch transform known by name, so that it can be made from its spec. */
export function registerBatchTransform<Options extends object>(
  name: string,
  make: (options: Options) => BatchTransform,
): void {
  checkKinds("registerBatchTransform", { name, make }, { name: "text", make: "function" });
  registeredBatchTransforms.set(name, make);
}

/** One-hot rows [n, classes] of labels. @throws DataError if a label is not an integer in [0, classes) */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  checkKinds("oneHot", { labels, classes }, { labels: "numbers", classes: "number" });
  if (!Number.isInteger(classes) || classes < 1)
    throw wrongKind("oneHot", "classes", classes, "an integer ≥ 1");
  const targets = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new DataError(
        `oneHot: label out of range; got ${label} at index ${i}; expected 0…${classes - 1}`,
      );
    }
    targets[i * classes + label] = 1;
  }
  return targets;
}

/** @throws DataError unless images are [n, height, width, channels] according to shape, and targets n rows */
export function requireBatch(op: string, images: Float32Array, shape: Shape, targets: Float32Array): void {
  const [n = 0] = shape;
  const pixels = shape.reduce((size, dim) => size * dim, 1);
  if (shape.length !== 4 || n < 1 || images.length !== pixels) {
    throw new DataError(
      `${op}: images do not fit their shape; got ${images.length} numbers and [${shape.join(",")}]; ` +
        "expected [n,height,width,channels]",
    );
  }
  if (targets.length === 0 || targets.length % n !== 0) {
    throw new DataError(
      `${op}: targets do not fit the images; got ${targets.length} numbers; expected ${n} rows`,
    );
  }
}

/**
 * Calls mix(row, other) for every row of [n, …] with the row that follows it in a ring of random order: each row is mixed with
 * another one (with itself if there is only one), and each is used once as `other`. Rows are changed in place, and `other` is
 * always the original row.
 */
export function mixAlong(
  ring: Uint32Array,
  rows: Float32Array,
  mix: (row: Float32Array, other: Float32Array) => void,
): void {
  const n = ring.length;
  const size = rows.length / n;
  const row = (i: number): Float32Array => rows.subarray(ring[i]! * size, (ring[i]! + 1) * size);
  const first = row(0).slice();
  for (let i = 0; i < n; i++) mix(row(i), i + 1 < n ? row(i + 1) : first);
}

/** row = lambda·row + (1 − lambda)·other. */
export function blendRows(lambda: number): (row: Float32Array, other: Float32Array) => void {
  const rest = 1 - lambda;
  return (row, other) => {
    for (let i = 0; i < row.length; i++) row[i] = lambda * row[i]! + rest * other[i]!;
  };
}
