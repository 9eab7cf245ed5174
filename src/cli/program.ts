// The `fovea` command. Data goes to stdout, progress and errors to stderr; it exits with 0 on success, 1 after a failure,
// 2 for a command line that makes no sense, 130 after Ctrl-C.

import { Command, CommanderError } from "commander";
import { version } from "../version.js";
import { knownNames } from "../errors/suggest.js";
import { FoveaError, short } from "../errors.js";
import { UsageError } from "../node/usage-error.js";
import { isReportedByAnother } from "./job.js";
import { register as augmentSheet } from "./augment-sheet.js";
import { register as bench } from "./bench.js";
import { register as check } from "./check.js";
import { register as evaluation } from "./eval.js";
import { examples } from "./examples.js";
import { register as exportModel } from "./export.js";
import { register as features } from "./features.js";
import { register as lrFind } from "./lr-find.js";
import { register as models } from "./models.js";
import { register as predict } from "./predict.js";
import { register as similar } from "./similar.js";
import { register as train } from "./train.js";
import { register as undo } from "./undo.js";

const FAILURE = 1;
const USAGE = 2;

const COMMANDS = [
  train,
  evaluation,
  predict,
  undo,
  features,
  similar,
  exportModel,
  lrFind,
  models,
  bench,
  check,
  augmentSheet,
];

/** The command with all of its commands. */
export function programOf(): Command {
  const program = new Command("fovea")
    .description("Deep learning for image classification in pure TypeScript.")
    .version(version, "-V, --version", "print fovea's version")
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => {} }); // report() reports it, with the known names
  for (const register of COMMANDS) register(program);
  for (const command of program.commands) {
    const lines = examples[command.name()] ?? [];
    command.addHelpText("after", ["\nExamples:", ...lines].join("\n  "));
  }
  return program.addHelpText("after", "\nfovea <command> --help shows details and examples.");
}

/** Runs the command with these arguments; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const program = programOf();
  try {
    const [first, topic] = args;
    if (first === "help" && topic !== undefined && !isCommand(topic, program)) {
      throw new UsageError(unknownCommand(topic, program)); // commander would show the help of all commands
    }
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const usage = error instanceof CommanderError ? usageError(error, program, args) : error;
    if (usage === undefined) return 0; // help was requested
    if (usage instanceof UsageError && (await isReportedByAnother())) return USAGE;
    return report(usage);
  }
}

/** Reports on stderr what went wrong; returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return USAGE; // the help was shown, since no command was given
  console.error(error instanceof FoveaError ? `fovea: ${error.message}` : error);
  return error instanceof UsageError ? USAGE : FAILURE;
}

/** What commander found wrong, in the words of this program; undefined if nothing was. */
function usageError(error: CommanderError, program: Command, args: readonly string[]): unknown {
  if (error.exitCode === 0) return undefined;
  return error.code === "commander.help" ? error : new UsageError(usageMessage(error, program, args));
}

const isCommand = (name: string, { commands }: Command): boolean =>
  name.startsWith("-") || commands.some((command) => command.name() === name);

function unknownCommand(got: string, { commands }: Command): string {
  const names = commands.map((command) => command.name());
  return `unknown command '${short(got)}'; ${knownNames(got, names.sort())}`;
}

function usageMessage({ code, message }: CommanderError, program: Command, args: readonly string[]): string {
  const what = message.replace(/^error: /, "");
  const [, got = ""] = /'([^']*)'/.exec(what) ?? [];
  if (code === "commander.unknownCommand") return unknownCommand(got, program);
  if (code !== "commander.unknownOption") return what;
  const command = program.commands.find((c) => c.name() === args[0]) ?? program;
  const options = command.createHelp().visibleOptions(command);
  return `${what}; ${knownNames(got, options.map((option) => option.long ?? option.flags).sort())}`;
}
