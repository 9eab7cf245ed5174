// Bundles data-worker.ts with all it imports, and writes it as text to src/node/worker-text.ts.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const { outputFiles } = await build({
  entryPoints: ["src/node/data-worker.ts"],
  bundle: true,
  write: false,
  platform: "node",
  format: "cjs",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "inline",
  define: { "import.meta.url": "workerUrl" },
  banner: {
    js:
      "/*! Holds fflate (MIT) and jpeg-js (BSD-3-Clause; its decoder Apache-2.0, Copyright 2011\n" +
      "notmasteryet), whose licences are in these packages. */\n" +
      'const workerUrl = require("node:worker_threads").workerData.url;',
  },
  plugins: [
    {
      // Workers get the kernels compiled from the main thread.
      name: "no kernels",
      setup({ onLoad }) {
        onLoad({ filter: /src\/wasm\/binaries\.ts$/ }, () => ({
          contents: 'export const kernels = "";',
        }));
      },
    },
  ],
});
await writeFile(
  "src/node/worker-text.ts",
  `// Written by build-worker.mjs.\n\nexport const workerText =\n  ${JSON.stringify(outputFiles[0].text)};\n`,
);
