// The interface of a measured JavaScript library (serve.ts), and a search for its package.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Workload } from "../workload.js";

export interface Work {
  /** Does the work once, completely: nothing may be left lazy or pending. */
  run(): unknown;
  dispose(): unknown;
}

export interface Library {
  /** Package and version, for the report. */
  version: string;
  /** The work, or the reason why the library does not do it. */
  prepare(workload: Workload): Work | string | Promise<Work | string>;
}

/** Imports a package. Its types are missing if it is not installed, so the caller declares what it uses. */
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
