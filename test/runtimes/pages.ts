// A static server, and browsers that open what it serves.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import type { Browser } from "puppeteer-core";
import { has, launch, type BrowserName } from "../web/browser.js";
import type { Result } from "./programs.js";

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

const browsers = new Map<BrowserName, Browser>();

export async function closeBrowsers(): Promise<void> {
  for (const browser of browsers.values()) await browser.close();
}

/** Where a browser is missing. */
export class Skipped extends Error {}

/** What the page at the address leaves in window.result. */
export async function resultOf(url: string, name: BrowserName = "chrome", timeout = 60_000): Promise<Result> {
  if (!has(name)) throw new Skipped(`no ${name} here`);
  const browser = browsers.get(name) ?? (await launch(name));
  browsers.set(name, browser);
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && said.push(message.text()));
  try {
    await page.goto(url);
    await page.waitForFunction("window.result !== undefined", { timeout });
    return (await page.evaluate("window.result")) as Result;
  } catch (error) {
    throw new Error(`${String(error)}; the page: ${said.join(" | ")}`);
  } finally {
    await page.close();
  }
}
