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
  const decoded = new Map<number, RawImage>();
  let left = mostBytes;
  return {
    name,
    length: files.length,
    classes,
    labels,
    async image(i) {
      const known = decoded.get(i);
      if (known) return known;
      const bytes = new Uint8Array(await files[i]!.arrayBuffer());
      const image = await decodeActive(bytes, { file: `picture ${ids[i]!}`, channels });
      if (image.data.length <= left) {
        decoded.set(i, image);
        left -= image.data.length;
      }
      return image;
    },
  };
}
