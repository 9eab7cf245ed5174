// The sources as JavaScript that Node itself imports. Vitest's own importer takes four times as long for these hundreds of modules, in
// each of the test files.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin as EsbuildPlugin } from "esbuild";
import type { Plugin } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = join(root, "src/");
const COMPILED = join(root, "build/tested/src/");

/** Leaves all imports as they are, but for JSON, which becomes part of the file. */
const ONE_BY_ONE: EsbuildPlugin = {
  name: "one-by-one",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "entry-point" || path.endsWith(".json") ? undefined : { path, external: true },
    );
  },
};

/** Compiles the sources, file by file. Files that stay the same are not written, since another run may be reading them. */
export async function compileSources(): Promise<void> {
  const entryPoints = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(SOURCES, path));
  const { outputFiles } = await build({
    ...{ entryPoints, outbase: SOURCES, outdir: COMPILED, write: false, logLevel: "error" },
    ...{ format: "esm", platform: "node", target: "node20", sourcemap: "linked", keepNames: true },
    ...{ bundle: true, plugins: [ONE_BY_ONE] },
  });
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}

/** Whether a test replaces modules, which works only with those that Vitest imports. */
const replacesModules = (file: string): boolean =>
  /vi\.(mock|resetModules)\(/.test(readFileSync(file, "utf8"));

/** For Vitest: leads what tests import from src to its compiled form. */
export function nativeSources(): Plugin {
  return {
    name: "native-sources",
    enforce: "pre",
    resolveId(id, importer) {
      if (!importer || !id.startsWith(".")) return;
      const from = importer.split("?")[0]!;
      const path = resolve(dirname(from), id);
      if (!path.startsWith(SOURCES) || !path.endsWith(".js")) return;
      if (from.startsWith(SOURCES) || replacesModules(from)) return;
      return { id: path.replace(SOURCES, COMPILED), external: true };
    },
  };
}
