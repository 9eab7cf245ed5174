// A dataset under the classes of a model that was trained on another, or on more.

import {
  imagenetClasses,
  imagenetWnids,
  type Dataset,
  type DatasetSource,
  type RawImage,
} from "../data/index.js";
import { DataError, short } from "../errors.js";

/** A dataset's pictures with other labels. */
class Relabelled implements Dataset {
  readonly #dataset: Dataset;
  readonly classes: readonly string[];
  readonly labels: Int32Array;

  constructor(dataset: Dataset, classes: readonly string[], labelOf: readonly number[]) {
    this.#dataset = dataset;
    this.classes = classes;
    this.labels = dataset.labels.map((label) => labelOf[label]!);
  }

  get name(): string {
    return this.#dataset.name;
  }

  get length(): number {
    return this.#dataset.length;
  }

  /** Source of the pictures; its labels are never read there. */
  get source(): DatasetSource | undefined {
    return this.#dataset.source;
  }

  image(i: number): RawImage | Promise<RawImage> {
    return this.#dataset.image(i);
  }

  path(i: number): string | undefined {
    return this.#dataset.path?.(i);
  }
}

const wordsOf = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, " ");
const wnidByWords = new Map(imagenetClasses.map((name, i) => [wordsOf(name), imagenetWnids[i]!]));

/** The same for a class's other names: WordNet's number where the name begins with it or is one of ImageNet's, otherwise its words. */
const keyOf = (name: string): string =>
  /^n\d{8}(?!\d)/.exec(name)?.[0] ?? wnidByWords.get(wordsOf(name)) ?? wordsOf(name);

/**
 * The dataset with labels as the model numbers its classes: by their names, which may be fewer than the model's; ImageNet's by
 * WordNet's numbers too, and upper and lower case, spaces, hyphens and underscores are the same. A model of a thousand classes
 * without names has ImageNet's; for others only the numbers decide.
 * @throws DataError if there are classes that the model lacks
 */
export function relabel(dataset: Dataset, numClasses: number, classes?: readonly string[]): Dataset {
  const own = dataset.classes;
  if (own.length === numClasses && (!classes || own.every((name, i) => name === classes[i]))) return dataset;
  const names = classes ?? (numClasses === imagenetWnids.length ? imagenetWnids : []);
  const keys = names.map(keyOf);
  const labelOf = own.map((name) => (names.includes(name) ? names.indexOf(name) : keys.indexOf(keyOf(name))));
  const strange = own.find((_, i) => labelOf[i] === -1);
  if (strange === undefined && !dataset.targets) return new Relabelled(dataset, names, labelOf);
  throw new DataError(
    strange === undefined || !classes
      ? `${dataset.name}: ${own.length} classes; the model has ${numClasses}`
      : `${dataset.name}: class '${short(strange)}' is not one of the model's ${numClasses}: ${listing(classes)}`,
  );
}

function listing(names: readonly string[]): string {
  const most = 20;
  return names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} …`;
}
