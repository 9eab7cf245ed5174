// Pages in real browsers: a server with the headers that are asked for, bundles of src/web, and Chromium or Firefox without a window.

import { spawnSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { root } from "../helpers/run-source.js";

/** Where the first of the commands is that runs, or nothing. */
function found(...commands: (string | undefined)[]): string | undefined {
  for (const name of commands) {
    if (!name || spawnSync(name, ["--version"]).status !== 0) continue;
    return name.includes("/") ? name : spawnSync("which", [name]).stdout.toString().trim();
  }
  return undefined;
}

const browsers = {
  chrome: () => found(process.env["FOVEA_CHROMIUM"], "chromium", "google-chrome"),
  firefox: () => found(process.env["FOVEA_FIREFOX"], "firefox", "firefox-esr"),
};

export type BrowserName = keyof typeof browsers;

/** Whether there is such a browser; says so where there is none. */
export function has(name: BrowserName): boolean {
  if (browsers[name]()) return true;
  console.warn(`test/web: no ${name} here; its tests are left out`);
  return false;
}

/** How a browser is started otherwise than usual. */
export interface LaunchSettings {
  /** Arguments of its command. */
  readonly args?: readonly string[];
  /** Arguments of puppeteer's that it does not get. */
  readonly without?: readonly string[];
  /** Preferences of Firefox. */
  readonly preferences?: Readonly<Record<string, unknown>>;
}

export async function launch(name: BrowserName, settings: LaunchSettings = {}): Promise<Browser> {
  const { args = [], without = [], preferences = {} } = settings;
  return puppeteer.launch({
    browser: name,
    executablePath: browsers[name]()!,
    headless: true,
    protocolTimeout: 3_600_000, // tests have limits of their own
    args: [...(name === "chrome" ? ["--no-sandbox", "--disable-gpu"] : []), ...args],
    ignoreDefaultArgs: [...without],
    extraPrefsFirefox: preferences,
  });
}

/** Files that a site serves, by path: text, bytes, or what answers. */
export type Files = Record<string, string | Uint8Array>;

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES: Record<string, string> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  json: "application/json",
  wasm: "application/wasm",
};

/** A site on this machine. Paths below /plain/ have no isolation headers, those below /strict/ a strict policy besides. */
export class Site {
  readonly files: Files;
  /** Requests so far, by path. */
  readonly asked = new Map<string, number>();
  readonly #server: Server;

  private constructor(files: Files) {
    this.files = files;
    this.#server = createServer((request, response) => {
      const path = request.url!.split("?")[0]!;
      this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
      const [, area, ...rest] = path.split("/");
      const policy = {
        ...(area !== "plain" && ISOLATION),
        ...(area === "strict" && {
          "Content-Security-Policy":
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
        }),
      };
      const inArea = ["plain", "strict", "isolated"].includes(area!);
      const file = this.files[inArea ? rest.join("/") : path.slice(1)];
      const type = TYPES[path.split(".").at(-1)!] ?? "application/octet-stream";
      response.writeHead(file === undefined ? 404 : 200, {
        "Content-Type": type,
        "Cache-Control": "no-store",
        ...(file !== undefined && { "Content-Length": Buffer.byteLength(file) }),
        ...policy,
      });
      response.end(file ?? "");
    });
  }

  static async serve(files: Files): Promise<Site> {
    const site = new Site(files);
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  /** http://localhost:…, where browsers allow what they allow secure pages. */
  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** What a page of the tests loads: fovea/web as window.web, which starts worker.js beside it. */
export async function webFiles(): Promise<Files> {
  const bundle = async (entry: string): Promise<string> => {
    const { outputFiles } = await build({
      entryPoints: [`${root}/src/web/${entry}.ts`],
      bundle: true,
      format: "esm",
      platform: "browser",
      mainFields: ["module", "main"],
      target: "es2022",
      minify: true,
      write: false,
    });
    return outputFiles[0]!.text;
  };
  return {
    "index.html":
      '<!doctype html><link rel="icon" href="data:,"><title>fovea</title><script type="module" src="page.js"></script>',
    "page.js": 'import * as web from "./web.js"; window.web = web;',
    "web.js": await bundle("index"),
    "worker.js": await bundle("worker"),
  };
}

/** Opens a page of the site and waits for window.web. Errors of the page are passed on. */
export async function open(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error("page:", error));
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) console.warn("page:", message.text());
  });
  await page.goto(url);
  await page.waitForFunction("window.web !== undefined");
  return page;
}
