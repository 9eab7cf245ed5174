// fovea predict: what a trained model sees in pictures.

import { statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Command } from "commander";
import { globSync } from "tinyglobby";
import { noGrad } from "../core/autograd.js";
import { tidy } from "../core/scope.js";
import { DataLoader, disposeBatch } from "../data/index.js";
import { DataError } from "../errors.js";
import { FileDataset } from "../node/datasets/index.js";
import { byCodePoint, Names, sharedLabels } from "../node/datasets/names.js";
import { integer } from "../node/kinds.js";
import { defaultWorkers, evalTransforms } from "../node/preprocessing.js";
import { UsageError } from "../node/usage-error.js";
import { topClasses, type Guess } from "../train/index.js";
import {
  addLoadOptions,
  addModelOptions,
  evalBatchSize,
  modelFrom,
  parser,
  useLoadOptions,
  type LoadFlags,
  type ModelFlags,
} from "./options.js";

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

const PICTURES = "**/*.{png,jpg,jpeg}";
/** Fewer files than this are read by this thread alone. */
const MANY = 32;

/** The files that an argument means: itself, the pictures below a folder, or what a pattern matches. */
function filesOf(argument: string): string[] {
  const stat = statSync(argument, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    const found = globSync(PICTURES, { cwd: argument, caseSensitiveMatch: false }).sort(byCodePoint);
    if (found.length === 0) throw new DataError(`${argument}: no .png, .jpg or .jpeg files in it`);
    return found.map((file) => join(argument, file));
  }
  if (stat || !/[*?[{!(]/.test(argument)) return [argument]; // what is not there is told when it is read
  const options = { expandDirectories: false, absolute: isAbsolute(argument) };
  const found = globSync(argument, options).sort(byCodePoint);
  if (found.length === 0) throw new DataError(`${argument}: matches no file`);
  return found;
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
      const { model } = trained;
      const classes = trained.classes ?? Array.from({ length: model.numClasses }, (_, i) => String(i));
      const files = [...new Set(pictures.flatMap(filesOf))];
      const data = new FileDataset({
        name: "pictures",
        root: "",
        files: Names.from(files),
        labels: sharedLabels(files.map(() => 0)),
        classes,
        options: {},
      });
      const prepared = trained.preparation(data);
      const loader = new DataLoader(data, {
        batchSize: flags.batchSize ?? evalBatchSize(prepared.inputSize[0]),
        workers: flags.workers ?? (files.length < MANY ? 0 : defaultWorkers(data)),
        onError: "skip",
        ...evalTransforms(data, prepared),
      });
      const print = printer(flags);
      try {
        for await (const batch of loader.epoch()) {
          const rows = noGrad(() => tidy(() => topClasses(model.call(batch.images), flags.topk)));
          const guesses = rows.map((row) => row.map((guess) => ({ class: classes[guess.label]!, ...guess })));
          print.rows(guesses.map((top, i) => ({ file: files[batch.indices[i]!]!, top })));
          disposeBatch(batch);
        }
      } catch (error) {
        if (loader.stats.failures.length < files.length) throw error; // else each is told below
      } finally {
        loader.close();
      }
      print.end();
      for (const { reason } of loader.stats.failures) console.error(`fovea: ${reason}`);
      if (loader.stats.failures.length > 0) process.exitCode = 1;
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

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function csvRows({ file, top }: Prediction): string {
  return top
    .map((guess, i) => [quoted(file), i + 1, quoted(guess.class), guess.label, guess.probability].join(","))
    .join("\n");
}

function humanRows({ file, top }: Prediction): string {
  const lines = top.map((guess) => `  ${(guess.probability * 100).toFixed(2).padStart(6)} %  ${guess.class}`);
  return [file, ...lines].join("\n");
}
