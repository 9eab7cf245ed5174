// Packages that fovea uses if they are installed, and does not depend on.

import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

/** Path of a file in a package that is installed beside fovea or where the program runs. Throws if there is none. */
export const findInstalled = (name: string): string =>
  require.resolve(name, { paths: [fileURLToPath(new URL(".", import.meta.url)), process.cwd()] });

/** Whether a package, or a file in it, is installed. */
export function isInstalled(name: string): boolean {
  try {
    findInstalled(name);
    return true;
  } catch {
    return false;
  }
}

/** The exports of a package that is installed beside fovea or where the program runs. Throws if there is none. */
export const loadInstalled = async (name: string): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(findInstalled(name)).href)) as Record<string, unknown>;
