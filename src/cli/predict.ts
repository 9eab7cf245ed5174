// fovea predict: classifies pictures with a trained model.

import type { Command } from "commander";
import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import type { Batch, LeftOut } from "../data/index.js";
import { integer, text } from "../errors/kinds.js";
import type { Mpi } from "../mpi/index.js";
import { writeFileAtomic } from "../node/files.js";
import { modelDigest } from "../node/model-digest.js";
import type { TrainedModel } from "../node/open-model.js";
import { namesDigest, PLACE } from "../node/parts.js";
import { UsageError } from "../node/usage-error.js";
import { Inference } from "../train/inference.js";
import { topClasses } from "../train/index.js";
import { checkAlike } from "../train/same.js";
import { version } from "../version.js";
import { asJob, checkEnough, leaderFirst } from "./job.js";
import {
  addLoadOptions,
  addModelOptions,
  modelFrom,
  parser,
  useLoadOptions,
  type LoadFlags,
  type ModelFlags,
} from "./options.js";
import { requireWritable } from "./outputs.js";
import { refuseUseless } from "./parser.js";
import {
  classNamesOf,
  isShard,
  openFiles,
  openShard,
  overPictures,
  pictureFiles,
  requireShards,
  tellUnreadable,
  type Pictures,
} from "./pictures.js";
import { partsOf, predictInParts, type Part } from "./predict-parts.js";
import { Collected, rowWriter, type Prediction, type RowFormat } from "./prediction-rows.js";
import { sharedOut, shareOf } from "./shares.js";
import { addSortOptions, sortByGuess, sortTarget, type SortFlags } from "./sorting.js";

interface Flags extends ModelFlags, LoadFlags, SortFlags {
  topk?: number;
  out?: string;
  shard?: string;
  json?: true;
  csv?: true;
}

const TOPK = 5;

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("predict")
    .description("classify pictures")
    .argument(
      "<picture...>",
      "files, folders, tar shards, or quoted patterns such as 'photos/**/*.jpg' and 'data-{0000..0999}.tar'",
    );
  addSortOptions(addLoadOptions(addModelOptions(command)))
    .option("--topk <n>", `classes to name for each picture (default: ${TOPK})`, parser(integer(1)))
    .option(
      "--out <file>",
      "write to *.csv or *.json; with %r in its name a file for each shard, or 1,000 pictures, where a second start continues",
      parser(text),
    )
    .option(
      "--shard <i/n>",
      "take only the i-th of n parts, from 0; /n where an array job of Slurm or Kubernetes gives i; " +
        "in Slurm it is found with --out *%r*",
    )
    .option(
      "--json",
      "as JSON: [{ file, top: [{ class, label, probability }] }]; for sorted files also to and done",
    )
    .option("--csv", "as CSV: file,rank,class,label,probability")
    .addHelpText(
      "after",
      "\nUnreadable files are listed on stderr; the exit code is then 1. --move and --copy overwrite nothing: a name that is already " +
        "taken gets a number. They write a list, with which fovea undo reverts everything.",
    )
    .action((pictures: string[], flags: Flags) =>
      asJob("predict", (mpi) => predictInJob(mpi, pictures, flags)),
    );
}

/** What is written, where. @throws UsageError for an ending of --out that is neither CSV's nor JSON's */
function formatOf({ json, csv, out }: Flags, dir: string | undefined): RowFormat {
  if (out === undefined) return json ? "json" : csv ? "csv" : dir === undefined ? "text" : "none";
  if (/\.csv$/i.test(out)) return "csv";
  if (/\.json$/i.test(out)) return "json";
  throw new UsageError(`--out: unknown ending of '${out}'; known: .csv, .json`);
}

async function predictInJob(mpi: Mpi, pictures: readonly string[], flags: Flags): Promise<void> {
  const { json, csv, out, topk = TOPK } = flags;
  if (json && csv) throw new UsageError("--json and --csv contradict each other");
  const dir = sortTarget(flags);
  const format = formatOf(flags, dir);
  if (out !== undefined) {
    refuseUseless(flags, ["json", "csv"], "--out's ending decides");
    if (dir !== undefined)
      throw new UsageError(`--out and --${flags.move ? "move" : "copy"} contradict each other`);
  }
  const inParts = out?.includes(PLACE) === true;
  const share = shareOf(flags.shard, inParts);
  await useLoadOptions(flags);
  const trained = await leaderFirst(mpi, () => modelFrom(flags));
  const all = pictureFiles(pictures);
  requireShards(all);
  if (dir !== undefined && all.some(isShard))
    throw new UsageError(
      `--${flags.move ? "move" : "copy"}: pictures in tar shards stay there; expected files`,
    );
  const model = modelDigest(trained, trained.preparation());
  if (mpi.size > 1) checkAlike("predict", mpi, { "the model": model, "the pictures": namesDigest(all) });
  const looker = new Looker(trained, flags, topk);
  try {
    if (inParts) {
      const decoder = flags.decoder ?? null;
      await predictInParts(mpi, {
        ...{ out: out!, parts: partsOf(all), share },
        conditions: { fovea: version, model, topk, decoder },
        async predict(part, name) {
          const collected = new Collected();
          const writer = rowWriter(format, collected.print);
          const unreadable = await looker.over(
            looker.open(part),
            `${name} classified`,
            undefined,
            writer.rows,
          );
          writer.end();
          return { contents: collected.contents, unreadable };
        },
      });
      return;
    }
    const opened = partsOf(sharedOut(all, share, "files"), Infinity).map((part) => looker.open(part));
    const images = opened.reduce((sum, { data }) => sum + data.length, 0);
    checkEnough("predict", mpi, images, "images");
    await predictTogether(mpi, opened, looker, format, dir, flags);
  } finally {
    looker.dispose();
  }
}

/** Predictions of all pictures, which the processes share; rank 0 writes them. */
async function predictTogether(
  mpi: Mpi,
  opened: readonly Pictures[],
  looker: Looker,
  format: RowFormat,
  dir: string | undefined,
  flags: Flags,
): Promise<void> {
  const leads = mpi.rank === 0;
  if (leads) await requireWritable([flags.out]);
  const collected = flags.out === undefined ? undefined : new Collected();
  const writer = leads ? rowWriter(format, collected?.print ?? console.log, dir !== undefined) : undefined;
  const all: Prediction[] = [];
  const streams = dir === undefined && format !== "json";
  const verb = streams && !collected && process.stdout.isTTY ? undefined : "classified";
  const unreadable: LeftOut[] = [];
  for (const pictures of opened) {
    const take = (rows: Prediction[]): void => (streams ? writer!.rows(rows) : void all.push(...rows));
    unreadable.push(...(await looker.over(pictures, verb, mpi, take)));
  }
  if (!writer) return;
  if (dir === undefined) writer.rows(all);
  else {
    const guessed = all.map(({ file, top }) => ({ file, ...top[0]! }));
    const places = await sortByGuess(guessed, dir, flags, format === "none");
    writer.rows(all.map((one) => ({ ...one, ...places.get(one.file)! })));
  }
  writer.end();
  if (collected) await writeFileAtomic(flags.out!, collected.contents);
  tellUnreadable(unreadable);
}

/** Runs the model on pictures. */
class Looker {
  #trained: TrainedModel;
  readonly #flags: LoadFlags;
  readonly #topk: number;
  readonly #inference: Inference;
  readonly #classes: readonly string[];

  constructor(trained: TrainedModel, flags: LoadFlags, topk: number) {
    this.#trained = trained;
    this.#flags = flags;
    this.#topk = topk;
    this.#inference = new Inference(trained.model);
    this.#classes = classNamesOf(trained);
  }

  open(part: Part): Pictures {
    return isShard(part[0] ?? "") ? openShard(part[0]!, this.#trained) : openFiles(part, this.#trained);
  }

  readonly #look = (batch: Batch, files: readonly string[]): Prediction[] => {
    const rows = noGrad(() => tidy(() => topClasses(this.#inference.run(batch.images), this.#topk)));
    return rows.map((row, i) => ({
      file: files[i]!,
      top: row.map((guess) => ({ class: this.#classes[guess.label]!, ...guess })),
    }));
  };

  /** Passes on all predictions. Returns what could not be read. */
  async over(
    pictures: Pictures,
    verb: string | undefined,
    group: Mpi | undefined,
    take: (rows: Prediction[]) => void,
  ): Promise<LeftOut[]> {
    const trained = this.#trained;
    const { assumed, ...rest } = trained;
    if (assumed !== undefined) this.#trained = rest; // that is reported once
    for (const note of pictures.data.notes ?? []) console.error(`fovea: ${note}`);
    return overPictures(pictures, trained, this.#flags, { verb, group, look: this.#look, take });
  }

  dispose(): void {
    this.#inference.dispose();
  }
}
