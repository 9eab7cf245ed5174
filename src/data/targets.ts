// Targets of images with several classes each: 0 or 1 for every class.

import { DataError } from "../errors.js";
import { oneHot } from "./augment/batch.js";
import { sharedBytes } from "./shared.js";
import type { Dataset } from "./dataset.js";

/** Most targets: a gigabyte. */
const MOST_TARGETS = 2 ** 28;

/** Rows of zeros [n, classes] in memory that threads share, if the engine supports it. */
export function emptyTargets(n: number, classes: number): Float32Array {
  if (n * classes > MOST_TARGETS) {
    throw new DataError(
      `targets of ${n} images of several of ${classes} classes; expected at most ${MOST_TARGETS} numbers`,
    );
  }
  return new Float32Array(sharedBytes(4 * n * classes).buffer);
}

/** @throws DataError unless there are n rows of 0 and 1, one number for each class */
export function checkTargets(name: string, targets: Float32Array, n: number, classes: number): void {
  if (targets.length !== n * classes) {
    throw new DataError(
      `${name}: ${targets.length} targets; expected ${n * classes}, for ${n} images of ${classes} classes`,
    );
  }
  const bad = targets.findIndex((t) => t !== 0 && t !== 1);
  if (bad < 0) return;
  throw new DataError(
    `${name}: targets must be 0 or 1; got ${targets[bad]} for image ${Math.floor(bad / classes)}, class ${bad % classes}`,
  );
}

/** The first class of each row, −1 for a row of zeros. */
export function firstClasses(targets: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: targets.length / classes }, (_, row) =>
    targets.subarray(row * classes, (row + 1) * classes).indexOf(1),
  );
}

/** The rows of some samples, a new array: of the dataset's targets, or one-hot ones of its labels. */
export function targetsOf({ targets, labels, classes }: Dataset, indices: Uint32Array): Float32Array {
  const n = classes.length;
  if (!targets)
    return oneHot(
      Int32Array.from(indices, (index) => labels[index]!),
      n,
    );
  const rows = new Float32Array(indices.length * n);
  indices.forEach((index, i) => rows.set(targets.subarray(index * n, (index + 1) * n), i * n));
  return rows;
}
