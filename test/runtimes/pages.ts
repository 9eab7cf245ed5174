// A static server, and browsers that open what it serves.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import type { Browser } from "puppeteer-core";
import { has, launch, type BrowserName } from "../web/browser.js";
import type { Result } from "./programs.js";
import { hasWebKit, WebKit } from "./webkit.js";

const TYPES: Record<string, string> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
  map: "application/json",
};

export type Headers = Readonly<Record<string, string>>;

export const ISOLATED: Headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export const STRICT: Headers = {
  ...ISOLATED,
  "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
};

/** Serves a folder while `use` runs. */
export async function withServer<T>(
  folder: string,
  headers: Headers,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url!.split("?")[0]!));
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    readFile(file).then(
      (data) => {
        const type = TYPES[file.split(".").at(-1)!] ?? "application/octet-stream";
        response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...headers }).end(data);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://localhost:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Where pages are opened. */
export type Engine = BrowserName | "webkit" | "webkit, all features";

/** What WebKit has and does not use by default: memory that threads share, relaxed SIMD. */
const ALL_FEATURES = { JSC_useSharedArrayBuffer: "1", JSC_useWasmRelaxedSIMD: "1" };

const browsers = new Map<BrowserName, Browser>();

export async function closeBrowsers(): Promise<void> {
  for (const browser of browsers.values()) await browser.close();
}

/** Where a browser is missing. */
export class Skipped extends Error {}

/** What the page at the address leaves in window.result, and in which browser. */
export async function resultOf(url: string, engine: Engine = "chrome", timeout = 60_000): Promise<Result> {
  if (engine === "webkit") return resultInWebKit(url, {}, timeout);
  if (engine === "webkit, all features") return resultInWebKit(url, ALL_FEATURES, timeout);
  if (!has(engine)) throw new Skipped(`no ${engine} here`);
  const browser = browsers.get(engine) ?? (await launch(engine));
  browsers.set(engine, browser);
  const page = await browser.newPage();
  const printed: string[] = [];
  page.on("pageerror", (error) => printed.push(String(error)));
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && printed.push(message.text()));
  try {
    await page.goto(url);
    await page.waitForFunction("window.result !== undefined", { timeout });
    const result = (await page.evaluate("window.result")) as Result;
    return { ...result, engine: await browser.version() };
  } catch (error) {
    throw new Error(`${String(error)}; the page: ${printed.join(" | ")}`);
  } finally {
    await page.close();
  }
}

async function resultInWebKit(
  url: string,
  features: Readonly<Record<string, string>>,
  timeout: number,
): Promise<Result> {
  if (!hasWebKit()) throw new Skipped("no WebKit here (apt-get install webkit2gtk-driver xvfb)");
  const browser = await WebKit.launch(features);
  try {
    await browser.open(url);
    const result = await browser.wait<Result>("window.result", timeout);
    return { ...result, engine: `WebKitGTK ${browser.version}` };
  } finally {
    await browser.close();
  }
}
