// Several datasets as one.

import { checkDataset } from "./options.js";
import { checkKinds } from "../errors/options.js";
import { DataError } from "../errors.js";
import { partOf, type Dataset, type DatasetSource } from "./dataset.js";
import type { PictureSize } from "./transform.js";
import type { Box } from "./transforms/geometry.js";
import type { RawImage } from "./image.js";

/** The pictures of one dataset after the other. @throws DataError unless they have the same classes, and all or none targets */
export class ConcatDataset implements Dataset {
  readonly name: string;
  /** The datasets, in order. */
  readonly parts: readonly Dataset[];
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly targets: Float32Array | undefined;

  constructor(parts: readonly Dataset[], name = parts?.[0]?.name ?? "dataset") {
    checkKinds("ConcatDataset", { parts, name }, { parts: "list", name: "text" });
    for (const part of parts) checkDataset("ConcatDataset", part);
    const [first] = parts;
    if (!first) throw new DataError(`${name}: no datasets to join; expected one or more`);
    for (const part of parts) {
      if (part.classes.join("\n") !== first.classes.join("\n") || !part.targets !== !first.targets) {
        throw new DataError(`${part.name}: has other classes than ${first.name}`);
      }
    }
    this.name = name;
    this.parts = parts;
    this.classes = first.classes;
    this.labels = Int32Array.from(parts.flatMap((part) => [...part.labels]));
    this.targets = first.targets && Float32Array.from(parts.flatMap((part) => [...part.targets!]));
  }

  /** Number of pictures in all parts together. */
  get length(): number {
    return this.labels.length;
  }

  get source(): DatasetSource | undefined {
    const sources = this.parts.map((part) => part.source);
    if (sources.includes(undefined)) return undefined;
    return { kind: "concat", parts: sources, name: this.name };
  }

  image(i: number): RawImage | Promise<RawImage> {
    const [part, at] = this.#find(i);
    return part.image(at);
  }

  imagePart(i: number, choose: (size: PictureSize) => Box): RawImage | Promise<RawImage> {
    const [part, at] = this.#find(i);
    return partOf(part, at, choose);
  }

  path(i: number): string | undefined {
    const [part, at] = this.#find(i);
    return part.path?.(at);
  }

  #find(i: number): [part: Dataset, at: number] {
    let at = i;
    for (const part of this.parts) {
      if (at < part.length) return [part, at];
      at -= part.length;
    }
    throw new DataError(`${this.name}: no image ${i}; expected 0…${this.length - 1}`);
  }
}
