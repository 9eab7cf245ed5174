// A dataset from its source, in whatever thread.

import type { Dataset, DatasetSource } from "../../data/index.js";
import { fieldsOf, openerOf, type Opener } from "../../data/open-source.js";
import { openModuleDataset } from "../from-module.js";
import { useDecoder, type DecoderChoice } from "../decoder.js";
import { FileDataset, type FileDatasetFields } from "./file-dataset.js";
import { Names } from "./names.js";
import { TarDataset, type TarDatasetFields } from "./tar.js";

/** The decoder is the one that was in use where the source was made. */
const withDecoder =
  (open: (source: DatasetSource) => Dataset): Opener =>
  async (source) => {
    await useDecoder(source.decoder as DecoderChoice);
    return open(source);
  };

const open = openerOf({
  files: withDecoder((source) => {
    const fields = fieldsOf<FileDatasetFields>(source);
    return new FileDataset({ ...fields, files: Names.revive(fields.files) });
  }),
  module: openModuleDataset,
  tar: withDecoder((source) => {
    const fields = fieldsOf<TarDatasetFields>(source);
    return new TarDataset({ ...fields, names: Names.revive(fields.names) });
  }),
});

/** The dataset whose `source` this is. Nothing is scanned or copied again. @throws DataError if the kind is unknown */
export async function openDataset(source: DatasetSource): Promise<Dataset> {
  return open(source);
}
