// fovea predict --move and --copy: sorts pictures into folders by predicted class, after showing the plan.

import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { number, text } from "../errors/kinds.js";
import { planSorting, sortFiles, type Placement, type SortResult } from "../node/sort-files.js";
import { count, Counter } from "../node/status-line.js";
import { UsageError } from "../node/usage-error.js";
import { parser, refuseUseless } from "./parser.js";

export interface SortFlags {
  move?: string;
  copy?: string;
  minConfidence?: number;
  dryRun?: true;
  yes?: true;
}

/** --move, --copy, and their conditions. */
export function addSortOptions(command: Command): Command {
  return command
    .option("--move <dir>", "move the files to DIR/<class>/; shows the plan first and asks", parser(text))
    .option("--copy <dir>", "copy them instead", parser(text))
    .option(
      "--min-confidence <p>",
      "leave files with a lower probability where they are",
      parser(number(0, 1)),
    )
    .option("--dry-run", "only show the plan (the default without a terminal)")
    .option("--yes", "move or copy without asking");
}

/** The folder to sort into, if any. @throws UsageError for flags that contradict each other or are of no use */
export function sortTarget(
  flags: SortFlags & { topk?: number; json?: true; csv?: true },
): string | undefined {
  const { move, copy, dryRun, yes, json, csv } = flags;
  if (move !== undefined && copy !== undefined)
    throw new UsageError("--move and --copy contradict each other");
  if (dryRun && yes) throw new UsageError("--dry-run and --yes contradict each other");
  const dir = move ?? copy;
  if (dir === undefined) {
    refuseUseless(flags, ["minConfidence", "dryRun", "yes"], "it needs --move or --copy");
  } else if (!json && !csv) {
    refuseUseless(flags, ["topk"], `beside ${move ? "--move" : "--copy"} it needs --json or --csv`);
  }
  return dir;
}

/** A model's prediction for a file. */
export interface Guessed {
  readonly file: string;
  readonly class: string;
  readonly probability: number;
}

/** The destination of each file, null if it stays, and whether it is there. */
export type Destinations = ReadonlyMap<string, { to: string | null; done: boolean }>;

const percent = (p: number): string => `${(p * 100).toFixed(2)} %`;

function planLine({ file, class: name, probability }: Guessed, placement: Placement | undefined): string {
  const guess = `${name} ${percent(probability)}`;
  if (!placement) return `${file} stays: ${guess}`;
  return placement.there ? `${file} is there: ${guess}` : `${file} → ${placement.to}  ${guess}`;
}

/** "cat 12, dog 3" */
function tally(guesses: readonly Guessed[], plan: ReadonlyMap<string, Placement>): string {
  const counts = new Map<string, number>();
  for (const { file, class: name } of guesses) {
    if (plan.get(file)?.there === false) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, n]) => `${name} ${count(n)}`).join(", ");
}

async function agreed({ yes, dryRun }: SortFlags, question: string): Promise<boolean> {
  if (yes || dryRun || !process.stdin.isTTY || !process.stderr.isTTY) return yes === true;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^\s*y(es)?\s*$/i.test(await reader.question(`${question} [y/N] `));
  } finally {
    reader.close();
  }
}

/**
 * Sorts files by their guesses into `dir`, if --yes is given or the user confirms; otherwise only shows the plan. `print`: prints
 * a line for each file on stdout.
 */
export async function sortByGuess(
  guesses: readonly Guessed[],
  dir: string,
  flags: SortFlags,
  print: boolean,
): Promise<Destinations> {
  const { minConfidence = 0 } = flags;
  const sure = guesses.filter(({ probability }) => probability >= minConfidence);
  const plan = new Map(planSorting(sure, dir).map((placement) => [placement.from, placement]));
  const due = [...plan.values()].filter(({ there }) => !there);
  const copy = flags.copy !== undefined;
  const verb = copy ? "copy" : "move";
  if (print) for (const guess of guesses) console.log(planLine(guess, plan.get(guess.file)));
  const stay = guesses.length - due.length;
  const rest = stay ? `; ${count(stay)} ${stay === 1 ? "stays" : "stay"}` : "";
  const what = `${count(due.length)} ${due.length === 1 ? "file" : "files"}`;
  console.error(
    due.length ? `${verb} ${what} to ${dir}: ${tally(guesses, plan)}${rest}` : `nothing to ${verb}${rest}`,
  );
  let result: SortResult = { done: [], failures: [] };
  if (due.length > 0 && (await agreed(flags, `${verb} ${what}?`))) {
    const counter = new Counter(copy ? "copied" : "moved", due.length);
    let n = 0;
    result = await sortFiles([...plan.values()], dir, { copy, onDone: () => counter.at(++n) }).finally(() =>
      counter.end(),
    );
    tellResult(result, copy);
  } else if (due.length > 0) {
    console.error(`nothing was ${copy ? "copied" : "moved"}${flags.dryRun ? "" : `; use --yes to do it`}`);
  }
  const done = new Set(result.done);
  return new Map(
    guesses.map(({ file }) => {
      const placement = plan.get(file);
      return [
        file,
        { to: placement?.to ?? null, done: placement ? placement.there || done.has(placement) : false },
      ];
    }),
  );
}

function tellResult({ done, failures, list }: SortResult, copy: boolean): void {
  for (const { reason } of failures) console.error(`fovea: ${reason}`);
  if (failures.length > 0) process.exitCode = 1;
  if (list !== undefined) {
    console.error(`${copy ? "copied" : "moved"} ${count(done.length)}; to revert: fovea undo ${list}`);
  }
}
