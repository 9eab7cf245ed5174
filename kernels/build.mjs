// Writes the kernels that come from templates, compiles all to build/kernels.{simd,relaxed}.wasm and writes both, in base64, to
// src/wasm/binaries.ts, and what TypeScript has to know of them to src/wasm/table.ts.
//
// A template, kernels/FAMILY/NAME.template.mjs, is for bodies that are the same in many shapes. Its default export gives the
// text of each file it makes, by name: { "rows": "…" } becomes kernels/FAMILY/generated/rows.ts.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { tableOf } from "./table.mjs";

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
const compiled = {};
for (const target of ["simd", "relaxed"]) {
  const { error, stderr } = await asc.main(["--target", target, ...names]);
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  compiled[target] = await readFile(`build/kernels.${target}.wasm`);
}
const module = await WebAssembly.compile(compiled.simd);
const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
const { text, fingerprint } = await tableOf(exported);
await writeFile("src/wasm/table.ts", text);

/** A custom section (id 0) called "fovea": which kernels these are. */
function section(target) {
  const part = (text) => [text.length, ...new TextEncoder().encode(text)];
  const body = [...part("fovea"), ...new TextEncoder().encode(`${target} ${fingerprint}`)];
  return Uint8Array.of(0, body.length, ...body);
}

const lines = ["// Written by kernels/build.mjs.", ""];
for (const [target, wasm] of Object.entries(compiled)) {
  const whole = Buffer.concat([wasm, section(target)]);
  await writeFile(`build/kernels.${target}.wasm`, whole);
  lines.push(`export const ${target} =`, `  "${whole.toString("base64")}";`);
}
await writeFile("src/wasm/binaries.ts", lines.join("\n") + "\n");
