// The environments, by name: each makes a folder, installs the packed package beside its tool, and gives what the program gives there.

import { cpSync } from "node:fs";
import { Folder } from "./folder.js";
import { ISOLATED, resultOf, STRICT, withServer, type Engine } from "./pages.js";
import { NAMES_WORKER, TYPED_PAGE, TYPED_PROGRAM, type Result } from "./programs.js";

export type Environment = (tarball: string) => Promise<Result>;

const parsed = (printed: string): Result => JSON.parse(printed.trim().split("\n").at(-1)!) as Result;

/** A runtime with a command line, from npm. */
const terminal =
  (tool: string, command: string, ...args: string[]): Environment =>
  async (tarball) => {
    const folder = new Folder(tool);
    await folder.install(tarball, ...(tool ? [tool] : []));
    return parsed(await folder.run(command, ...args, "main.mjs"));
  };

const HTML = (script: string, head = ""): string =>
  `<!doctype html><meta charset="utf-8"><title>fovea</title>${head}<script type="module" src="${script}"></script>`;

/** A page made by a bundler: files, what is installed, what is run, where the result lies. */
const bundled =
  (tools: string[], files: Record<string, string>, command: string[], out: string): Environment =>
  async (tarball) => {
    const folder = new Folder(tools[0]!);
    for (const [path, text] of Object.entries(files)) folder.write(path, text);
    await folder.install(tarball, ...tools);
    const [name, ...args] = command;
    await folder.run(name!, ...args);
    return withServer(folder.at(out), {}, resultOf);
  };

/** A page without a bundler: an import map leads to the package's files. */
const plain =
  (root: string, lenet: string, web: string, engine: Engine = "chrome"): Environment =>
  async (tarball) => {
    const folder = new Folder("plain");
    await folder.install(tarball);
    const imports = {
      fovea: `/node_modules/fovea/dist/${root}`,
      "fovea/models/lenet": `/node_modules/fovea/dist/${lenet}`,
      "fovea/web": `/node_modules/fovea/dist/${web}`,
    };
    folder.write(
      "index.html",
      HTML("page.mjs", `<script type="importmap">${JSON.stringify({ imports })}</script>`),
    );
    return withServer(folder.path, {}, (origin) => resultOf(origin, engine));
  };

/** Bundled by esbuild to dist/page.js; the page may have other scripts beside it. */
async function withEsbuild(
  tarball: string,
  files: Record<string, string>,
  entries: string[],
): Promise<Folder> {
  const folder = new Folder("esbuild");
  for (const [path, text] of Object.entries(files)) folder.write(path, text);
  await folder.install(tarball, "esbuild@0.28.2");
  await folder.run("esbuild", ...entries, "--bundle", "--format=esm", "--minify", "--outdir=dist");
  return folder;
}

const IN_WORKER = `
const worker = new Worker("worker.js", { type: "module" });
worker.onmessage = ({ data }) => (window.result = data);
worker.onerror = (event) => (window.result = { error: event.message });
`;
const WORKER = `import { run } from "./program.mjs";
run({ threads: self.crossOriginIsolated ? 2 : 1 }).then(postMessage, (error) => postMessage({ error: String(error) }));
`;
const IN_SERVICE_WORKER = `
navigator.serviceWorker.register("service.js", { type: "module" });
navigator.serviceWorker.ready.then(({ active }) => {
  navigator.serviceWorker.onmessage = ({ data }) => (window.result = data);
  active.postMessage("run");
});
`;
const SERVICE_WORKER = `import { run } from "./program.mjs";
addEventListener("message", (event) =>
  event.waitUntil(run().then((result) => event.source.postMessage(result), (error) => event.source.postMessage({ error: String(error) }))));
`;

/** In a worker of the page's own, with two threads. */
const inWorker =
  (engine: Engine): Environment =>
  async (tarball) => {
    const files = { "dist/index.html": HTML("page.js"), "dist/page.js": IN_WORKER, "worker.js": WORKER };
    const folder = await withEsbuild(tarball, files, ["worker.js"]);
    return twoThreads(await withServer(folder.at("dist"), ISOLATED, (origin) => resultOf(origin, engine)));
  };

/** A program that this TypeScript compiles, without "dom" and with no @types installed, and a page's. Both read the package's declarations. */
const typescript =
  (version: string): Environment =>
  async (tarball) => {
    const folder = new Folder(`typescript-${version}`);
    await folder.install(tarball, `typescript@${version}`);
    folder.write("typed.ts", TYPED_PROGRAM);
    folder.write("typed-page.ts", TYPED_PAGE);
    const compile = (lib: string, file: string): Promise<string> =>
      folder.run("tsc", "--strict", "--skipLibCheck", "false", "--lib", lib, "--target", "es2022", "--module", "nodenext", file); // prettier-ignore
    await compile("es2022", "typed.ts");
    await compile("es2022,dom", "typed-page.ts");
    await folder.run("node", "typed.js");
    const engine = (await folder.run("tsc", "--version")).trim().replace("Version", "TypeScript");
    return { ...parsed(await folder.run("node", "main.mjs")), engine };
  };

const VITE = "vite@8.4.0";
const index = { "index.html": HTML("page.mjs") };

/** Modules that forbid compiling from bytes are given the kernels compiled. */
const WORKERD = `
import kernels from "./kernels.wasm";
import { run } from "./program.js";
export default {
  async fetch() {
    return Response.json(await run({}, kernels).catch((error) => ({ error: String(error) })));
  },
};
`;

export const environments: Record<string, Environment> = {
  "Node 20": terminal("node@20", "node"),
  "Node 22": terminal("node@22", "node"),
  "Node 24": terminal("node@24", "node"),
  "Node 26": terminal("node@26", "node"),
  "Node, require()": async (tarball) => {
    const folder = new Folder("require");
    folder.write("main.cjs", 'const { init } = require("fovea"); if (!init) throw new Error("no init");');
    await folder.install(tarball, "node@24");
    await folder.run("node", "main.cjs");
    return parsed(await folder.run("node", "main.mjs"));
  },
  "TypeScript 5.4": typescript("~5.4.5"),
  "TypeScript 5.7": typescript("~5.7.3"),
  "TypeScript 6.0": typescript("~6.0.3"),
  Deno: terminal("deno@2.9.6", "deno", "run", "--allow-all", "--node-modules-dir=manual"),
  "Deno, no permissions": terminal("deno@2.9.6", "deno", "run", "--node-modules-dir=manual", "--no-prompt"),
  Bun: terminal("bun@1.4.5", "bun", "run"),
  "plain page": plain("index.js", "index.js", "web.js"),
  "plain page, Firefox": plain("index.js", "index.js", "web.js", "firefox"),
  "plain page, WebKit": plain("index.js", "index.js", "web.js", "webkit"),
  "plain page, modules": plain("esm/index.js", "esm/families/lenet.js", "esm/web/index.js"),
  esbuild: async (tarball) => {
    const files = { "dist/index.html": HTML("page.js", NAMES_WORKER) };
    const folder = await withEsbuild(tarball, files, ["page.mjs", "fovea-worker.mjs"]);
    return withServer(folder.at("dist"), {}, resultOf);
  },
  "Vite, build": bundled([VITE], index, ["vite", "build", "--logLevel=error"], "dist"),
  "Vite, dev": async (tarball) => {
    const folder = new Folder("vite-dev");
    folder.write("index.html", HTML("page.mjs"));
    await folder.install(tarball, VITE);
    const stop = await folder.serve(5391, "vite", "--port", "5391", "--strictPort");
    return resultOf("http://localhost:5391/").finally(stop);
  },
  "webpack 5": bundled(
    ["webpack@5.113.0", "webpack-cli@6"],
    { "dist/index.html": HTML("main.js") },
    ["webpack", "--mode=production", "--entry=./page.mjs"],
    "dist",
  ),
  Rollup: bundled(
    ["rollup@4.68.8", "@rollup/plugin-node-resolve@16"],
    { "dist/index.html": HTML("page.js", NAMES_WORKER) },
    [
      "rollup",
      "page.mjs",
      "fovea-worker.mjs",
      "--plugin=node-resolve",
      "--format=es",
      "--dir=dist",
      "--silent",
    ],
    "dist",
  ),
  Parcel: bundled(
    ["parcel@2.16.4"],
    index,
    ["parcel", "build", "index.html", "--no-cache", "--log-level=error"],
    "dist",
  ),
  "Next, client component": async (tarball) => {
    const folder = new Folder("next");
    folder.write("app/layout.jsx", "export default ({ children }) => <html><body>{children}</body></html>;");
    folder.write(
      "app/page.jsx",
      `"use client"; import { useEffect } from "react"; import { run } from "../program.mjs";
       export default function Page() { useEffect(() => void run().then((r) => (window.result = r), (e) => (window.result = { error: String(e) })), []); return <p>fovea</p>; }`,
    );
    await folder.install(tarball, "next@16.4.6", "react@19", "react-dom@19");
    await folder.run("next", "build");
    const stop = await folder.serve(5392, "next", "start", "--port", "5392");
    return resultOf("http://localhost:5392/").finally(stop);
  },
  "web worker, isolated": inWorker("chrome"),
  "web worker, isolated, WebKit": inWorker("webkit, all features"),
  "service worker": async (tarball) => {
    const files = {
      "dist/index.html": HTML("page.js"),
      "dist/page.js": IN_SERVICE_WORKER,
      "service.js": SERVICE_WORKER,
    };
    const folder = await withEsbuild(tarball, files, ["service.js"]);
    return withServer(folder.at("dist"), {}, resultOf);
  },
  workerd: async (tarball) => {
    const folder = await withEsbuild(tarball, {}, ["program.mjs"]);
    await folder.install("miniflare@4.20260730.0");
    cpSync(folder.at("node_modules/fovea/dist/kernels.simd.wasm"), folder.at("dist/kernels.wasm"));
    folder.write("dist/worker.js", WORKERD);
    folder.write(
      "serve.mjs",
      `import { Miniflare } from "miniflare";
       const module = (type, path) => ({ type, path: "dist/" + path });
       const flare = new Miniflare({ modules: [module("ESModule", "worker.js"), module("ESModule", "program.js"), module("CompiledWasm", "kernels.wasm")], compatibilityDate: "2026-01-01" });
       console.log(await (await flare.dispatchFetch("http://localhost/")).text());
       await flare.dispose();`,
    );
    return parsed(await folder.run("node", "serve.mjs"));
  },
  "strict page, two threads": (tarball) => strict(tarball, "chrome"),
  "strict page, Firefox": (tarball) => strict(tarball, "firefox"),
};

function twoThreads(result: Result): Result {
  if (!("error" in result) && result.threads !== 2)
    throw new Error(`got ${result.threads} threads; expected 2`);
  return result;
}

/** No blobs: the pool's worker is a file of the package. */
async function strict(tarball: string, browser: "chrome" | "firefox"): Promise<Result> {
  const page = `import { run } from "./program.mjs";
    import { learns } from "./web-program.mjs";
    const warnings = [];
    console.warn = (...said) => warnings.push(said.join(" "));
    const wait = () => new Promise((resolve) => setTimeout(resolve, 1000)); // for what a worker that is refused says
    run({ threads: 2, worker: "pool-worker.js" }).then(async (result) => (await learns(() => new Worker("fovea-worker.js", { type: "module" })), await wait(), (window.result = warnings.length ? { error: warnings.join() } : result)), (error) => (window.result = { error: String(error) }));`;
  const folder = await withEsbuild(tarball, { "page.mjs": page, "dist/index.html": HTML("page.js") }, [
    "page.mjs",
    "fovea-worker.mjs",
  ]);
  cpSync(folder.at("node_modules/fovea/dist/pool-worker.js"), folder.at("dist/pool-worker.js"));
  return twoThreads(await withServer(folder.at("dist"), STRICT, (origin) => resultOf(origin, browser)));
}
