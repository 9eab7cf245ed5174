// A resumed run: which arguments and data must be unchanged, and which may differ.

import { DataError, short, show } from "../errors.js";
import { exhausted, type Checkpoint, type TrainingPosition } from "../train/index.js";
import { ignoredScale, MAY_DIFFER, MAY_EXTEND } from "./resolve-arguments.js";
import { trainOptions, type TrainOption } from "./train-options.js";
import type { TrainArguments } from "./train-arguments.js";
import type { Setup } from "./training-setup.js";

/**
 * Whether the run had these arguments. Arguments that it does not know had their defaults.
 * @throws DataError for arguments that differ, or that this version does not know
 */
export function checkResumed(path: string, args: TrainArguments, { state }: Checkpoint): void {
  const saved = (state.about["args"] ?? {}) as Record<string, unknown>;
  const table: Readonly<Record<string, TrainOption<unknown>>> = trainOptions;
  const then = (name: string): unknown => (Object.hasOwn(saved, name) ? saved[name] : table[name]!.default);
  const problems = Object.entries(args)
    .filter(
      ([name]) => Object.hasOwn(table, name) && !MAY_DIFFER.includes(name) && !MAY_EXTEND.includes(name),
    )
    .filter(([name]) => name !== "scale" || !ignoredScale(saved))
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(then(name)))
    .map(([name, value]) => `${name}: got ${show(value)}, expected ${show(then(name))}`);
  const unknown = Object.keys(saved).filter((name) => !Object.hasOwn(table, name));
  if (unknown.length > 0) problems.push(`unknown here: ${short(unknown.join(", "))}`);
  if (problems.length === 0) return;
  throw new DataError(`${path}: belongs to a training run with other arguments; ${problems.join("; ")}`);
}

/** Properties that show whether a dataset has changed. */
export function dataOf({ classes, task, trainedOn: { train, val } }: Setup): Record<string, unknown> {
  return {
    ...{ classes, task: task.name, images: train.images, evalImages: val?.images ?? 0 },
    names: train.sha256,
    evalNames: val?.sha256 ?? null,
  };
}

/** @throws DataError unless the run was trained on these data */
export function checkSameData(path: string, training: Setup, { state }: Checkpoint): void {
  for (const [what, got] of Object.entries(dataOf(training))) {
    const then = state.about[what];
    if (!(what in state.about)) continue; // a checkpoint of a version without this field
    if (JSON.stringify(got) === JSON.stringify(then)) continue;
    const other = what.toLowerCase().endsWith("names") // digests, which mean nothing to a reader
      ? `the ${what === "names" ? "training" : "evaluation"} images have other names, classes or another order`
      : `${what}: got ${show(got)}, expected ${show(then)}`;
    throw new DataError(`${path}: belongs to a training run on other data; ${other}`);
  }
}

/** @throws DataError for fewer epochs than those already begun */
export function checkEpochs(path: string, { epochs }: TrainArguments, { state }: Checkpoint): void {
  const { history, step } = state.position;
  const begun = history.length + (step > 0 ? 1 : 0);
  if (epochs >= begun) return;
  throw new DataError(`${path}: epochs: got ${epochs}; expected at least the ${begun} that have begun`);
}

/** A sentence about how a resumed run continues. */
export function resumeNote(args: TrainArguments, position: TrainingPosition, { state }: Checkpoint): string {
  const { epochs, patience, sched } = args;
  const { history, step } = position;
  const done = history.length;
  if (done >= epochs) return `all ${epochs} epochs are done; --epochs N continues to more`;
  if (exhausted(history, patience ?? Infinity)) {
    return `ended after epoch ${done} by --patience ${patience}; --patience none continues`;
  }
  const before = (state.about["args"] as Partial<TrainArguments> | undefined)?.epochs;
  const place = step > 0 ? `within epoch ${done + 1}` : `after epoch ${done}`;
  if (before === undefined || before === epochs) return `continues ${place} of ${epochs}`;
  return `continues ${place} of ${epochs} instead of ${before}; the learning rate (${sched}) is from here that of ${epochs} epochs`;
}
