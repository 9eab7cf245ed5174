// npm run test:runtimes: packs the package once and runs a small program wherever it is meant to run. Names choose some of the
// environments: npm run test:runtimes -- "Node 24" Vite.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installed, pack } from "../helpers/packed.js";
import { environments } from "./environments.js";
import { closeBrowsers, Skipped } from "./pages.js";
import { compare, PROGRAM, type Result } from "./programs.js";
import { writeFileSync } from "node:fs";

const wanted = process.argv.slice(2);
const chosen = Object.entries(environments).filter(
  ([name]) => wanted.length === 0 || wanted.some((each) => name.startsWith(each)),
);
if (chosen.length === 0)
  throw new Error(`test:runtimes: no such environment; known: ${Object.keys(environments).join(", ")}`);

// Folders are made beside the tarball, and go with it.
const folder = mkdtempSync(join(tmpdir(), "fovea-runtimes-"));
process.env["TMPDIR"] = folder;
let failed = 0;
try {
  const { tarball } = pack(folder);
  const here = join(installed(tarball), "program.mjs");
  writeFileSync(here, PROGRAM);
  const { run } = (await import(pathToFileURL(here).href)) as { run(options: object): Promise<Result> };
  const expected = await run({ threads: 1 });
  for (const [name, environment] of chosen) {
    const begin = performance.now();
    try {
      const result = await environment(tarball);
      const wrong = compare(result, expected);
      if (wrong) throw new Error(wrong);
      const seconds = ((performance.now() - begin) / 1000).toFixed(0);
      const { binary, threads, engine } = result;
      const where = engine === undefined ? "" : `, ${engine}`;
      console.log(`ok       ${name}: ${binary}, threads ${threads}${where} (${seconds} s)`);
    } catch (error) {
      if (error instanceof Skipped) console.log(`skipped  ${name}: ${error.message}`);
      else {
        failed++;
        console.log(`FAILED   ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
} finally {
  await closeBrowsers();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
