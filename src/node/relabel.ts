// A dataset under the classes of a model that was trained on another, or on more.

import { imagenetWnids, type Dataset, type DatasetSource, type RawImage } from "../data/index.js";
import { DataError, short } from "../errors.js";

/** The pictures of a dataset with other labels. */
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

  /** Of the pictures; their labels are never read there. */
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

/**
 * The dataset with labels as the model numbers its classes: by their names, which may be fewer than the model's; by
 * WordNet's numbers for ImageNet's thousand; by number alone where the model's names are not known.
 * @throws DataError if there are other classes than the model's
 */
export function relabel(dataset: Dataset, numClasses: number, classes?: readonly string[]): Dataset {
  const own = dataset.classes;
  if (own.length === numClasses && (!classes || own.every((name, i) => name === classes[i]))) return dataset;
  for (const names of [classes, numClasses === imagenetWnids.length ? imagenetWnids : undefined]) {
    const labelOf = names && own.map((name) => names.indexOf(name));
    if (labelOf && !labelOf.includes(-1) && !dataset.targets)
      return new Relabelled(dataset, classes ?? names, labelOf);
  }
  const strange = classes && own.find((name) => !classes.includes(name));
  throw new DataError(
    strange === undefined
      ? `${dataset.name}: ${own.length} classes; the model tells ${numClasses} apart`
      : `${dataset.name}: class '${short(strange)}' is none of the model's ${numClasses}: ${listing(classes!)}`,
  );
}

function listing(names: readonly string[]): string {
  const most = 20;
  return names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} …`;
}
