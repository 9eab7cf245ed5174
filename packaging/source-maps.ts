// Maps lead to files that are in the package. The TypeScript sources are not: dist/esm holds them file by file without their types,
// as readable as they are. So maps of bundles and of types, which lead to src, are made to lead there, line by line.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";

const MODULES = "dist/esm";

const filesOf = (folder: string, end: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(end))
    .map((path) => join(folder, path));

interface SourceMap {
  readonly sources: string[];
  readonly sourcesContent?: string[];
  readonly mappings: string;
}

const read = (path: string): SourceMap => JSON.parse(readFileSync(path, "utf8")) as SourceMap;

/** A module, and where in it the code of each line of its source begins. */
interface Module {
  readonly file: string;
  readonly lines: readonly ([line: number, column: number] | undefined)[];
}

/** Modules by their sources. Removes the modules' own maps. */
export function modulesBySource(): Map<string, Module> {
  const modules = new Map<string, Module>();
  for (const path of filesOf(MODULES, ".js.map")) {
    const { mappings, sources } = read(path);
    const file = path.replace(/\.map$/, "");
    rmSync(path);
    writeFileSync(file, readFileSync(file, "utf8").replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"));
    if (sources.length !== 1) continue;
    const lines: [number, number][] = [];
    for (const [row, segments] of decode(mappings).entries()) {
      for (const [column, , line] of segments) if (line !== undefined) lines[line] ??= [row, column];
    }
    modules.set(resolve(dirname(path), sources[0]!), { file: resolve(file), lines });
  }
  return modules;
}

type Choose = (segments: SourceMapSegment[]) => SourceMapSegment[];

/** Makes a map lead to modules. What has none leads nowhere. */
function redirect(path: string, modules: ReadonlyMap<string, Module>, keep: Choose): void {
  const map = read(path);
  const from = dirname(resolve(path));
  const found = map.sources.map((source) => modules.get(resolve(from, source)));
  const used = [...new Set(found.filter((module) => module !== undefined))];
  const place = ([column, source, line]: SourceMapSegment): SourceMapSegment => {
    const module = source === undefined ? undefined : found[source];
    const to = module?.lines[line!];
    return to ? [column, used.indexOf(module!), ...to] : [column];
  };
  const lines = decode(map.mappings).map((segments) => keep(segments).map(place));
  const sources = used.map(({ file }) => relative(from, file));
  const { sourcesContent: _, ...rest } = map;
  writeFileSync(path, JSON.stringify({ ...rest, sources, names: [], mappings: encode(lines) }));
}

/** Of a line's segments those with which another line of a source begins: stack traces and steps need no more. */
const byLines: Choose = (segments) =>
  segments.filter(([, source, line], i) => {
    const [, lastSource, lastLine] = segments[i - 1] ?? [];
    return i === 0 || source !== lastSource || line !== lastLine;
  });

export function redirectMaps(modules: ReadonlyMap<string, Module>): void {
  for (const path of filesOf("dist", ".js.map")) redirect(path, modules, byLines);
  for (const path of filesOf("dist/types", ".d.ts.map")) redirect(path, modules, (segments) => segments);
}
