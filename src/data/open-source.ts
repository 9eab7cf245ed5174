// Datasets from their sources, in whatever thread: those that hold their pixels, and what is made of others. Who reads files adds
// kinds of its own (src/node/datasets/open.ts, src/web/host/picture-files.ts).

import { DataError, short } from "../errors.js";
import { ConcatDataset } from "./concat.js";
import { ImageDataset, type Dataset, type DatasetSource, type ImageDatasetFields } from "./dataset.js";
import { Subset } from "./split.js";

/** What is left of a source when its kind has been looked at. Only sources of the dataset that makes this kind arrive here. */
export function fieldsOf<Fields>({ kind: _, ...fields }: DatasetSource): Fields {
  return fields as Fields;
}

export type Opener = (source: DatasetSource) => Dataset | Promise<Dataset>;
export type Openers = Readonly<Record<string, Opener>>;

/** The function that opens sources of these kinds and of the three that are here. */
export function openerOf(more: Openers): (source: DatasetSource) => Promise<Dataset> {
  const openers: Openers = {
    memory: (source) => new ImageDataset(fieldsOf<ImageDatasetFields>(source)),
    subset: async (source) => {
      const { of, indices, name } = fieldsOf<{ of: DatasetSource; indices: Uint32Array; name: string }>(
        source,
      );
      return new Subset(await open(of), indices, name);
    },
    concat: async (source) => {
      const { parts, name } = fieldsOf<{ parts: DatasetSource[]; name: string }>(source);
      return new ConcatDataset(await Promise.all(parts.map(open)), name);
    },
    ...more,
  };
  async function open(source: DatasetSource): Promise<Dataset> {
    const opener = Object.hasOwn(openers, source.kind) ? openers[source.kind] : undefined;
    if (opener) return opener(source);
    const known = Object.keys(openers).sort().join(", ");
    throw new DataError(`openDataset: unknown kind '${short(source.kind)}'; known: ${known}`);
  }
  return open;
}
