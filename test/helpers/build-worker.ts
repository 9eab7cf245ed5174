// Before the tests: the text that data workers run, from the sources as they are.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export default function setup(): void {
  execFileSync(process.execPath, [
    fileURLToPath(new URL("../../src/node/build-worker.mjs", import.meta.url)),
  ]);
}
