// A dataset from its source, in whatever thread.

import {
  ConcatDataset,
  ImageDataset,
  Subset,
  type Dataset,
  type DatasetSource,
  type ImageDatasetFields,
} from "../../data/index.js";
import { DataError, short } from "../../errors.js";
import { openModuleDataset } from "../from-module.js";
import { useDecoder, type DecoderChoice } from "../decoder.js";
import { FileDataset, type FileDatasetFields } from "./file-dataset.js";
import { Names } from "./names.js";
import { TarDataset, type TarDatasetFields } from "./tar.js";

/** What is left of a source when its kind has been looked at. Only this file's makers' sources arrive here. */
function fieldsOf<Fields>({ kind: _, ...fields }: DatasetSource): Fields {
  return fields as Fields;
}

type Opener = (source: DatasetSource) => Dataset | Promise<Dataset>;

/** The decoder is the one that was in use where the source was made. */
const withDecoder =
  (open: (source: DatasetSource) => Dataset): Opener =>
  async (source) => {
    await useDecoder(source.decoder as DecoderChoice);
    return open(source);
  };

const openers: Record<string, Opener> = {
  memory: (source) => new ImageDataset(fieldsOf<ImageDatasetFields>(source)),
  subset: async (source) => {
    const { of, indices, name } = fieldsOf<{ of: DatasetSource; indices: Uint32Array; name: string }>(source);
    return new Subset(await openDataset(of), indices, name);
  },
  concat: async (source) => {
    const { parts, name } = fieldsOf<{ parts: DatasetSource[]; name: string }>(source);
    return new ConcatDataset(await Promise.all(parts.map(openDataset)), name);
  },
  files: withDecoder((source) => {
    const fields = fieldsOf<FileDatasetFields>(source);
    return new FileDataset({ ...fields, files: Names.revive(fields.files) });
  }),
  module: openModuleDataset,
  tar: withDecoder((source) => {
    const fields = fieldsOf<TarDatasetFields>(source);
    return new TarDataset({ ...fields, names: Names.revive(fields.names) });
  }),
};

/** The dataset whose `source` this is. Nothing is scanned or copied again. @throws DataError if the kind is unknown */
export async function openDataset(source: DatasetSource): Promise<Dataset> {
  const open = Object.hasOwn(openers, source.kind) ? openers[source.kind] : undefined;
  if (!open) {
    throw new DataError(
      `openDataset: unknown kind '${short(source.kind)}'; known: ${Object.keys(openers).sort().join(", ")}`,
    );
  }
  return open(source);
}
