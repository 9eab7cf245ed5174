// Writes the kernels that come from templates, compiles all to build/kernels.relaxed.wasm, derives build/kernels.simd.wasm from it,
// and writes the first, deflated, to src/wasm/binaries.ts, a table of them for TypeScript to src/wasm/table.ts, and their threads'
// program to src/wasm/worker-text.ts. The JPEG decoder is a binary of its own, as most pages do not need it: binary and table are
// src/wasm/jpeg-table.ts.
//
// A template, kernels/FAMILY/NAME.template.mjs, is for bodies that are the same in many shapes. Its default export returns the
// text of each file it makes, by name: { "rows": "…" } becomes kernels/FAMILY/generated/rows.ts.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";
import { build } from "esbuild";
import { jpegTableOf, tableOf } from "./table.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** The exports of a file of src/. */
async function load(path) {
  const options = { bundle: true, write: false, format: "esm", platform: "node" };
  const { outputFiles } = await build({ entryPoints: [path], ...options });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

const { plainSimd } = await load("src/wasm/plain-simd.ts");
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

/** The bytes of build/NAME.wasm, compiled. */
async function compiled(entry, target, name) {
  const { error, stderr } = await asc.main([entry, "--target", target, ...names]);
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  return new Uint8Array(await readFile(`build/${name}.wasm`));
}

/** The names that a binary exports. */
const exportsOf = async (wasm) =>
  WebAssembly.Module.exports(await WebAssembly.compile(wasm)).map(({ name }) => name);

const deflated = (wasm) => deflateRawSync(wasm, { level: 9 }).toString("base64");

const relaxed = await compiled("kernels/index.ts", "relaxed", "kernels.relaxed");
const exported = await exportsOf(plainSimd(relaxed)); // Node 20 compiles only this one without a flag
const { text, fingerprint } = await tableOf(exported);
await writeFile("src/wasm/table.ts", text);

const jpeg = await compiled("kernels/jpeg/index.ts", "jpeg", "jpeg");
const binary = `/** The binary: base64 of raw deflate. */\nexport const binary =\n  "${deflated(jpeg)}";\n`;
await writeFile("src/wasm/jpeg-table.ts", `${await jpegTableOf(await exportsOf(jpeg))}\n${binary}`);

/** A custom section (id 0) called "fovea", which identifies the kernels. */
function section(target) {
  const part = (text) => [text.length, ...new TextEncoder().encode(text)];
  const body = [...part("fovea"), ...new TextEncoder().encode(`${target} ${fingerprint}`)];
  return Uint8Array.of(0, body.length, ...body);
}

for (const [target, wasm] of Object.entries({ relaxed, simd: plainSimd(relaxed) })) {
  await writeFile(`build/kernels.${target}.wasm`, Buffer.concat([wasm, section(target)]));
}
await writeFile(
  "src/wasm/binaries.ts",
  `// Written by kernels/build.mjs.\n\n/** The relaxed kernels: base64 of raw deflate. */\nexport const kernels =\n  "${deflated(relaxed)}";\n`,
);

// A thread's program, with all its imports, as text.
const { outputFiles } = await build({
  entryPoints: ["src/wasm/worker-main.ts"],
  bundle: true,
  write: false,
  platform: "node", // leaves require() unchanged
  format: "cjs",
  target: "es2022",
  minify: true,
});
const worker = JSON.stringify(outputFiles[0].text);
await writeFile(
  "src/wasm/worker-text.ts",
  `// Written by kernels/build.mjs.\n\nexport const workerText =\n  ${worker};\n`,
);
