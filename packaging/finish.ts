// What the build of dist ends with: the kernels as files, entries that are lists of names, types, notices.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { declarations } from "./declarations.js";
import { notices } from "./notices.js";
import { modulesBySource, redirectMaps } from "./source-maps.js";

/** Subpaths that give names which the root has too → their sources. */
const PARTS: Record<string, string> = {
  data: "entries/data",
  train: "entries/train",
  models: "models/index",
};

/** Subpaths with names of their own, as far as they exist. */
const OTHERS = ["index", "node", "mpi/index", "onnx/index", "web/index", "web/worker"];

/** The lines of src/models/families.ts, by the name of the file they are about. */
function families(): [file: string, line: string][] {
  const text = readFileSync("src/models/families.ts", "utf8");
  return [...text.matchAll(/^export .* from "\.\/(.*)\.js";$/gm)].map(([line, file]) => [file!, line]);
}

/** In Node a part re-exports names of the root, so that no class exists twice. */
async function choice(to: string, root: string, path: string): Promise<void> {
  const names = Object.keys((await import(pathToFileURL(resolve(path)).href)) as object).sort();
  writeFileSync(to, `export { ${names.join(", ")} } from "${root}";\n`);
}

/** Files of modules that start with `folder`. */
const modulesOf = (folder: string): string[] =>
  readdirSync(`dist/esm/${folder}`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js"))
    .map((path) => `dist/esm/${folder}/${path}`);

/**
 * Lets bundlers drop ops and models that nobody uses. Making one also registers its name, but only those that are used are ever looked
 * up by name.
 */
function markPure(): void {
  for (const [folder, made] of [
    ["ops", /^((?:export )?(?:const|var) (?:\w+|\{[^}]*\}|\[[^\]]*\]) = )(?=define\w+\()/gm],
    ["models", /^((?:export )?(?:const|var) (?:\w+|\{[^}]*\}|\[[^\]]*\]) = )(?=\w+\()/gm],
  ] as const) {
    for (const path of modulesOf(folder)) {
      writeFileSync(path, readFileSync(path, "utf8").replace(made, "$1/* @__PURE__ */ "));
    }
  }
}

export async function finish(): Promise<void> {
  for (const target of ["simd", "relaxed"]) {
    copyFileSync(`build/kernels.${target}.wasm`, `dist/kernels.${target}.wasm`);
  }
  // Text of the build (kernels/build.mjs), as a file for pages that allow no workers but files.
  const { workerText } = (await import(pathToFileURL(resolve("dist/esm/wasm/worker-text.js")).href)) as {
    workerText: string;
  };
  writeFileSync("dist/pool-worker.js", workerText);
  declarations([...Object.values(PARTS), ...OTHERS].filter((entry) => existsSync(`src/${entry}.ts`)));
  redirectMaps(modulesBySource());
  markPure();
  for (const folder of ["dist/families", "dist/esm/families", "dist/types/families"]) mkdirSync(folder);
  for (const [file, line] of families()) {
    const text = `${line.replace('"./', '"../models/')}\n`;
    writeFileSync(`dist/esm/families/${file}.js`, text.replace(/, type \w+/g, ""));
    writeFileSync(`dist/types/families/${file}.d.ts`, text);
    await choice(`dist/families/${file}.js`, "../index.js", `dist/esm/families/${file}.js`);
  }
  for (const [part, source] of Object.entries(PARTS)) {
    await choice(`dist/${part}.js`, "./index.js", `dist/esm/${source}.js`);
  }
  writeFileSync("THIRD_PARTY_NOTICES.md", notices());
}
