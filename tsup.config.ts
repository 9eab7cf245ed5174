import { copyFile } from "node:fs/promises";
import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    node: "src/node.ts",
    onnx: "src/onnx/index.ts",
    web: "src/web/index.ts",
    worker: "src/web/worker.ts", // where web.js looks for it
    cli: "src/cli/main.ts",
  },
  format: "esm",
  target: "es2022",
  platform: "neutral",
  // What reads and writes pictures is bundled: two thirds of the time of `import "fovea"` went into finding its 20 files.
  noExternal: ["fast-png", "fflate", "iobuffer", "jpeg-js"],
  esbuildOptions(options) {
    options.mainFields = ["module", "main"]; // jpeg-js has no other
    options.legalComments = "inline";
    options.banner = {
      js:
        "/*! May hold fast-png, iobuffer and fflate (MIT) and jpeg-js (BSD-3-Clause; its decoder Apache-2.0, Copyright 2011\n" +
        "notmasteryet), whose licences are in these packages. */",
    };
  },
  dts: {
    entry: {
      index: "src/index.ts",
      node: "src/node.ts",
      onnx: "src/onnx/index.ts",
      web: "src/web/index.ts",
      worker: "src/web/worker.ts",
    },
  },
  clean: true,
  async onSuccess() {
    for (const target of ["simd", "relaxed"]) {
      await copyFile(`build/kernels.${target}.wasm`, `dist/kernels.${target}.wasm`);
    }
  },
});
