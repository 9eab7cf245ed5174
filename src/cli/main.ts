#!/usr/bin/env node
// The `fovea` command. Data goes to stdout, progress and errors to stderr; it exits with 0 if all is well, 1 after a failure,
// 2 for a command line that it does not understand.

import "../node/data-workers.js";

import { Command, CommanderError } from "commander";
import { DataError, ShapeError, WasmError } from "../errors.js";
import { UsageError } from "../node/usage-error.js";
import { register as augmentSheet } from "./augment-sheet.js";
import { register as check } from "./check.js";
import { register as evaluation } from "./eval.js";
import { register as exportModel } from "./export.js";
import { register as lrFind } from "./lr-find.js";
import { register as models } from "./models.js";
import { register as predict } from "./predict.js";
import { register as train } from "./train.js";

const FAILURE = 1;
const USAGE = 2;

const program = new Command("fovea")
  .description("Deep learning for image classification in pure TypeScript.")
  .exitOverride()
  .showSuggestionAfterError(false)
  .configureOutput({ outputError: () => {} }); // report() says it, with what is known
for (const register of [augmentSheet, check, evaluation, exportModel, lrFind, models, predict, train])
  register(program);

/** Says on stderr what went wrong; the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // help was asked for
    if (error.code !== "commander.help") console.error(`fovea: ${usageMessage(error)}`);
    return USAGE;
  }
  if (error instanceof UsageError) {
    console.error(`fovea: ${error.message}`);
    return USAGE;
  }
  const expected = [DataError, ShapeError, WasmError].some((type) => error instanceof type);
  console.error(expected ? `fovea: ${(error as Error).message}` : error);
  return FAILURE;
}

function usageMessage({ code, message }: CommanderError): string {
  const command = program.commands.find((c) => c.name() === process.argv[2]) ?? program;
  const options = command.createHelp().visibleOptions(command);
  const known =
    code === "commander.unknownCommand"
      ? program.commands.map((c) => c.name())
      : code === "commander.unknownOption"
        ? options.map((option) => option.long ?? option.flags)
        : [];
  const what = message.replace(/^error: /, "");
  return known.length ? `${what}; known: ${known.sort().join(", ")}` : what;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // nobody reads on
  console.error(`fovea: stdout: cannot be written: ${error.message}`);
  process.exit(FAILURE);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
