import { copyFile } from "node:fs/promises";
import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", node: "src/node.ts", onnx: "src/onnx/index.ts", cli: "src/cli/main.ts" },
  format: "esm",
  target: "es2022",
  platform: "neutral",
  dts: { entry: { index: "src/index.ts", node: "src/node.ts", onnx: "src/onnx/index.ts" } },
  clean: true,
  async onSuccess() {
    for (const target of ["simd", "relaxed"]) {
      await copyFile(`build/kernels.${target}.wasm`, `dist/kernels.${target}.wasm`);
    }
  },
});
