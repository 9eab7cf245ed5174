// What a program's types show of a tensor and of the running kernels: nothing of how they are made.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { modelNames } from "../../src/index.js";

async function declarationsOf(path: string): Promise<string> {
  const config = ts.readConfigFile("tsconfig.json", ts.sys.readFile).config as { compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ".");
  const source = await readFile(path, "utf8");
  return ts.transpileDeclaration(source, { compilerOptions: { ...options, noEmit: false }, fileName: path })
    .outputText;
}

/** Names of a class's members. */
function membersOf(text: string, name: string): string[] {
  const file = ts.createSourceFile("x.d.ts", text, ts.ScriptTarget.ES2022, true);
  const found = file.statements.find(
    (s) => ts.isClassDeclaration(s) && s.name?.text === name,
  ) as ts.ClassDeclaration;
  return found.members.map((member) => member.name?.getText() ?? "constructor");
}

describe("the public types", () => {
  it("show a tensor without its memory and its graph", async () => {
    const text = await declarationsOf("src/core/tensor.ts");
    const members = membersOf(text, "Tensor");
    expect(members).toEqual(expect.arrayContaining(["shape", "dtype", "grad", "data", "dispose"]));
    for (const name of ["ptr", "view", "storage", "node"]) expect(members).not.toContain(name);
    // nobody can call it
    expect(text).toMatch(/constructor\(made: never\);/);
    expect(text).not.toMatch(/constructor\(storage/);
  });

  it("show what init() started, not its memory", async () => {
    const text = await declarationsOf("src/wasm/runtime.ts");
    expect(text).toMatch(/function init\(options\?: InitOptions\): RuntimeInfo;/);
    const info = /interface RuntimeInfo \{[^}]*\}/.exec(text)![0];
    expect(info).not.toMatch(/heap|kernels|memory/i);
  });
});

describe("an editor", () => {
  const path = resolve("test/public/typed.ts");
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile) as { config: object };
  const parsed = ts.parseJsonConfigFileContent({ ...config, include: [], files: [path] }, ts.sys, ".");
  const service = ts.createLanguageService({
    getCompilationSettings: () => parsed.options,
    getScriptFileNames: () => [path],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const text = ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => process.cwd(),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
  });
  const text = ts.sys.readFile(path)!;

  it("knows dtypes and networks without casts", () => {
    const problems = [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)];
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  });

  it("completes the names of networks", () => {
    const at = text.indexOf('createModel("")') + 'createModel("'.length;
    const names = service.getCompletionsAtPosition(path, at, {})!.entries.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["resnet18", "lenet5", "mobilenet_v2"]));
    expect(names.sort()).toEqual(modelNames());
  });

  it("says something of every method of a tensor", () => {
    const at = text.indexOf("made).data()") + "made).".length;
    const members = service.getCompletionsAtPosition(path, at, {})!.entries.map(({ name }) => name);
    expect(members).toEqual(expect.arrayContaining(["relu", "matmul", "data", "backward"]));
    const silent = members.filter((name) => {
      const { documentation } = service.getCompletionEntryDetails(
        path,
        at,
        name,
        {},
        undefined,
        {},
        undefined,
      )!;
      return !documentation?.length;
    });
    expect(silent).toEqual([]);
  });
});
