import { rm } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";
import { nodeBuiltins } from "./packaging/builtins.js";
import { finish } from "./packaging/finish.js";
import { bundledPackages } from "./packaging/notices.js";

const common: Options = {
  format: "esm",
  target: "es2022",
  platform: "neutral",
  sourcemap: true,
  removeNodeProtocol: false,
  esbuildPlugins: [bundledPackages, nodeBuiltins],
  esbuildOptions: esbuild(),
};

type EsbuildOptions = Parameters<NonNullable<Options["esbuildOptions"]>>[0];

function esbuild(own: EsbuildOptions = {}): NonNullable<Options["esbuildOptions"]> {
  return (options) => {
    options.mainFields = ["module", "main"]; // jpeg-js has no other
    options.legalComments = "none"; // THIRD_PARTY_NOTICES.md has them all
    options.sourcesContent = false;
    Object.assign(options, own);
  };
}

export default defineConfig(async () => {
  await rm("dist", { recursive: true, force: true });
  let ended = 0;
  return [
    // Bundlers and pages: a file for each source, so that what is not used is dropped.
    {
      ...common,
      name: "modules",
      bundle: false,
      entry: ["src/**/*.ts", "!src/{node,mpi,cli,vendor}/**", "!src/node.ts", "!src/wasm/worker-main.ts"],
      outDir: "dist/esm",
    },
    {
      ...common,
      name: "libraries of others",
      entry: ["src/vendor/*.ts", "!src/vendor/*.d.ts"],
      // Parcel looks for polyfills of names that stand alone.
      define: { Buffer: "globalThis.Buffer", process: "globalThis.process" },
      outDir: "dist/esm/vendor",
    },
    // Node, Deno, Bun, and pages without a bundler: few files, which are found and read sooner.
    {
      ...common,
      name: "bundles",
      entry: {
        index: "src/index.ts",
        node: "src/node.ts",
        mpi: "src/mpi/index.ts",
        onnx: "src/onnx/index.ts",
        web: "src/web/index.ts",
        worker: "src/web/worker.ts", // where web.js looks for it
        cli: "src/cli/main.ts",
      },
      external: ["koffi"],
      // Names stay, for stack traces; lines, for maps by lines.
      esbuildOptions: esbuild({ minifySyntax: true, minifyWhitespace: true, lineLimit: 120 }),
      outDir: "dist",
    },
  ].map((options, _, all): Options => {
    const onSuccess = async (): Promise<void> => {
      if (++ended === all.length) await finish();
    };
    return { ...options, onSuccess };
  });
});
