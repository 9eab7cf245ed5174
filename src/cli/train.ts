// fovea train: from a command line to a training run.

import type { Command } from "commander";
import type { Mpi } from "../mpi/index.js";
import type { ChosenArguments } from "../node/by-data.js";
import { leftOutNotes } from "../node/datasets/index.js";
import { Progress } from "../node/progress.js";
import { recipes } from "../node/recipes.js";
import type { TrainFlags } from "../node/resolve-arguments.js";
import { runTraining } from "../node/training.js";
import { shared } from "../node/training-group.js";
import { optimizerInfo } from "../optim/index.js";
import { asJob, whichIsWhich } from "./job.js";
import { closingLines, shellWord } from "./closing.js";
import { addTrainOptions, argumentsFrom, describeArguments, trainFlags } from "./train-flags.js";

const INTERRUPTED = 130;

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("train")
    .description("train a model; results are in the run folder")
    .argument("[data]", "a dataset's name, or a folder; instead of --data")
    .option("--json", "print the final numbers as JSON");
  addTrainOptions(command)
    .addHelpText(
      "after",
      `\nRecipes: ${Object.keys(recipes).sort().join(", ")}; flags override their values.`,
    )
    .addHelpText(
      "after",
      "--resume RUN --epochs N continues to N epochs, with the learning rates of a run of this length.",
    )
    .addHelpText("after", "Ctrl-C saves a checkpoint and exits with 130; a second one exits at once.")
    .action((data: string | undefined, opts: Record<string, unknown>) =>
      asJob("train", (mpi) => trainInJob(mpi, trainFlags(opts, data), opts["json"] === true)),
    );
}

/** What rank 0 finds out about data and arguments, all processes do. */
async function chosenTogether(mpi: Mpi, flags: TrainFlags): Promise<ChosenArguments> {
  if (mpi.size === 1) return argumentsFrom(flags);
  const own = mpi.rank === 0 ? await argumentsFrom(flags) : undefined;
  if (own && flags.lr === undefined && flags.scaleLr === undefined && flags.resume === undefined) {
    own.args.scaleLr = optimizerInfo(own.args.opt).usual.growth === "sqrt" ? "sqrt" : "linear";
  }
  return { notes: [], ...own, args: shared(mpi, own?.args) };
}

async function trainInJob(mpi: Mpi, flags: TrainFlags, json: boolean): Promise<void> {
  const chosen = await chosenTogether(mpi, flags);
  const { args } = chosen;
  const leads = mpi.rank === 0;
  const progress = new Progress();
  let folder = "";
  const started = (): boolean => folder !== "" || !leads;
  const goOn = (): string => `${again(mpi)}fovea train --resume ${shellWord(folder)}`;
  const ranks = whichIsWhich(mpi);
  // mpirun ends the others so when one has died.
  const last = (): string => (mpi.size > 1 ? `; if a process has died: ${goOn()}` : "");
  const { signal, end } = interruptible(started, () => {
    if (leads) console.error(`\nfovea: saving a checkpoint; press again to exit at once${last()}`);
  });
  try {
    const metrics = await runTraining(args, {
      ...(chosen.data && { data: chosen.data }),
      signal,
      group: mpi,
      command: `${again(mpi)}fovea ${process.argv.slice(2).join(" ")}`,
      onStart({ notes }, run) {
        folder = run.path;
        console.error(`${folder}/\n${describeArguments(args)}`);
        for (const note of notes) console.error(`fovea: ${note}`);
        if (mpi.size > 1) console.error(`fovea: if a process dies, the job ends; to continue: ${goOn()}`);
        for (const note of ranks) console.error(`fovea: ${note}`);
      },
      onSkipped(files, path) {
        for (const note of leftOutNotes(files)) console.error(`fovea: ${note}`);
        console.error(`fovea: files that could not be used: ${path}`);
      },
      onNote: (note) => console.error(`fovea: ${note}`),
      onStep: progress.onStep,
      onEpoch: (report) => progress.epoch(report, args.epochs),
    });
    if (!leads) {
      if (signal.aborted) process.exitCode = INTERRUPTED;
      return;
    }
    if (!metrics) {
      console.error(`fovea: interrupted; to continue: ${goOn()}`);
      process.exitCode = INTERRUPTED;
      return;
    }
    console.log(json ? JSON.stringify({ out: folder, ...metrics }, null, 2) : folder);
    console.error(closingLines(folder, metrics).join("\n"));
  } finally {
    end();
  }
}

/** What goes before a command to start as many processes again. */
const again = ({ size }: Mpi): string => (size > 1 ? `mpirun -np ${size} ` : "");

/**
 * A signal that Ctrl-C, a plain kill, or a terminal that closes, aborts; the second time the process ends at once, as it does before there is
 * anything to save: while data or weights are being downloaded and read.
 */
function interruptible(started: () => boolean, tell: () => void): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted || !started()) process.exit(INTERRUPTED);
    controller.abort();
    tell();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, stop);
  return {
    signal: controller.signal,
    end() {
      for (const name of signals) process.off(name, stop);
    },
  };
}
