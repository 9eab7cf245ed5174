// Writes the kernels that come from templates, compiles all to build/kernels.{simd,relaxed}.wasm and writes both, in base64, to
// src/wasm/binaries.ts, and what TypeScript has to know of them to src/wasm/table.ts.
//
// A template, kernels/FAMILY/NAME.template.mjs, is for bodies that are the same in many shapes. Its default export gives the
// text of each file it makes, by name: { "rows": "…" } becomes kernels/FAMILY/generated/rows.ts.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { tableText } from "./table.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
await mkdir("build", { recursive: true });
const families = await readdir("kernels", { withFileTypes: true });
for (const { name: family } of families.filter((entry) => entry.isDirectory())) {
  const folder = `kernels/${family}/generated`;
  await rm(folder, { recursive: true, force: true });
  const templates = (await readdir(`kernels/${family}`)).filter((name) => name.endsWith(".template.mjs"));
  for (const template of templates) {
    await mkdir(folder, { recursive: true });
    const { default: files } = await import(`./${family}/${template}`);
    for (const [name, text] of Object.entries(files)) {
      await writeFile(`${folder}/${name}.ts`, `// Written by ${template}.\n\n${text}`);
    }
  }
}
// --debug keeps the functions' names, for profilers.
const names = process.argv.includes("--debug") ? ["--debug"] : [];
const lines = ["// Written by kernels/build.mjs.", ""];
for (const target of ["simd", "relaxed"]) {
  const { error, stderr } = await asc.main(["--target", target, ...names]);
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  const wasm = await readFile(`build/kernels.${target}.wasm`);
  lines.push(`export const ${target} =`, `  "${wasm.toString("base64")}";`);
}
await writeFile("src/wasm/binaries.ts", lines.join("\n") + "\n");
const module = await WebAssembly.compile(await readFile("build/kernels.simd.wasm"));
const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
await writeFile("src/wasm/table.ts", await tableText(exported));
