// Peers in pages of browsers, isolated, each in a worker of a browser of its own: fovea, and ONNX Runtime's WebAssembly build.

import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { has, launch, Site, type BrowserName, type Files } from "../../test/web/browser.js";
import type { PageRequest } from "./in-page.js";
import { packageFile, versionOf } from "./packages.js";
import { peerOf, type Answer, type Peer } from "./peer.js";

const ORT_FILES = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

const PAGE = `
const worker = new Worker("worker.js", { type: "module" });
window.ask = (request) => new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(request);
});
`;

async function files(): Promise<Files> {
  const { outputFiles } = await build({
    ...{ entryPoints: [new URL("in-page.ts", import.meta.url).pathname], bundle: true, write: false },
    ...{ format: "esm", platform: "browser", target: "es2022" },
  });
  const ort = ORT_FILES.map((name) => [
    `ort/${name}`,
    readFileSync(packageFile("onnxruntime-web", `dist/${name}`)),
  ]);
  return {
    "index.html": `<!doctype html><title>fovea</title><script type="module">${PAGE}</script>`,
    "worker.js": outputFiles[0]!.text,
    ...(Object.fromEntries(ort) as Files),
  };
}

/** impl: "chromium" or "firefox" for fovea there, or one of them after "ort-". @throws Error where there is no such browser */
export async function startPage(impl: string, threads: number): Promise<Peer> {
  const name: BrowserName = impl.endsWith("chromium") ? "chrome" : "firefox";
  if (!has(name)) throw new Error(`no ${name} here`);
  const site = await Site.serve(await files());
  const browser = await launch(name);
  const close = (): void => {
    site.close();
    void browser.close();
  };
  try {
    const page = await browser.newPage();
    await page.goto(`${site.origin}/index.html`);
    await page.waitForFunction("window.ask !== undefined");
    const ask = (request: PageRequest): Promise<Answer> =>
      page.evaluate(
        (sent) => (window as unknown as { ask(request: PageRequest): Promise<Answer> }).ask(sent),
        request,
      );
    const version = await versionOf("onnxruntime-web");
    const started = await ask({ start: impl, threads, version });
    const own = `${started.version!} in ${await browser.version()}`;
    return peerOf({ impl, version: own, ask, close, kill: close });
  } catch (error) {
    close();
    throw error;
  }
}
