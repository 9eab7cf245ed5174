// A page that builds one network by its function carries neither the others nor their names, where its bundler drops files that are
// not used.

import { build, type Plugin } from "esbuild";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** Files of src count as without side effects, but for the one that gives tensors their methods. */
const dropping: Plugin = {
  name: "dropping",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, resolveDir, kind }) => {
      if (pluginData) return undefined;
      const found = await resolve(path, { resolveDir, kind, pluginData: true });
      return { ...found, sideEffects: path.endsWith("tensor-methods.js") };
    });
  },
};

const SHARED = ["blocks.ts", "classifier.ts", "head.ts", "layers.ts", "model.ts"];

it.each([
  ["lenet5", "lenet.ts"],
  ["starnet_s1", "starnet.ts"],
])("%s carries no family but its own", async (name, file) => {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `import { ${name} } from "./index.js"; console.log(${name}());`,
      resolveDir: fileURLToPath(new URL("../../src", import.meta.url)),
    },
    ...{ bundle: true, minify: true, format: "esm", platform: "neutral", write: false, metafile: true },
    ...{ mainFields: ["module", "main"], external: ["node:*"], plugins: [dropping] },
  });
  const models = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const used = models.filter(([path, { bytesInOutput }]) => bytesInOutput && path.includes("src/models/"));
  const files = used.map(([path]) => path.replace(/.*\//, ""));
  expect(files.filter((each) => !SHARED.includes(each))).toEqual([file]);
  expect(outputFiles[0]!.text).not.toMatch(/resnet50|dpn68|imagenet-classes/);
});
