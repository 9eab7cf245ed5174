// Runs a program that imports "fovea" as users do, against the sources.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a script prints. Rejects, with what it says on stderr, if it fails. */
export function runScript(cwd: string, path: string, args: readonly string[] = []): Promise<string> {
  const env = {
    ...process.env,
    TSX_TSCONFIG_PATH: join(root, "test/examples.tsconfig.json"),
    FOVEA_THREADS: "1",
  };
  const command = ["--import", join(root, "node_modules/tsx/dist/loader.mjs"), path, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { cwd, env, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${path}: ${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

/** What this text prints as a module in the folder. */
export async function runSource(folder: string, source: string): Promise<string> {
  const path = join(folder, "program.mts");
  await writeFile(path, source);
  return runScript(folder, path);
}
