// fovea predict: classifies pictures with a trained model.

import type { Command } from "commander";
import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import { csvRow } from "../node/csv.js";
import { integer } from "../errors/kinds.js";
import { UsageError } from "../node/usage-error.js";
import { Inference } from "../train/inference.js";
import { topClasses, type Guess } from "../train/index.js";
import {
  addLoadOptions,
  addModelOptions,
  modelFrom,
  parser,
  useLoadOptions,
  type LoadFlags,
  type ModelFlags,
} from "./options.js";
import { classNamesOf, overPictures, pictureFiles, tellUnreadable } from "./pictures.js";
import { addSortOptions, sortByGuess, sortTarget, type SortFlags } from "./sorting.js";

interface Flags extends ModelFlags, LoadFlags, SortFlags {
  topk?: number;
  json?: true;
  csv?: true;
}

/** One picture's answer: the likeliest classes by their names and numbers, the likeliest first. */
interface Prediction {
  file: string;
  top: (Guess & { class: string })[];
  /** For files to sort: the destination, null if the file stays; whether it has been moved or copied. */
  to?: string | null;
  done?: boolean;
}

const TOPK = 5;

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("predict")
    .description("classify pictures")
    .argument("<picture...>", "files, folders, or quoted patterns such as 'photos/**/*.jpg'");
  addSortOptions(addLoadOptions(addModelOptions(command)))
    .option("--topk <n>", `classes to name for each picture (default: ${TOPK})`, parser(integer(1)))
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
    .action(async (pictures: string[], flags: Flags) => {
      if (flags.json && flags.csv) throw new UsageError("--json and --csv contradict each other");
      const dir = sortTarget(flags);
      const { topk = TOPK } = flags;
      await useLoadOptions(flags);
      const trained = await modelFrom(flags);
      const classes = classNamesOf(trained);
      const print = printer(flags);
      const streams = dir === undefined && !flags.json;
      const all: Prediction[] = [];
      const inference = new Inference(trained.model);
      const unreadable = await overPictures(
        pictureFiles(pictures),
        trained,
        flags,
        streams && process.stdout.isTTY ? undefined : "classified",
        (batch, files) => {
          const rows = noGrad(() => tidy(() => topClasses(inference.run(batch.images), topk)));
          const guesses = rows.map((row) => row.map((guess) => ({ class: classes[guess.label]!, ...guess })));
          const predictions = guesses.map((top, i) => ({ file: files[i]!, top }));
          if (streams) print.rows(predictions);
          else all.push(...predictions);
        },
      );
      inference.dispose();
      if (dir === undefined) print.rows(all);
      else {
        const guessed = all.map(({ file, top }) => ({ file, ...top[0]! }));
        const places = await sortByGuess(guessed, dir, flags, !flags.json && !flags.csv);
        if (flags.json || flags.csv) print.rows(all.map((one) => ({ ...one, ...places.get(one.file)! })));
      }
      print.end();
      tellUnreadable(unreadable);
    });
}

interface Printer {
  rows(predictions: readonly Prediction[]): void;
  end(): void;
}

function printer({ json, csv, move, copy }: Flags): Printer {
  if (json) {
    const all: Prediction[] = [];
    return {
      rows: (predictions) => void all.push(...predictions),
      end: () => console.log(JSON.stringify(all, null, 2)),
    };
  }
  const sorts = (move ?? copy) !== undefined;
  if (csv) console.log(`file,rank,class,label,probability${sorts ? ",to,done" : ""}`);
  const text = csv ? csvRows : sorts ? undefined : humanRows;
  return { rows: (predictions) => text && predictions.forEach((p) => console.log(text(p))), end: () => {} };
}

function csvRows({ file, top, to, done }: Prediction): string {
  const sorted = done === undefined ? [] : [to ?? "", String(done)];
  return top
    .map((guess, i) => csvRow([file, i + 1, guess.class, guess.label, guess.probability, ...sorted]))
    .join("\n");
}

function humanRows({ file, top }: Prediction): string {
  const lines = top.map((guess) => `  ${(guess.probability * 100).toFixed(2).padStart(6)} %  ${guess.class}`);
  return [file, ...lines].join("\n");
}
