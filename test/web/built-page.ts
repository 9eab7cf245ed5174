// The finished page (examples/web), built once and served, for tests that do in it what people do.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, ElementHandle, Page } from "puppeteer-core";
import { build, preview, type PreviewServer } from "vite";
import { vi } from "vitest";
import { root } from "../helpers/run-source.js";
import { launch, type BrowserName } from "./browser.js";

const config = { configFile: join(root, "examples/web/vite.config.ts"), logLevel: "error" } as const;

export interface Visit {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  /** A visitor who was here before. */
  readonly context?: BrowserContext;
}

export class BuiltPage {
  /** For files that tests make. */
  readonly folder: string;
  readonly browser: Browser;
  readonly #server: PreviewServer;

  private constructor(folder: string, browser: Browser, server: PreviewServer) {
    this.folder = folder;
    this.browser = browser;
    this.#server = server;
  }

  /** flags: of the browser's command line. */
  static async open(name: BrowserName = "chrome", ...flags: readonly string[]): Promise<BuiltPage> {
    const folder = mkdtempSync(join(tmpdir(), "fovea-page-"));
    const outDir = join(folder, "site");
    vi.stubEnv("NODE_ENV", "production"); // Vitest's is "test", for which Vite leaves out what only the published page does
    await build({ ...config, build: { outDir, emptyOutDir: true } }).finally(() => vi.unstubAllEnvs());
    const server = await preview({ ...config, build: { outDir }, preview: { port: 0, host: "127.0.0.1" } });
    return new BuiltPage(folder, await launch(name, { args: flags }), server);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.#server.close();
    rmSync(this.folder, { recursive: true });
  }

  get address(): string {
    return this.#server.resolvedUrls!.local[0]!;
  }

  /** The page at one of its tabs, as somebody sees it who was never there. */
  async visit(tab: string, { scheme, width = 1280, context }: Visit = {}): Promise<Page> {
    const page = await (context ?? (await this.browser.createBrowserContext())).newPage();
    await page.setViewport({ width, height: 900 });
    if (scheme) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(`${this.address}#${tab}`);
    await page.waitForSelector(tab === "teach" ? "[data-class]" : `#${tab}:not([hidden])`);
    return page;
  }
}

/** Presses what asks for files, and gives it these. */
export async function choose(page: Page, button: ElementHandle | string, ...paths: string[]): Promise<void> {
  const pressed = typeof button === "string" ? (await page.$(button))! : button;
  const [chooser] = await Promise.all([page.waitForFileChooser(), pressed.click()]);
  await chooser.accept(paths);
}

/** What an element says. */
export const text = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element as HTMLElement).innerText);

/** Waits until an element says something that matches, and returns it. */
export async function says(page: Page, selector: string, pattern: RegExp, timeout = 60_000): Promise<string> {
  await page.waitForFunction(
    (at, source) => new RegExp(source, "s").test(document.querySelector(at)?.textContent ?? ""),
    { timeout },
    selector,
    pattern.source,
  );
  return text(page, selector);
}

/** Counts how long the page's main thread is held up, in milliseconds: the longest times of all pages that are opened after this. */
export async function watchLongTasks(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(() => {
    const long: number[] = ((globalThis as unknown as { longTasks: number[] }).longTasks = []);
    new PerformanceObserver((list) => long.push(...list.getEntries().map((each) => each.duration))).observe({
      entryTypes: ["longtask"],
    });
  });
  await page.reload();
}

export const forgetLongTasks = (page: Page): Promise<void> =>
  page.evaluate(() => void ((globalThis as unknown as { longTasks: number[] }).longTasks.length = 0));

export const longTasks = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
