// Node's own modules in bundles: by the names that Deno knows as well ("node:fs"), and imported where a library requires them, for
// there is no require() in modules.

import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

const FILTER = new RegExp(`^(node:.*|${builtinModules.join("|")})$`);

export const nodeBuiltins: Plugin = {
  name: "node builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: FILTER }, ({ path, kind }) => {
      const name = path.startsWith("node:") ? path : `node:${path}`;
      return kind === "require-call"
        ? { path: name, namespace: "required", sideEffects: false }
        : { path: name, external: true, sideEffects: false };
    });
    // What require() gives is a module's default export.
    onResolve({ filter: /^default:/ }, ({ path }) => ({ path: path.slice(8), namespace: "imported" }));
    onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require("default:${path}").default;`,
    }));
    onLoad({ filter: /.*/, namespace: "imported" }, ({ path }) => ({
      contents: `export { default } from "${path}";`,
    }));
  },
};
