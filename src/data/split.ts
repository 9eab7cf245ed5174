// Parts of a dataset, and the balance of its classes.

import { checkFields, checkKinds } from "../errors/options.js";
import { checkNumbers } from "../core/numbers.js";
import { Random } from "../core/random.js";
import { DataError } from "../errors.js";
import type { Dataset, DatasetSource } from "./dataset.js";
import type { RawImage } from "./image.js";
import { checkDataset } from "./options.js";
import { targetsOf } from "./targets.js";

/** Some pictures of another dataset, in the order of `indices`. @throws DataError if an index is out of range */
export class Subset implements Dataset {
  readonly name: string;
  /** The dataset of the pictures. */
  readonly dataset: Dataset;
  /** Index of each picture in it. */
  readonly indices: Uint32Array;
  readonly labels: Int32Array;
  readonly targets: Float32Array | undefined;

  constructor(dataset: Dataset, indices: ArrayLike<number>, name = dataset?.name) {
    checkDataset("Subset", dataset);
    checkKinds("Subset", { indices, name }, { indices: "numbers", name: "text" });
    this.name = name;
    this.dataset = dataset;
    this.indices = Uint32Array.from(indices);
    const bad = Array.prototype.find.call(
      indices,
      (i: number) => !(Number.isInteger(i) && i >= 0 && i < dataset.length),
    ) as number | undefined;
    if (bad !== undefined) {
      throw new DataError(`Subset: index out of range; got ${bad}; expected 0…${dataset.length - 1}`);
    }
    this.labels = Int32Array.from(this.indices, (i) => dataset.labels[i]!);
    this.targets = dataset.targets && targetsOf(dataset, this.indices);
  }

  /** Number of pictures. */
  get length(): number {
    return this.indices.length;
  }

  get classes(): readonly string[] {
    return this.dataset.classes;
  }

  get source(): DatasetSource | undefined {
    const of = this.dataset.source;
    return of && { kind: "subset", of, indices: this.indices, name: this.name };
  }

  image(i: number): RawImage | Promise<RawImage> {
    return this.dataset.image(this.indices[i]!);
  }

  get imagePart(): Dataset["imagePart"] {
    const { dataset, indices } = this;
    return dataset.imagePart && ((i, choose) => dataset.imagePart!(indices[i]!, choose));
  }

  path(i: number): string | undefined {
    return this.dataset.path?.(this.indices[i]!);
  }
}

/**
 * How many of n pictures each part gets: the counts themselves, or fractions of n that sum to 1, rounded down, with the rest
 * dealt one by one from the first part on, as in PyTorch's random_split.
 */
function partSizes(lengths: readonly number[], n: number, op: string): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  const fractions = lengths.every((length) => length >= 0 && length <= 1) && Math.abs(sum - 1) < 1e-6;
  if (fractions) {
    const sizes = lengths.map((fraction) => Math.floor(fraction * n + 1e-9));
    let rest = n - sizes.reduce((a, b) => a + b, 0);
    for (let i = 0; rest > 0; i = (i + 1) % sizes.length, rest--) sizes[i]!++;
    return sizes;
  }
  if (lengths.every((length) => Number.isInteger(length) && length >= 0) && sum === n) return [...lengths];
  throw new DataError(
    `${op}: lengths do not fit; got [${lengths.join(",")}]; expected fractions that sum to 1, or counts that sum to ${n}`,
  );
}

/** Cuts `order` into parts of these sizes. */
function cut(order: Uint32Array, sizes: readonly number[]): Uint32Array[] {
  let at = 0;
  return sizes.map((size) => order.subarray(at, (at += size)));
}

/**
 * Random, disjoint parts of a dataset. `lengths` are fractions that sum to 1 or counts that sum to
 * the dataset's length; the same seed gives the same parts.
 * @throws DataError if the lengths do not fit
 */
export function randomSplit(dataset: Dataset, lengths: readonly number[], seed = 0): Subset[] {
  checkDataset("randomSplit", dataset);
  checkNumbers("randomSplit: lengths", lengths);
  const sizes = partSizes(lengths, dataset.length, "randomSplit");
  return cut(new Random(seed).permutation(dataset.length), sizes).map((part) => new Subset(dataset, part));
}

/**
 * Parts with each class in the same proportions, each part in the dataset's order. If rounding takes an image from a part in
 * one class, the part gets it back in the next, so that small classes do not all favour one part; but the first part, to train
 * on, has an image of every class that is not empty. Images with several classes each are dealt by iterative stratification: the
 * class with the fewest images left first, each to the part that lacks most of it (Sechidis and others, "On the Stratification of
 * Multi-Label Data", 2011).
 * @throws DataError unless the fractions sum to 1
 */
export function stratifiedSplit(dataset: Dataset, fractions: readonly number[], seed = 0): Subset[] {
  checkDataset("stratifiedSplit", dataset);
  checkNumbers("stratifiedSplit: fractions", fractions);
  const sum = fractions.reduce((a, b) => a + b, 0);
  if (fractions.some((fraction) => !(fraction >= 0)) || Math.abs(sum - 1) > 1e-6) {
    throw new DataError(`stratifiedSplit: got [${fractions.join(",")}]; expected fractions that sum to 1`);
  }
  const random = new Random(seed);
  const parts = dataset.targets
    ? dealSeveral(dataset.targets, dataset.classes.length, dataset.length, fractions, random)
    : dealSingle(dataset, fractions, random);
  return parts.map(
    (part) =>
      new Subset(
        dataset,
        part.sort((a, b) => a - b),
      ),
  );
}

/** Indices of each part, if images have one class each. */
function dealSingle(dataset: Dataset, fractions: readonly number[], random: Random): number[][] {
  const parts = fractions.map((): number[] => []);
  const members = dataset.classes.map((): number[] => []);
  dataset.labels.forEach((label, i) => members[label]!.push(i));
  const owed = fractions.map(() => 0);
  for (const indices of members) {
    const order = random.permutation(indices.length);
    fractions.forEach((fraction, p) => (owed[p]! += fraction * indices.length));
    const sizes = owed.map((part) => Math.max(0, Math.floor(part)));
    let rest = indices.length - sizes.reduce((a, b) => a + b, 0);
    for (; rest !== 0; rest -= Math.sign(rest)) {
      const due = owed.map(
        (part, p) => (part - sizes[p]!) * Math.sign(rest) - (rest < 0 && !sizes[p] ? Infinity : 0),
      );
      sizes[due.indexOf(Math.max(...due))]! += Math.sign(rest);
    }
    if (sizes[0] === 0 && fractions[0]! > 0 && indices.length > 0) {
      sizes[sizes.indexOf(Math.max(...sizes))]!--;
      sizes[0]++;
    }
    cut(order, sizes).forEach((part, p) => {
      owed[p]! -= part.length;
      for (const i of part) parts[p]!.push(indices[i]!);
    });
  }
  return parts;
}

/** Indices of each part, if images have several classes each, or none: those without any form a class of their own. */
function dealSeveral(
  targets: Float32Array,
  classes: number,
  images: number,
  fractions: readonly number[],
  random: Random,
): number[][] {
  const parts = fractions.map((): number[] => []);
  const room = fractions.map((fraction) => fraction * images);
  const classesOf = Array.from({ length: images }, (_, i) => {
    const own = [...targets.subarray(i * classes, (i + 1) * classes).keys()].filter(
      (c) => targets[i * classes + c],
    );
    return own.length ? own : [classes];
  });
  const left = Array.from({ length: classes + 1 }, () => new Set<number>());
  for (const i of random.permutation(images)) for (const c of classesOf[i]!) left[c]!.add(i);
  const wanted = left.map(({ size }) => fractions.map((fraction) => fraction * size));
  /** Classes with images in the first part. */
  const met = new Set<number>();
  const give = (i: number, p: number): void => {
    parts[p]!.push(i);
    room[p]!--;
    for (const c of classesOf[i]!) {
      if (p === 0) met.add(c);
      left[c]!.delete(i);
      wanted[c]![p]!--;
    }
  };
  for (;;) {
    const rarest = left.reduce((a, { size }, c) => (size > 0 && (a < 0 || size < left[a]!.size) ? c : a), -1);
    if (rarest < 0) return parts;
    const need = wanted[rarest]!;
    for (const i of [...left[rarest]!]) {
      const unseen = fractions[0]! > 0 && classesOf[i]!.some((c) => !met.has(c));
      const best = need.reduce(
        (a, n, p) => (n > need[a]! || (n === need[a] && room[p]! > room[a]!) ? p : a),
        0,
      );
      give(i, unseen ? 0 : best);
    }
  }
}

/** Pictures of each class. */
export function classCounts(dataset: Pick<Dataset, "labels" | "classes" | "targets">): number[] {
  checkFields("classCounts", "dataset", dataset, { labels: "numbers", classes: "list" });
  const { labels, targets, classes } = dataset;
  const counts = new Array<number>(classes.length).fill(0);
  if (targets) targets.forEach((t, i) => (counts[i % classes.length]! += t));
  else for (const label of labels) counts[label]!++;
  return counts;
}

/** How evenly pictures are spread over the classes, as classBalance() returns it. */
export interface ClassBalance {
  /** Pictures of each class. */
  readonly counts: readonly number[];
  /** Pictures of the smallest class. */
  readonly smallest: number;
  /** Pictures of the largest class. */
  readonly largest: number;
  /** Largest class over smallest: 1 if all are equal, Infinity if one is empty. */
  readonly ratio: number;
  /** Entropy of the counts over that of equal classes: 1 if all are equal, 0 if one class has everything. */
  readonly evenness: number;
  /** Names of the classes without a picture. */
  readonly empty: readonly string[];
}

/** How evenly pictures are spread over the classes. */
export function classBalance(dataset: Pick<Dataset, "labels" | "classes" | "targets">): ClassBalance {
  const counts = classCounts(dataset);
  const n = counts.reduce((a, b) => a + b, 0);
  const smallest = counts.reduce((a, b) => Math.min(a, b));
  const largest = counts.reduce((a, b) => Math.max(a, b));
  const entropy = counts.reduce((sum, count) => sum - (count ? (count / n) * Math.log(count / n) : 0), 0);
  return {
    counts,
    smallest,
    largest,
    ratio: largest / smallest,
    evenness: counts.length > 1 ? entropy / Math.log(counts.length) : 1,
    empty: dataset.classes.filter((_, i) => counts[i] === 0),
  };
}
