// The table of the kernels for TypeScript, read from their sources: parameters of the exports, fields of the structs, constants
// used on both sides. kernels/build.mjs writes it to src/wasm/table.ts, so that nothing is kept by hand on both sides.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

/** The text of every kernel, by path. */
async function sourcesOf(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"));
  return Promise.all(files.map((file) => readFile(`${file.parentPath ?? file.path}/${file.name}`, "utf8")));
}

const CONSTANT = /^export const ([A-Z][A-Z0-9_]*): i32 = (\d+);/gm;
const STRUCT = /^export class (\w+) \{([^}]*)\}/gm;
const FIELD = /^\s*(\w+): (i32|usize|f32) = 0;/gm;

/** `name: type` of each parameter of an exported function. */
function parametersOf(name, text) {
  const found = [...text.matchAll(new RegExp(`^export function ${name}\\(([^)]*)\\)`, "gm"))];
  if (found.length !== 1) throw new Error(`kernels: ${found.length} functions are called ${name}`);
  return found[0][1].split(",").flatMap((parameter) => parameter.trim().split(":")[0] || []);
}

const constant = (name, what, value) =>
  `/** ${what} */\nexport const ${name} = ${JSON.stringify(value, undefined, 2)} as const;\n`;

/** The tables of a binary with these exports, whose structs and constants are in these files of kernels/. */
async function tablesOf(exported, files) {
  const text = (await sourcesOf("kernels")).join("\n");
  const shapes = (await Promise.all(files.map((file) => readFile(`kernels/${file}`, "utf8")))).join("\n");
  const abi = Object.fromEntries(exported.map((name) => [name, parametersOf(name, text)]));
  const structs = Object.fromEntries(
    [...shapes.matchAll(STRUCT)].map(([, name, body]) => [
      name,
      Object.fromEntries([...body.matchAll(FIELD)].map(([, field, type]) => [field, type])),
    ]),
  );
  const constants = Object.fromEntries(
    [...shapes.matchAll(CONSTANT)].map(([, name, n]) => [name, Number(n)]),
  );
  const where = files.map((file) => `kernels/${file}`).join(" and ");
  return [
    "// Written by kernels/build.mjs.\n",
    constant(
      "abi",
      "The exports with their parameters. Pointers are byte addresses, sizes count elements.",
      abi,
    ),
    constant("structs", `The structs of ${where}: fields in order, with their types.`, structs),
    constant("constants", `The constants of ${where}.`, constants),
  ].join("\n");
}

/** The text for src/wasm/table.ts, and a hash of it; `exported`: names of the binary's exports. */
export async function tableOf(exported) {
  const tables = await tablesOf(exported, ["shapes.ts", "arguments.ts"]);
  const fingerprint = createHash("sha256").update(tables).digest("hex").slice(0, 16);
  const own = constant("fingerprint", "Tells whether a file of kernels has this table.", fingerprint);
  return { fingerprint, text: `${tables}\n${own}` };
}

/** The text for src/wasm/jpeg-table.ts, without the binary. */
export const jpegTableOf = (exported) => tablesOf(exported, ["jpeg/state.ts"]);
