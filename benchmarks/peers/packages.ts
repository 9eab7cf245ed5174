// The packages of the JavaScript libraries, and where their files are.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

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
