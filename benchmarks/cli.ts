// The common options of both programs.

import { parseArgs } from "node:util";
import type { Case } from "./workload.js";

export interface Options {
  suite: string | undefined;
  filter: string | undefined;
  threads: number;
  /** Whether every algorithm of a convolution is timed, not only the chosen one. */
  algorithms: boolean;
  json: string | undefined;
  results: string | undefined;
  /** Names of the libraries to measure beside fovea; none: all of them. */
  peers: string[] | undefined;
}

/** A mistake in the arguments: its message goes to stderr and the program exits with 2. */
export class UsageError extends Error {}

const options = {
  suite: { type: "string" },
  filter: { type: "string" },
  threads: { type: "string", default: "1" },
  algorithms: { type: "boolean", default: false },
  json: { type: "string" },
  results: { type: "string" },
  peers: { type: "string" },
} as const;

const KNOWN =
  "--suite NAME, --filter TEXT, --threads N, --algorithms, --json FILE, --results FILE, --peers NAME,NAME";

export function readOptions(args: string[], suites: readonly string[]): Options {
  let values;
  try {
    ({ values } = parseArgs({ args, options, allowPositionals: false }));
  } catch (error) {
    const [what] = (error as Error).message.split(". ");
    throw new UsageError(`${what}; known: ${KNOWN}`);
  }
  const { suite, filter, algorithms, json, results } = values;
  if (suite !== undefined && !suites.includes(suite)) {
    throw new UsageError(`unknown suite '${suite}'; known: ${suites.join(", ")}`);
  }
  const threads = Number(values.threads);
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new UsageError(`--threads: got '${values.threads}'; expected an integer from 1 on`);
  }
  return { suite, filter, threads, algorithms, json, results, peers: values.peers?.split(",") };
}

/** The cases that the options ask for. */
export function pick(cases: readonly Case[], { suite, filter }: Options): Case[] {
  const ofSuite = cases.filter((c) => suite === undefined || c.suite === suite);
  if (ofSuite.length === 0)
    throw new UsageError(`suite '${suite}' has no cases: none of its models is registered`);
  const picked = ofSuite.filter((c) => filter === undefined || c.name.includes(filter));
  if (picked.length === 0) {
    throw new UsageError(`no case matches '${filter}'; known: ${ofSuite.map((c) => c.name).join(", ")}`);
  }
  return picked;
}

/** Runs a program, turning a UsageError into exit code 2 and any other error into 1. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const usage = error instanceof UsageError;
    console.error(usage ? `bench: ${error.message}` : error);
    process.exitCode = usage ? 2 : 1;
  }
}
