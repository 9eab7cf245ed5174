// fovea predict: what a trained model sees in pictures.

import type { Command } from "commander";
import { noGrad } from "../core/autograd.js";
import { tidy } from "../core/scope.js";
import { csvRow } from "../node/csv.js";
import { integer } from "../node/kinds.js";
import { UsageError } from "../node/usage-error.js";
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

interface Flags extends ModelFlags, LoadFlags {
  topk: number;
  json?: true;
  csv?: true;
}

/** One picture's answer: the likeliest classes by their names and numbers, the likeliest first. */
interface Prediction {
  file: string;
  top: (Guess & { class: string })[];
}

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("predict")
    .description("classify pictures")
    .argument("<picture...>", "files, folders, or quoted patterns such as 'photos/**/*.jpg'");
  addLoadOptions(addModelOptions(command))
    .option("--topk <k>", "classes to name for each picture", parser(integer(1)), 5)
    .option("--json", "as JSON: [{ file, top: [{ class, label, probability }] }]")
    .option("--csv", "as CSV: file,rank,class,label,probability")
    .addHelpText("after", "\nUnreadable files are listed on stderr; the exit code is then 1.")
    .action(async (pictures: string[], flags: Flags) => {
      if (flags.json && flags.csv) throw new UsageError("--json and --csv contradict each other");
      await useLoadOptions(flags);
      const trained = await modelFrom(flags);
      const classes = classNamesOf(trained);
      const print = printer(flags);
      const unreadable = await overPictures(
        pictureFiles(pictures),
        trained,
        flags,
        "classified",
        (batch, files) => {
          const rows = noGrad(() => tidy(() => topClasses(trained.model.call(batch.images), flags.topk)));
          const guesses = rows.map((row) => row.map((guess) => ({ class: classes[guess.label]!, ...guess })));
          print.rows(guesses.map((top, i) => ({ file: files[i]!, top })));
        },
      );
      print.end();
      tellUnreadable(unreadable);
    });
}

interface Printer {
  rows(predictions: readonly Prediction[]): void;
  end(): void;
}

function printer({ json, csv }: Flags): Printer {
  if (json) {
    const all: Prediction[] = [];
    return {
      rows: (predictions) => void all.push(...predictions),
      end: () => console.log(JSON.stringify(all, null, 2)),
    };
  }
  if (csv) console.log("file,rank,class,label,probability");
  const text = csv ? csvRows : humanRows;
  return { rows: (predictions) => predictions.forEach((p) => console.log(text(p))), end: () => {} };
}

function csvRows({ file, top }: Prediction): string {
  return top.map((guess, i) => csvRow([file, i + 1, guess.class, guess.label, guess.probability])).join("\n");
}

function humanRows({ file, top }: Prediction): string {
  const lines = top.map((guess) => `  ${(guess.probability * 100).toFixed(2).padStart(6)} %  ${guess.class}`);
  return [file, ...lines].join("\n");
}
