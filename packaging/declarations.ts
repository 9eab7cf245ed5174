// The package's types, in dist/types: a file for each source, with maps to it. They must compile without the libraries "dom" and
// "@types/node": a name that only those declare is imported from globals.d.ts, where it is theirs if the program has it, else never.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import ts from "typescript";

const FOLDER = "dist/types";

function build(): void {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile) as { config: object };
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    { ...config, include: ["src"], exclude: ["src/cli"] },
    ts.sys,
    ".",
    {
      ...{ noEmit: false, declaration: true, declarationMap: true, emitDeclarationOnly: true },
      ...{ rootDir: "src", outDir: FOLDER },
    },
  );
  const { diagnostics } = ts.createProgram(fileNames, options).emit();
  if (diagnostics.length > 0) throw new Error(messages(diagnostics));
}

const messages = (diagnostics: readonly ts.Diagnostic[]): string =>
  ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => "\n",
  });

/** What a program of these entries reads, without "dom" and "@types/node". */
function bare(entries: readonly string[]): ts.Program {
  return ts.createProgram(entries, {
    ...{ noEmit: true, strict: true, types: [], lib: ["lib.es2022.d.ts"], target: ts.ScriptTarget.ES2022 },
    ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  });
}

/** Codes of "cannot find name" and "cannot find namespace", with and without a hint. */
const NOT_FOUND = new Set([2304, 2503, 2552, 2580, 2584, 2591, 2868]);

/** For names that are no classes. */
const OTHERS: Record<string, string> = { BufferSource: "ArrayBufferView | ArrayBuffer" };

function declare(name: string): string {
  const own = (path: string): string => `typeof globalThis extends ${path} ? T : never`;
  if (name === "WebAssembly") {
    const types = ["Memory", "Module"].map(
      (each) => `  type ${each} = ${own(`{ WebAssembly: { ${each}: { prototype: infer T } } }`)};`,
    );
    return `export declare namespace WebAssembly {\n${types.join("\n")}\n}`;
  }
  return `export type ${name} = ${OTHERS[name] ?? own(`{ ${name}: { prototype: infer T } }`)};`;
}

/** Emits the types of these entries (sources' names without their ends), and removes those that no entry needs. */
export function declarations(entries: readonly string[]): void {
  build();
  const paths = entries.map((entry) => `${FOLDER}/${entry}.d.ts`);
  const all = ts.sys.readDirectory(FOLDER, [".d.ts"]);
  for (const path of all) {
    // TypeScript before 5.7 has no such parameters.
    const text = readFileSync(path, "utf8");
    const plain = text.replace(/\b(\w+Array|ArrayBufferView)<ArrayBuffer(Like)?>/g, "$1");
    if (plain !== text) writeFileSync(path, plain);
  }
  const program = bare(paths);
  const missing = new Map<string, Set<string>>();
  for (const { code, file, start, length } of program.getSemanticDiagnostics()) {
    if (!NOT_FOUND.has(code) || !file) continue;
    const name = file.text.slice(start, start! + length!);
    missing.set(file.fileName, (missing.get(file.fileName) ?? new Set<string>()).add(name));
  }
  for (const [path, names] of missing) {
    const from = relative(dirname(path), `${FOLDER}/globals.js`);
    const module = from.startsWith(".") ? from : `./${from}`;
    const text = readFileSync(path, "utf8");
    const map = /\n\/\/# sourceMappingURL=.*\s*$/.exec(text)?.[0] ?? "";
    const line = `\nimport type { ${[...names].sort().join(", ")} } from "${module}";`;
    writeFileSync(path, text.slice(0, text.length - map.length) + line + map);
  }
  const names = [...new Set([...missing.values()].flatMap((each) => [...each]))].sort();
  writeFileSync(`${FOLDER}/globals.d.ts`, `${names.map(declare).join("\n")}\nexport {};\n`);
  const after = bare(paths);
  const wrong = after.getSemanticDiagnostics();
  if (wrong.length > 0) throw new Error(`types: an environment without "dom" lacks\n${messages(wrong)}`);
  const used = new Set(after.getSourceFiles().map(({ fileName }) => resolve(fileName)));
  for (const path of all) if (!used.has(resolve(path))) for (const end of ["", ".map"]) rmSync(path + end);
}
