// fovea lr-find: finds the learning rate at which the loss falls fastest.

import type { Command } from "commander";
import { manualSeed } from "../core/random.js";
import { integer, number } from "../errors/kinds.js";
import { emaOptions } from "../node/options/loss.js";
import { runOptions } from "../node/options/run.js";
import { scheduleOptions } from "../node/options/steps.js";
import { trainNames } from "../node/resolve-arguments.js";
import { setUpTraining } from "../node/training-setup.js";
import { StatusLine } from "../node/status-line.js";
import { UsageError } from "../node/usage-error.js";
import { findLr, type FoundLr, type LrRow } from "../train/index.js";
import { init } from "../wasm/runtime.js";
import { parser } from "./options.js";
import { addTrainOptions, argumentsFrom, trainFlags } from "./train-flags.js";

/** Options that do not affect the loss of the first steps, or that lr-find is to find. */
const ELSEWHERE: readonly string[] = [
  ...["freezeEpochs", "epochs", "gradAccumSteps", "lr", "headLr", "clipGrad", "clipMode"],
  ...Object.keys({ ...scheduleOptions, ...emaOptions }),
  ...Object.keys(runOptions).filter((name) => !["seed", "threads", "workers"].includes(name)),
];
const NAMES = trainNames.filter((name) => !ELSEWHERE.includes(name));

interface Range {
  startLr: number;
  endLr: number;
  steps: number;
}

/** Adds the command to the program. */
export function register(program: Command): void {
  const rate = parser(number(0, Infinity, { above: true }));
  const command = program
    .command("lr-find")
    .description(
      "train some steps with a growing learning rate, and show where the loss falls; writes no file",
    )
    .argument("[data]", "a dataset's name, or a folder; instead of --data")
    .option("--start-lr <x>", "the first rate", rate, 1e-7)
    .option("--end-lr <x>", "the last rate", rate, 10)
    .option("--steps <n>", "steps from the first to the last rate", parser(integer(10)), 100)
    .option("--json", "as JSON: { steepest, valley, diverged, rows: [{ lr, loss, smoothed }] }");
  addTrainOptions(command, NAMES).action(async (data: string | undefined, opts: Record<string, unknown>) => {
    const { startLr: minLr, endLr: maxLr, steps } = opts as unknown as Range;
    if (minLr >= maxLr)
      throw new UsageError(`--start-lr: got ${minLr}; expected less than --end-lr ${maxLr}`);
    const { args, data: read } = await argumentsFrom(trainFlags(opts, data));
    init({ ...(args.threads !== null && { threads: args.threads }) });
    manualSeed(args.seed);
    const training = await setUpTraining(args, read);
    try {
      const { model, trainLoader, optimizer, loss } = training;
      const found = await findLr(model, trainLoader, {
        optimizer,
        loss,
        minLr,
        maxLr,
        steps,
        onStep: progress(),
      });
      if (found.rows.length === 0) throw new UsageError(`--start-lr: the loss is infinite at ${minLr}`);
      const { rows, ...rest } = found;
      console.log(opts["json"] ? JSON.stringify({ ...rest, rows }, null, 2) : report(found));
    } finally {
      training.end();
    }
  });
}

/** Reports progress on stderr. */
function progress(): (row: LrRow, step: number, steps: number) => void {
  const status = new StatusLine();
  return ({ lr, smoothed }, step, steps) => {
    const line = `step ${step}/${steps}  lr ${lr.toExponential(2)}  loss ${smoothed.toFixed(4)}`;
    if (step === steps) status.clear();
    else status.show(() => line);
  };
}

const shown = (lr: number | undefined): string =>
  lr === undefined ? "none: the loss never falls" : lr.toPrecision(3);

function report(found: FoundLr): string {
  const lines = [plot(found), "", `steepest  ${shown(found.steepest)}`, `valley    ${shown(found.valley)}`];
  if (found.diverged) lines.push(`diverged  ${shown(found.rows.at(-1)!.lr)}`);
  return lines.join("\n");
}

const WIDTH = 70;
const HEIGHT = 14;

/** The smoothed loss over the rate's logarithm, as text; "S" and "V" are the suggestions. */
export function plot({ rows, steepest, valley }: FoundLr): string {
  const losses = rows.map(({ smoothed }) => smoothed);
  const low = Math.min(...losses);
  // A divergent end would flatten the rest of the curve.
  const high = Math.min(Math.max(...losses), low + 2 * (losses[0]! - low) || Infinity);
  const cells = Array.from({ length: HEIGHT }, () => Array<string>(WIDTH).fill(" "));
  const [first, last] = [Math.log(rows[0]!.lr), Math.log(rows.at(-1)!.lr)];
  for (const { lr, smoothed } of rows) {
    const x = last > first ? Math.round(((Math.log(lr) - first) / (last - first)) * (WIDTH - 1)) : 0;
    const share = high > low ? (Math.min(smoothed, high) - low) / (high - low) : 0;
    const y = Math.round((1 - share) * (HEIGHT - 1));
    cells[y]![x] = lr === steepest ? "S" : lr === valley ? "V" : cells[y]![x] === " " ? "*" : cells[y]![x]!;
  }
  const label = (y: number): string =>
    (y === 0 ? high.toFixed(3) : y === HEIGHT - 1 ? low.toFixed(3) : "").padStart(8);
  const lines = cells.map((row, y) => `${label(y)} |${row.join("").trimEnd()}`);
  const [from, to] = [rows[0]!.lr.toExponential(1), rows.at(-1)!.lr.toExponential(1)];
  return [
    ...lines,
    `${" ".repeat(9)}+${"-".repeat(WIDTH)}`,
    `${" ".repeat(10)}${from}${to.padStart(WIDTH - from.length)}`,
  ].join("\n");
}
