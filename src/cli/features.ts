// fovea features: pictures as rows of numbers, for searching, clustering and linear probes.

import type { Command } from "commander";
import { featureFilesOf, featureFormat, featureFormats, writeFeatures, type PictureFeatures } from "../node/feature-files.js"; // prettier-ignore
import { text } from "../errors/kinds.js";
import type { TrainedModel } from "../node/open-model.js";
import { DataError } from "../errors.js";
import { UsageError } from "../node/usage-error.js";
import { pooledFeatures } from "../train/index.js";
import { addLoadOptions, addModelOptions, modelFrom, parser, useLoadOptions, type LoadFlags, type ModelFlags } from "./options.js"; // prettier-ignore
import { requireWritable } from "./outputs.js";
import { openFiles, overPictures, pictureFiles, tellUnreadable } from "./pictures.js";

interface Flags extends ModelFlags, LoadFlags {
  out: string;
  json?: true;
}

/** The features of files; unreadable ones are listed on stderr. @throws DataError if none can be read */
export async function featuresOf(
  files: readonly string[],
  trained: TrainedModel,
  flags: LoadFlags,
): Promise<PictureFeatures> {
  const read: string[] = [];
  const rows: Float32Array[] = [];
  let features = 0;
  const unreadable = await overPictures(openFiles(files, trained), trained, flags, {
    verb: "looked at",
    look(batch, own) {
      const pooled = pooledFeatures(trained.model, batch.images);
      features = pooled.features;
      rows.push(pooled.data);
      return [...own];
    },
    take: (own) => void read.push(...own),
  });
  tellUnreadable(unreadable);
  if (read.length === 0)
    throw new DataError(`features: none of ${files.length} files can be read; expected pictures`);
  const data = new Float32Array(read.length * features);
  let at = 0;
  for (const row of rows) {
    data.set(row, at);
    at += row.length;
  }
  return { files: read, data, features };
}

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("features")
    .description("write a model's features of pictures: the mean of its last maps, a row for each picture")
    .argument("<picture...>", "files, folders, or quoted patterns such as 'photos/**/*.jpg'");
  addLoadOptions(addModelOptions(command, { classes: false }))
    .requiredOption(
      "--out <file>",
      "*.npy (names in *.files.csv beside it), *.csv or *.safetensors",
      parser(text),
    )
    .option("--json", "as JSON: { out, images, features, unreadable }")
    .addHelpText("after", "\nUnreadable files are listed on stderr; the exit code is then 1.")
    .action(async (pictures: string[], flags: Flags) => {
      if (!featureFormat(flags.out)) {
        throw new UsageError(`--out: unknown ending of '${flags.out}'; known: ${featureFormats.join(", ")}`);
      }
      await requireWritable(featureFilesOf(flags.out));
      const files = pictureFiles(pictures);
      await useLoadOptions(flags);
      const found = await featuresOf(files, await modelFrom(flags), flags);
      await writeFeatures(flags.out, found);
      const [images, unreadable] = [found.files.length, files.length - found.files.length];
      const { out } = flags;
      console.log(
        flags.json ? JSON.stringify({ out, images, features: found.features, unreadable }, null, 2) : out,
      );
    });
}
