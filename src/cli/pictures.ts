// Pictures given to a command as files, folders or patterns, and a model that runs on them.

import { isAbsolute, resolve } from "node:path";
import { globSync } from "tinyglobby";
import { gatherValues, type Group } from "../core/group.js";
import { DataLoader, disposeBatch, type Batch, type Dataset, type LeftOut } from "../data/index.js";
import { DataError } from "../errors.js";
import { FileDataset, TarDataset } from "../node/datasets/index.js";
import { byCodePoint, Names, sharedLabels } from "../node/datasets/names.js";
import { count, noPictures, some } from "../node/datasets/notes.js";
import { filesBelow } from "../node/datasets/scan.js";
import { statOf } from "../node/files.js";
import type { TrainedModel } from "../node/open-model.js";
import { defaultWorkers, evalTransforms } from "../node/preprocessing.js";
import { unreadable } from "../node/skipped.js";
import { Counter } from "../node/status-line.js";
import { breathe } from "../train/breath.js";
import { evalBatchSize, type LoadFlags } from "./options.js";
import { preparationFor } from "./preparation.js";
import { expandRanges } from "./shares.js";

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

/** Whether a file holds many pictures: a tar shard. */
export const isShard = (file: string): boolean => /\.tar$/i.test(file);

/** The files of an argument: itself, the pictures below a folder, or the matches of a pattern, whose ranges are expanded. */
function filesOf(argument: string): string[] {
  const stat = statOf(argument);
  if (stat?.isDirectory()) return picturesIn(argument);
  const names = stat ? [argument] : expandRanges(argument);
  if (names[0] !== argument) return names.flatMap(filesOf);
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

/** The first shard that is missing is reported, not left out. @throws DataError naming it */
export function requireShards(files: readonly string[]): void {
  const missing = files.filter((file) => isShard(file) && !statOf(file));
  if (missing.length === 0) return;
  const more = missing.length > 1 ? `; ${count(missing.length, "shard")} are missing` : "";
  throw new DataError(`${missing[0]!}: no such shard; expected a tar file${more}`);
}

/** Names of a model's classes; numbers if the names are not known. */
export const classNamesOf = ({ model, classes }: TrainedModel): readonly string[] =>
  classes ?? Array.from({ length: model.numClasses }, (_, i) => String(i));

/** Pictures to look at, and where to find each. */
export interface Pictures {
  readonly data: Dataset;
  readonly fileOf: (i: number) => string;
}

/** The pictures in a shard, with a class or without. @throws DataError naming it if it is damaged or has none */
export function openShard(shard: string, trained: TrainedModel): Pictures {
  const data = TarDataset.open([shard], { unlabelled: true, classes: classNamesOf(trained) });
  return { data, fileOf: (i) => data.path(i) };
}

/** Files of a picture each. */
export function openFiles(files: readonly string[], trained: TrainedModel): Pictures {
  const data = new FileDataset({
    name: "pictures",
    root: "",
    files: Names.from(files),
    labels: sharedLabels(files.map(() => 0)),
    classes: classNamesOf(trained),
    options: {},
  });
  return { data, fileOf: (i) => files[i]! };
}

/** What is done with pictures. */
export interface Looking<T> {
  /** What progress says on stderr: "classified". Default: no progress is shown. */
  verb?: string | undefined;
  /** Processes that share the pictures, a part of every batch each. */
  group?: Group | undefined;
  /** What comes of a batch and its files, a value for each picture. In a group, something that JSON can hold. */
  look(batch: Batch, files: readonly string[]): T[];
  /** Takes these values in the pictures' order; in a group in rank 0 alone, those of all. */
  take(values: T[]): void;
}

/** Hands on values in the batches' order, in a group to rank 0. */
class InOrder<T> {
  readonly #group: Group | undefined;
  readonly #take: (values: T[]) => void;
  #next = 0;

  constructor({ group, take }: Looking<T>) {
    this.#group = group && group.size > 1 ? group : undefined;
    this.#take = take;
  }

  /** The values of this process's part of a batch; it had none of those between the last one and this. */
  put(number: number, values: T[]): void {
    this.end(number);
    this.#exchange(values);
  }

  /** There is nothing more before the batch of this number. */
  end(number: number): void {
    while (this.#next < number) this.#exchange([]);
  }

  #exchange(own: T[]): void {
    this.#next++;
    const all = this.#group ? gatherValues(this.#group, own).flat() : own;
    if (all.length > 0 && (this.#group?.rank ?? 0) === 0) this.#take(all);
  }
}

/** Prepares pictures for the model and looks at them, a batch at a time. Returns the unreadable ones, with what a shard leaves out. */
export async function overPictures<T>(
  { data, fileOf }: Pictures,
  trained: TrainedModel,
  flags: LoadFlags,
  looking: Looking<T>,
): Promise<LeftOut[]> {
  const { verb, group } = looking;
  const prepared = preparationFor(trained, data);
  const loader = new DataLoader(data, {
    batchSize: flags.batchSize ?? evalBatchSize(prepared.inputSize[0]),
    workers: flags.workers ?? (data.length < MANY ? 0 : defaultWorkers(data)),
    onError: "skip",
    ...(group && { group }),
    ...evalTransforms(data, prepared),
  });
  const counter = verb === undefined ? undefined : new Counter(verb, data.length);
  const inOrder = new InOrder(looking);
  let done = 0;
  try {
    for await (const batch of loader.epoch()) {
      try {
        inOrder.put(
          batch.number,
          looking.look(
            batch,
            Array.from(batch.indices, (i) => fileOf(i)),
          ),
        );
      } finally {
        done += batch.indices.length;
        disposeBatch(batch);
      }
      counter?.at((done + loader.stats.skipped) * (loader.group?.size ?? 1));
      await breathe();
    }
  } catch (error) {
    if (loader.stats.failures.length < data.length) throw error; // otherwise each is reported individually
  } finally {
    counter?.end();
    loader.close();
  }
  inOrder.end(loader.batches);
  return [...unreadable(loader), ...(data.leftOut ?? [])];
}

/** Lists the unreadable files on stderr; the command then exits with 1. */
export function tellUnreadable(failures: readonly LeftOut[]): void {
  for (const { file, reason } of failures) console.error(`fovea: ${file}: ${reason}`);
  if (failures.length > 0) process.exitCode = 1;
}
