// Compiles the kernels to build/kernels.{simd,relaxed}.wasm and writes both, in base64, to src/wasm/binaries.ts.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
await mkdir("build", { recursive: true });
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
