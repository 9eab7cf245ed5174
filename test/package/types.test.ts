// Programs of others compile against the package's types: without "dom", without @types/node, with their libraries checked.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { packedFixture } from "../helpers/packed-fixture.js";
import { TYPED_PROGRAM } from "../runtimes/programs.js";
import { isLong } from "../helpers/ring.js";

const fixture = packedFixture();

function errorsOf(source: string, options: ts.CompilerOptions): string[] {
  const file = join(fixture.user, "program.ts");
  writeFileSync(file, source);
  const program = ts.createProgram([file], {
    ...{ noEmit: true, strict: true, skipLibCheck: false, types: [], target: ts.ScriptTarget.ES2022 },
    ...options,
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, " ");
    return `${file?.fileName.replace(/.*node_modules/, "")}: ${text}`;
  });
}

const BUNDLER = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const NODE = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
const BARE = ["lib.es2022.d.ts"];
const DOM = ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.esnext.disposable.d.ts"];

it.each<[string, ts.CompilerOptions]>([
  ...(isLong ? [["Node's resolution, no dom", { ...NODE, lib: BARE }] as [string, ts.CompilerOptions]] : []),
  [
    "dom, exact options",
    { ...BUNDLER, lib: DOM, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  ],
])("with %s", (_, options) => {
  expect(errorsOf(TYPED_PROGRAM, options)).toEqual([]);
});

it.runIf(isLong)("finds an error of the program's own", () => {
  const wrong = `${TYPED_PROGRAM}\nexport const wrong: string = tensor([1]).size;`;
  expect(errorsOf(wrong, { ...BUNDLER, lib: BARE })).toEqual([
    expect.stringMatching(/program\.ts: Type 'number' is not assignable/),
  ]);
});

it("takes a signal, a URL and a module where the program has them, and refuses others", () => {
  const program = `import { initFrom, type FitOptions } from "fovea";
    export const options: Pick<FitOptions, "signal"> = { signal: new AbortController().signal };
    export const wrong: Pick<FitOptions, "signal"> = { signal: 5 };
    export const started = [initFrom(new URL("https://example.org")), initFrom({} as WebAssembly.Module)];`;
  expect(errorsOf(program, { ...BUNDLER, lib: DOM })).toEqual([
    expect.stringMatching(/Type 'number' is not assignable to type 'AbortSignal'/),
  ]);
});
