// Checks of transforms' and augmentations' options and images.

import { DataError, short } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";
import type { Dataset } from "./dataset.js";
import type { AnyImage, FloatImage, RawImage } from "./image.js";

/** The options over their defaults. @throws DataError if one is unknown, as in a spec read from a file */
export function withDefaults<Options extends object>(
  op: string,
  options: Partial<Options>,
  defaults: Options,
): Options {
  checkOptions<object>(op, options, defaults as Names<object>);
  return { ...defaults, ...options };
}

/** @throws DataError unless the option is a number in [low, high] */
export function requireNumber(op: string, name: string, value: unknown, low: number, high = Infinity): void {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    const range = high === Infinity ? `≥ ${low}` : `in [${low}, ${high}]`;
    throw new DataError(`${op}: bad ${name}; got ${short(value)}; expected a number ${range}`);
  }
}

/** @throws DataError unless the option is an integer in [low, high] */
export function requireInteger(op: string, name: string, value: unknown, low: number, high = Infinity): void {
  if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) {
    const range = high === Infinity ? `≥ ${low}` : `in [${low}, ${high}]`;
    throw new DataError(`${op}: bad ${name}; got ${short(value)}; expected an integer ${range}`);
  }
}

/** @throws DataError unless the option is two numbers, low ≤ first ≤ second ≤ high */
export function requireRange(op: string, name: string, value: unknown, low: number, high = Infinity): void {
  const [from, to] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  if (typeof from !== "number" || typeof to !== "number" || !(low <= from && from <= to && to <= high)) {
    const range = high === Infinity ? `≥ ${low}` : `in [${low}, ${high}]`;
    throw new DataError(`${op}: bad ${name}; got ${short(value)}; expected two rising numbers ${range}`);
  }
}

/** @throws DataError unless the option is one of the words */
export function requireOneOf(op: string, name: string, value: unknown, words: readonly string[]): void {
  if (!words.includes(value as string)) {
    throw new DataError(`${op}: bad ${name}; got ${short(value)}; expected ${words.join(", ")}`);
  }
}

/** @throws DataError unless the image is of bytes, grey or RGB */
export function requireBytes(op: string, image: AnyImage): asserts image is RawImage {
  if (!(image.data instanceof Uint8Array) || (image.channels !== 1 && image.channels !== 3)) {
    const kind = image.data instanceof Uint8Array ? "bytes" : "floats";
    throw new DataError(
      `${op}: works before ToTensor; got ${image.channels} channels of ${kind}; expected 1 or 3 of bytes`,
    );
  }
}

/** @throws DataError unless the image is of floats */
export function requireFloats(op: string, image: AnyImage): asserts image is FloatImage {
  if (!(image.data instanceof Float32Array)) {
    throw new DataError(`${op}: works after Normalize; got an image of bytes; expected floats`);
  }
}

/** @throws DataError unless it has a dataset's fields */
export function checkDataset(op: string, dataset: Dataset): void {
  const given: Partial<Dataset> | null | undefined = dataset;
  if (typeof given === "object" && given !== null) {
    const { length, labels, classes, image } = given;
    if (Number.isInteger(length) && labels && Array.isArray(classes) && typeof image === "function") return;
  }
  throw wrongKind(op, "dataset", dataset, "a Dataset, with length, labels, classes and image()");
}
