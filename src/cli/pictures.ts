// Pictures given to a command as files, folders or patterns, and a model that runs on them.

import { isAbsolute, resolve } from "node:path";
import { globSync } from "tinyglobby";
import { DataLoader, disposeBatch, type Batch, type LoaderStats } from "../data/index.js";
import { DataError } from "../errors.js";
import { FileDataset } from "../node/datasets/index.js";
import { byCodePoint, Names, sharedLabels } from "../node/datasets/names.js";
import { count, noPictures, some } from "../node/datasets/notes.js";
import { filesBelow } from "../node/datasets/scan.js";
import { statOf } from "../node/files.js";
import type { TrainedModel } from "../node/open-model.js";
import { defaultWorkers, evalTransforms } from "../node/preprocessing.js";
import { Counter } from "../node/status-line.js";
import { breathe } from "../train/breath.js";
import { evalBatchSize, type LoadFlags } from "./options.js";
import { preparationFor } from "./preparation.js";

/** Fewer files than this are read by this thread only. */
const MANY = 32;

/**
 * The pictures below a folder, including unreadable ones: reading those reports why. Reports on stderr how many these are, and
 * which files are ignored.
 */
function picturesIn(folder: string): string[] {
  const { pictures, leftOut, others, ignored, special, again } = filesBelow(folder);
  const unread = leftOut.map(({ file }) => file);
  if (pictures.length + unread.length === 0) {
    const what = others.length ? `; got ${count(others.length, "other file")}: ${some(others)}` : "";
    throw new DataError(`${folder}: no pictures in it${what}`);
  }
  const say = (what: string): void => console.error(`fovea: ${folder}: ${what}`);
  if (unread.length) say(`${count(unread.length, "picture")} that cannot be read: ${some(unread)}`);
  if (others.length) say(noPictures(others));
  if (special.length) say(`not read: pipes, sockets or devices: ${some(special)}`);
  if (again.length) say(`not read: links to folders that are read elsewhere: ${some(again)}`);
  if (ignored.length) say(`ignored: hidden or the system's own: ${some(ignored)}`);
  return [...pictures, ...unread].sort(byCodePoint);
}

/** The files of an argument: itself, the pictures below a folder, or the matches of a pattern. */
function filesOf(argument: string): string[] {
  const stat = statOf(argument);
  if (stat?.isDirectory()) return picturesIn(argument);
  if (stat || !/[*?[{!(]/.test(argument)) return [argument]; // missing files are reported when they are read
  const options = { expandDirectories: false, absolute: isAbsolute(argument) };
  const found = globSync(argument, options).sort(byCodePoint);
  if (found.length === 0) throw new DataError(`${argument}: matches no file`);
  return found;
}

/** The files of all arguments, each once, in their order. @throws DataError for a folder or pattern without any */
export function pictureFiles(args: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const file of args.flatMap(filesOf)) {
    const path = resolve(file);
    if (!found.has(path)) found.set(path, file);
  }
  return [...found.values()];
}

/** Names of a model's classes; numbers if the names are not known. */
export const classNamesOf = ({ model, classes }: TrainedModel): readonly string[] =>
  classes ?? Array.from({ length: model.numClasses }, (_, i) => String(i));

/**
 * Prepares the files for the model and passes them to `use`, a batch at a time with its files. Reports progress on stderr if there is a verb for it.
 * Returns the unreadable files.
 */
export async function overPictures(
  files: readonly string[],
  trained: TrainedModel,
  flags: LoadFlags,
  verb: string | undefined,
  use: (batch: Batch, files: readonly string[]) => void,
): Promise<LoaderStats["failures"]> {
  const data = new FileDataset({
    name: "pictures",
    root: "",
    files: Names.from(files),
    labels: sharedLabels(files.map(() => 0)),
    classes: classNamesOf(trained),
    options: {},
  });
  const prepared = preparationFor(trained, data);
  const loader = new DataLoader(data, {
    batchSize: flags.batchSize ?? evalBatchSize(prepared.inputSize[0]),
    workers: flags.workers ?? (files.length < MANY ? 0 : defaultWorkers(data)),
    onError: "skip",
    ...evalTransforms(data, prepared),
  });
  const counter = verb === undefined ? undefined : new Counter(verb, files.length);
  let done = 0;
  try {
    for await (const batch of loader.epoch()) {
      try {
        use(
          batch,
          Array.from(batch.indices, (i) => files[i]!),
        );
      } finally {
        done += batch.indices.length;
        disposeBatch(batch);
      }
      counter?.at(done + loader.stats.skipped);
      await breathe();
    }
  } catch (error) {
    if (loader.stats.failures.length < files.length) throw error; // otherwise each is reported individually
  } finally {
    counter?.end();
    loader.close();
  }
  return loader.stats.failures;
}

/** Lists the unreadable files on stderr; the command then exits with 1. */
export function tellUnreadable(failures: LoaderStats["failures"]): void {
  for (const { reason } of failures) console.error(`fovea: ${reason}`);
  if (failures.length > 0) process.exitCode = 1;
}
