// fovea similar: finds pictures that look alike to a model.

import { existsSync, realpathSync, statSync } from "node:fs";
import type { Command } from "commander";
import { short } from "../errors.js";
import { csvRow } from "../node/csv.js";
import { featureFormat, readFeatures, type PictureFeatures } from "../node/feature-files.js";
import { integer, number, text } from "../errors/kinds.js";
import { count } from "../node/status-line.js";
import { UsageError } from "../node/usage-error.js";
import { nearest, similarPairs } from "../train/index.js";
import { init } from "../wasm/runtime.js";
import { featuresOf } from "./features.js";
import { addLoadOptions, addModelOptions, modelFrom, parser, useLoadOptions, type LoadFlags, type ModelFlags } from "./options.js"; // prettier-ignore
import { refuseUseless } from "./parser.js";
import { pictureFiles } from "./pictures.js";
import { PREPARATION } from "./preparation.js";

interface Flags extends ModelFlags, LoadFlags {
  in: string;
  topk?: number;
  minSimilarity?: number;
  json?: true;
  csv?: true;
}

/** Default numbers of results: for a query, and for pairs. */
const TOPK = 5;
const PAIRS = 1000;
/** Default similarity of pairs: almost the same. */
const ALIKE = 0.95;

/** Flags for reading the pictures. */
const OF_PICTURES = [
  ...["model", "weights", "pretrained", "smallImages", "batchSize", "workers", "decoder"],
  ...PREPARATION,
  "useTestSize",
];

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("similar")
    .description("find the pictures most similar to others; without a query, pairs that look almost the same")
    .argument("[query...]", "files, folders, or quoted patterns");
  addLoadOptions(addModelOptions(command, { classes: false }))
    .requiredOption(
      "--in <dir>",
      "where to look: a folder, or a file written by fovea features",
      parser(text),
    )
    .option(
      "--topk <n>",
      `pictures for each query (default: ${TOPK}), or pairs (default: ${PAIRS})`,
      parser(integer(1)),
    )
    .option(
      "--min-similarity <-1…1>",
      `cosine of the angle between them: 1 is the same (default for pairs: ${ALIKE})`,
      parser(number(-1, 1)),
    )
    .option(
      "--json",
      "as JSON: [{ file, similar: [{ file, similarity }] }], or [{ similarity, files: [a, b] }]",
    )
    .option("--csv", "as CSV: file,rank,other,similarity, or similarity,file,other")
    .addHelpText("after", "\nUnreadable files are listed on stderr; the exit code is then 1.")
    .action(async (queries: string[], flags: Flags) => {
      if (flags.json && flags.csv) throw new UsageError("--json and --csv contradict each other");
      const stored = !isFolder(flags.in) && featureFormat(flags.in) !== undefined;
      const [asked, there] = [pictureFiles(queries), stored ? [] : pictureFiles([flags.in])];
      if (stored && asked.length === 0) {
        refuseUseless(flags, OF_PICTURES, `${short(flags.in)} has features already; it needs a query`);
        init({ ...(flags.threads && { threads: flags.threads }) });
        return tellPairs(readFeatures(flags.in), flags);
      }
      await useLoadOptions(flags);
      const kept = stored ? readFeatures(flags.in) : undefined;
      const trained = await modelFrom(flags);
      const rows = kept ?? (await featuresOf(there, trained, flags));
      if (asked.length === 0) return tellPairs(rows, flags);
      tellSimilar(await featuresOf(asked, trained, flags), rows, flags);
    });
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);
const shown = (similarity: number): string => similarity.toFixed(4).padStart(7);

/** The pictures most similar to each query, except itself. */
function tellSimilar(queries: PictureFeatures, rows: PictureFeatures, flags: Flags): void {
  const { topk = TOPK, minSimilarity = -1, json, csv } = flags;
  const [own, paths] = [queries.files.map(real), rows.files.map(real)];
  const skip = (query: number, row: number): boolean => own[query] === paths[row];
  const found = nearest(queries, rows, topk, { least: minSimilarity, skip }).map((neighbours, i) => ({
    file: queries.files[i]!,
    similar: neighbours.map(({ index, similarity }) => ({ file: rows.files[index]!, similarity })),
  }));
  if (json) return console.log(JSON.stringify(found, null, 2));
  if (csv) console.log("file,rank,other,similarity");
  for (const { file, similar } of found) {
    if (!csv) console.log(file);
    similar.forEach((one, i) =>
      console.log(
        csv ? csvRow([file, i + 1, one.file, one.similarity]) : `  ${shown(one.similarity)}  ${one.file}`,
      ),
    );
  }
}

/** The most similar pairs. */
function tellPairs(rows: PictureFeatures, { topk = PAIRS, minSimilarity = ALIKE, json, csv }: Flags): void {
  const { pairs, total } = similarPairs(rows, { least: minSimilarity, most: topk });
  const found = pairs.map(({ first, second, similarity }) => ({
    similarity,
    files: [rows.files[first]!, rows.files[second]!] as const,
  }));
  if (json) console.log(JSON.stringify(found, null, 2));
  else if (csv) {
    console.log("similarity,file,other");
    for (const { similarity, files } of found) console.log(csvRow([similarity, ...files]));
  } else for (const { similarity, files } of found) console.log(`${shown(similarity)}  ${files.join("  ")}`);
  const which = `pairs of ${count(rows.files.length)} pictures with a similarity of at least ${minSimilarity}`;
  if (total > pairs.length)
    console.error(`${count(pairs.length)} of ${count(total)} ${which}; --topk changes how many`);
  else if (!json && !csv) console.error(`${count(total)} ${which}`);
}
