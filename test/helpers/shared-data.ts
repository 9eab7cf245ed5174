// Data that is not part of the repository: in the folder that FOVEA_DATA names, or in ../shared/data beside the repository's
// parent. Tests that need it are skipped where it is absent.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDERS = [
  process.env["FOVEA_DATA"],
  ...["../../../shared/data", "../../../../shared/data"].map((up) =>
    fileURLToPath(new URL(up, import.meta.url)),
  ),
];

/** Path of a file or folder of the shared data, if it is there. */
export function sharedData(name: string): string | undefined {
  return FOLDERS.flatMap((folder) => (folder ? [join(folder, name)] : [])).find(existsSync);
}
