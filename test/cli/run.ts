// The `fovea` command as a user runs it.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { run } from "../../src/cli/program.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The same within this process: for what says no before it computes anything. */
export async function foveaHere(...args: string[]): Promise<Ran> {
  const text = { stdout: "", stderr: "" };
  const add = (stream: "stdout" | "stderr") => (chunk: unknown) => ((text[stream] += String(chunk)), true);
  const line = (stream: "stdout" | "stderr") => (said: unknown) => void (text[stream] += `${String(said)}\n`);
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(add("stdout")),
    vi.spyOn(process.stderr, "write").mockImplementation(add("stderr")),
    vi.spyOn(console, "log").mockImplementation(line("stdout")),
    vi.spyOn(console, "error").mockImplementation(line("stderr")),
  ];
  try {
    return { status: await run(args), ...text };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}

/** Arguments of Node for the command line, as test/helpers/setup.ts has built it. */
export const command = (...args: string[]): string[] => ["build/cli.js", ...args];

export function fovea(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, command(...args), {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
