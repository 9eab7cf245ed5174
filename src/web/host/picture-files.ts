// Pictures as files: what a trainer's data workers decode. The files go to them as Blobs, which threads share without
// copies, also where a page has no memory that can be shared.

import { decodeActive, type Dataset, type DatasetSource, type RawImage } from "../../data/index.js";

/** What a worker makes the dataset of. */
export interface PictureFiles {
  /** What errors call it. */
  readonly name: string;
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  readonly files: readonly Blob[];
  /** The number by which errors call each picture. */
  readonly ids: readonly number[];
}

interface Picture {
  readonly id: number;
  readonly blob: Blob;
}

/** Pixels of pictures' files, kept up to a number of bytes. */
export class DecodedPictures {
  readonly #images = new Map<number, RawImage>();
  #left: number;

  constructor(mostBytes: number) {
    this.#left = mostBytes;
  }

  /** @throws DataError naming the picture if it cannot be decoded */
  async pixelsOf({ id, blob }: Picture, channels: 1 | 3): Promise<RawImage> {
    const known = this.#images.get(id);
    if (known?.channels === channels) return known;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const image = await decodeActive(bytes, { file: `picture ${id}`, channels });
    this.forget(id);
    if (image.data.length <= this.#left) {
      this.#images.set(id, image);
      this.#left -= image.data.length;
    }
    return image;
  }

  forget(id: number): void {
    this.#left += this.#images.get(id)?.data.length ?? 0;
    this.#images.delete(id);
  }
}

/** By what a worker opens pictures. */
export function pictureSource({
  examples,
  ...fields
}: Omit<PictureFiles, "files" | "ids"> & { readonly examples: readonly Picture[] }): DatasetSource {
  const ids = examples.map(({ id }) => id);
  const files = examples.map(({ blob }) => blob);
  return { kind: "pictures", ...fields, files, ids };
}

/** The pictures in a worker, which keeps them decoded up to this many bytes. */
export function openPictures(
  { files, labels, classes, channels, name, ids }: PictureFiles,
  mostBytes: number,
): Dataset {
  const decoded = new DecodedPictures(mostBytes);
  return {
    name,
    length: files.length,
    classes,
    labels,
    image: (i) => decoded.pixelsOf({ id: ids[i]!, blob: files[i]! }, channels),
  };
}
