// What a JavaScript library has to offer to be measured (serve.ts), and how its package is found.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Workload } from "../workload.js";

export interface Work {
  /** Does the work once, to the end: nothing may be left lazy or pending. */
  run(): unknown;
  dispose(): unknown;
}

export interface Library {
  /** Package and version, for the report. */
  version: string;
  /** The work, or the reason why the library does not do it. */
  prepare(workload: Workload): Work | string | Promise<Work | string>;
}

/** Imports a package. Its types are not at hand where it is not installed: the caller says what it uses. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}

export function packageFile(name: string, file: string): string {
  return fileURLToPath(new URL(`node_modules/${name}/${file}`, import.meta.url));
}

export async function versionOf(name: string): Promise<string> {
  const text = await readFile(packageFile(name, "package.json"), "utf8");
  return `${name} ${(JSON.parse(text) as { version: string }).version}`;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
