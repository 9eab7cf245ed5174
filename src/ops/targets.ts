// Targets of losses: class indices, or a number for each class.

import { describe, sameShape } from "../core/shape.js";
import type { AnyTensor, Tensor } from "../core/tensor.js";
import { DataError, ShapeError, short } from "../errors.js";
import { kindOf } from "../errors/options.js";

/** The target of a loss: class numbers (i32), or a number for each class (f32). */
export type LossTarget = Tensor<"f32" | "i32">;

/** How the losses of a batch are combined: mean, sum, or "none": one loss for each image. */
export type Reduction = "mean" | "sum" | "none";

/** One number for all classes, or one for each. */
export type ClassNumbers = number | readonly number[] | Float32Array;

/** @throws ShapeError if there is no such reduction */
export function checkReduction(op: string, reduction: Reduction): void {
  if (!["mean", "sum", "none"].includes(reduction)) {
    const got = typeof reduction === "string" ? `'${short(reduction)}'` : kindOf(reduction);
    throw new ShapeError(`${op}: unknown reduction ${got}; known: mean, none, sum`);
  }
}

/** @throws ShapeError unless labelSmoothing is in [0, 1] */
export function checkSmoothing(op: string, labelSmoothing: number): void {
  if (typeof labelSmoothing === "number" && labelSmoothing >= 0 && labelSmoothing <= 1) return;
  throw new ShapeError(`${op}: labelSmoothing must be in [0, 1]; got ${kindOf(labelSmoothing)}`);
}

/** @throws DataError unless labels are in 0…classes − 1 */
export function checkLabels(op: string, labels: LossTarget, classes: number): void {
  const bad = labels.view().findIndex((label: number) => label < 0 || label >= classes);
  if (bad < 0) return;
  throw new DataError(
    `${op}: label out of range; got ${labels.view()[bad]} at index ${bad}; expected 0…${classes - 1}`,
  );
}

/** @throws ShapeError unless x is [n, classes], and target class indices i32:[n] or numbers f32:[n, classes] */
export function checkTarget(op: string, x: Tensor, target: AnyTensor): asserts target is LossTarget {
  const fits =
    target.dtype === "i32" ? sameShape(target.shape, [x.shape[0]!]) : sameShape(target.shape, x.shape);
  if (x.shape.length === 2 && x.size > 0 && fits && target.dtype !== "u8") return;
  const got = describe({ x, target });
  throw new ShapeError(
    `${op}: expected x:[n,classes] and target i32:[n] or f32:[n,classes]; got ${got}, target ${target.dtype}`,
  );
}

/** @throws ShapeError unless there is one finite number ≥ 0 for all classes or one for each */
export function perClass(op: string, name: string, numbers: ClassNumbers, classes: number): Float32Array {
  if (typeof numbers !== "number" && !Array.isArray(numbers) && !(numbers instanceof Float32Array)) {
    throw new ShapeError(
      `${op}: ${name} must be a number, or an array of one for each class; got ${kindOf(numbers)}`,
    );
  }
  const list =
    typeof numbers === "number" ? new Float32Array(classes).fill(numbers) : Float32Array.from(numbers);
  const bad = list.findIndex((v) => !(v >= 0 && v < Infinity));
  if (bad >= 0) {
    throw new ShapeError(`${op}: ${name} must be finite and ≥ 0; got ${list[bad]} for class ${bad}`);
  }
  if (list.length === classes) return list;
  throw new ShapeError(
    `${op}: ${name} must be a number for each class; got ${list.length}; expected ${classes}`,
  );
}

/**
 * The target as numbers [n, classes], a new array; indices become one-hot rows. Smoothed: (1 − s)·t + s·(Σ t)/classes.
 * @throws DataError for a label outside 0…classes − 1
 */
export function targetRows(op: string, x: Tensor, target: LossTarget, labelSmoothing = 0): Float32Array {
  const [n, classes] = x.shape as [number, number];
  const share = labelSmoothing / classes;
  if (target.dtype === "f32") {
    const rows = target.data() as Float32Array;
    for (let begin = 0; labelSmoothing > 0 && begin < rows.length; begin += classes) {
      const row = rows.subarray(begin, begin + classes);
      const mass = row.reduce((a, b) => a + b, 0);
      row.forEach((t, j) => (row[j] = (1 - labelSmoothing) * t + share * mass));
    }
    return rows;
  }
  checkLabels(op, target, classes);
  const rows = new Float32Array(n * classes).fill(share);
  target
    .view()
    .forEach((label: number, i: number) => (rows[i * classes + label] = 1 - labelSmoothing + share));
  return rows;
}

/** The sum of the weights of class numbers; otherwise, and without weights, the number of images. */
export function weightOf(target: LossTarget, weight: ClassNumbers | undefined): number {
  if (weight === undefined || target.dtype !== "i32") return target.shape[0]!;
  return Array.from(target.view()).reduce(
    (sum, label) => sum + (typeof weight === "number" ? weight : weight[label]!),
    0,
  );
}
