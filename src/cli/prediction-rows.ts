// Predictions as text: for people, as CSV, as JSON.

import { csvRow } from "../node/csv.js";
import type { Guess } from "../train/index.js";

/** One picture's answer: the likeliest classes by their names and numbers, the likeliest first. */
export interface Prediction {
  file: string;
  top: (Guess & { class: string })[];
  /** For files to sort: the destination, null if the file stays; whether it has been moved or copied. */
  to?: string | null;
  done?: boolean;
}

/** How predictions are written; "none": not at all. */
export type RowFormat = "text" | "csv" | "json" | "none";

/** Takes predictions as they come. */
export interface RowWriter {
  rows(predictions: readonly Prediction[]): void;
  end(): void;
}

/** Writes predictions with `print`, which ends a line. `sorts`: they have a destination. */
export function rowWriter(format: RowFormat, print: (text: string) => void, sorts = false): RowWriter {
  if (format === "json") {
    const all: Prediction[] = [];
    return {
      rows: (predictions) => void all.push(...predictions),
      end: () => print(JSON.stringify(all, null, 2)),
    };
  }
  if (format === "csv") print(`file,rank,class,label,probability${sorts ? ",to,done" : ""}`);
  const text = { csv: csvRows, text: humanRows, none: undefined }[format];
  return { rows: (predictions) => text && predictions.forEach((p) => print(text(p))), end: () => {} };
}

/** Collects what a writer prints, as a file's contents. */
export class Collected {
  readonly contents: Uint8Array[] = [];
  readonly print = (text: string): void => void this.contents.push(new TextEncoder().encode(`${text}\n`));
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
