// fovea train: from a command line to a training run.

import type { Command } from "commander";
import { leftOutNotes } from "../node/datasets/index.js";
import { Progress } from "../node/progress.js";
import { recipes } from "../node/recipes.js";
import { runTraining } from "../node/training.js";
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
    .action(async (data: string | undefined, opts: Record<string, unknown>) => {
      const chosen = await argumentsFrom(trainFlags(opts, data));
      const { args } = chosen;
      const progress = new Progress();
      let folder = "";
      const { signal, end } = interruptible(() => folder !== "");
      try {
        const metrics = await runTraining(args, {
          ...(chosen.data && { data: chosen.data }),
          signal,
          command: `fovea ${process.argv.slice(2).join(" ")}`,
          onStart({ notes }, run) {
            folder = run.path;
            console.error(`${folder}/\n${describeArguments(args)}`);
            for (const note of notes) console.error(`fovea: ${note}`);
          },
          onSkipped(files, path) {
            for (const note of leftOutNotes(files)) console.error(`fovea: ${note}`);
            console.error(`fovea: files that could not be used: ${path}`);
          },
          onNote: (note) => console.error(`fovea: ${note}`),
          onStep: progress.onStep,
          onEpoch: (report) => progress.epoch(report, args.epochs),
        });
        if (!metrics) {
          console.error(`fovea: interrupted; to continue: fovea train --resume ${shellWord(folder)}`);
          process.exitCode = INTERRUPTED;
          return;
        }
        console.log(opts["json"] ? JSON.stringify({ out: folder, ...metrics }, null, 2) : folder);
        console.error(closingLines(folder, metrics).join("\n"));
      } finally {
        end();
      }
    });
}

/**
 * A signal that Ctrl-C, a plain kill, or a terminal that closes, aborts; the second time the process ends at once, as it does before there is
 * anything to save: while data or weights are being downloaded and read.
 */
function interruptible(started: () => boolean): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted || !started()) process.exit(INTERRUPTED);
    controller.abort();
    console.error("\nfovea: saving a checkpoint; press again to exit at once");
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
