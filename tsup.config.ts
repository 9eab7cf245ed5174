import { copyFile } from "node:fs/promises";
import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/node.ts"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  dts: true,
  clean: true,
  async onSuccess() {
    for (const target of ["simd", "relaxed"]) {
      await copyFile(`build/kernels.${target}.wasm`, `dist/kernels.${target}.wasm`);
    }
  },
});
