// The code of every guide: first its commands, then its programs, each guide in a folder of its own with the same little data.
// documents.ts says what is made smaller.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command as cli } from "./cli/run.js";
import {
  argumentsOf,
  type Document,
  IN_A_PAGE,
  readDocument,
  smaller,
  writeData,
} from "./helpers/documents.js";
import { isLong } from "./helpers/ring.js";
import { root, runScript } from "./helpers/run-source.js";

const top = mkdtempSync(join(tmpdir(), "fovea-guides-"));
const data = join(top, "data");
const names = readdirSync(join(root, "docs/guides")).filter((name) => name.endsWith(".md"));
const guides = ["README.md", ...names.map((name) => `docs/guides/${name}`)].map(readDocument);

beforeAll(() => {
  mkdirSync(data);
  return writeData(data);
});
afterAll(() => rmSync(top, { recursive: true }));

/** Runs a command in the folder, with that folder as its cache. Rejects, with what it prints, unless it exits with 0. */
async function fovea(folder: string, args: readonly string[]): Promise<void> {
  const [path, ...rest] = cli(...args);
  const env = { ...process.env, FOVEA_HOME: join(folder, "home") };
  await promisify(execFile)(process.execPath, [join(root, path!), ...rest], { cwd: folder, env });
}

/** Runs everything in a document. Rejects at the first that fails, with what it printed. */
async function runAll({ path, programs, files, commands }: Document): Promise<void> {
  const folder = join(top, path.replaceAll(/\W/g, "-"));
  cpSync(data, folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  for (const command of commands) {
    const args = argumentsOf(command);
    if (args) await fovea(folder, args);
  }
  for (const [i, text] of programs.entries()) {
    if (text.startsWith(IN_A_PAGE)) continue;
    const program = join(folder, `program-${i}.mts`);
    writeFileSync(program, `${smaller(text)}\nprocess.exit(0);\n`);
    await runScript(folder, program);
  }
}

/** readme.test.ts runs the README's programs in the shorter rings. */
describe.runIf(isLong).concurrent("what guides show runs", { timeout: 600_000 }, () => {
  it.each(guides)("$path", runAll);
});

it("every program has the right types", { timeout: 120_000 }, () => {
  const folder = join(top, "types");
  mkdirSync(folder);
  const paths = guides.flatMap(({ path, programs }) =>
    programs.map((text, i) => {
      const program = join(folder, `${path.replaceAll(/\W/g, "-")}-${i}.mts`);
      writeFileSync(program, `${text}\nexport {};\n`);
      return program;
    }),
  );
  const { config } = ts.readConfigFile(join(root, "test/examples.tsconfig.json"), ts.sys.readFile) as { config: object }; // prettier-ignore
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, "test"));
  const typeRoots = [join(root, "node_modules/@types")];
  const program = ts.createProgram(paths, { ...options, typeRoots, noUnusedLocals: false });
  const found = ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || file.fileName.includes("fovea-guides-"))
    .map(({ file, messageText }) => `${file?.fileName.split("/").at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`); // prettier-ignore
  expect(found).toEqual([]);
});
