// The `fovea` command as a user runs it.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export const command = (...args: string[]): string[] => ["--import", "tsx", "src/cli/main.ts", ...args];

export function fovea(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, command(...args), {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
