// The finished page (examples/web), built and opened in Chromium: what people see and do there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodePng } from "../../src/index.js";
import { root } from "../helpers/run-source.js";
import { has, launch } from "./browser.js";

const here = has("chrome");
const top = mkdtempSync(join(tmpdir(), "fovea-page-"));
const config = { configFile: join(root, "examples/web/vite.config.ts"), logLevel: "error" } as const;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let server: PreviewServer;
let browser: Browser;
let address: string;

/** A picture of one colour with a square of another. */
function picture(name: string, back: number, square: number): string {
  const data = new Uint8Array(64 * 64 * 3);
  for (let i = 0; i < data.length; i += 3) {
    const [x, y] = [(i / 3) % 64, Math.floor(i / 192)];
    data.fill(x > 20 && x < 44 && y > 20 && y < 44 ? square : back, i, i + 3);
  }
  const path = join(top, name);
  writeFileSync(path, encodePng({ width: 64, height: 64, data, channels: 3 }));
  return path;
}

beforeAll(async () => {
  if (!here) return;
  const outDir = join(top, "site");
  await build({ ...config, build: { outDir, emptyOutDir: true } });
  server = await preview({ ...config, build: { outDir }, preview: { port: 0, host: "127.0.0.1" } });
  address = server.resolvedUrls!.local[0]!;
  browser = await launch("chrome");
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(top, { recursive: true });
});

/** The page at one of its tabs, as somebody sees it who was never there. */
async function visit(
  tab: string,
  settings: { scheme?: "light" | "dark"; width?: number } = {},
): Promise<Page> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: settings.width ?? 1280, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: settings.scheme ?? "light" }]);
  await page.goto(`${address}#${tab}`);
  await page.waitForSelector(tab === "teach" ? "[data-class]" : `#${tab}:not([hidden])`);
  return page;
}

/** Presses what asks for files, and gives it these. */
async function choose(page: Page, button: ElementHandle | string, ...paths: string[]): Promise<void> {
  const pressed = typeof button === "string" ? (await page.$(button))! : button;
  const [chooser] = await Promise.all([page.waitForFileChooser(), pressed.click()]);
  await chooser.accept(paths);
}

const text = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element as HTMLElement).innerText);

describe.skipIf(!here)("the page", () => {
  it.each([
    ["classify", "light", 1280],
    ["teach", "dark", 1280],
    ["teach", "light", 390],
    ["mnist", "dark", 390],
    ["mnist", "light", 1280],
  ] as const)(
    "has nothing at %s (%s, %i wide) that a screen reader stumbles over",
    async (tab, scheme, width) => {
      const page = await visit(tab, { scheme, width });
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => {
        const run = (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe; // prettier-ignore
        return (await run.run()).violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
        );
      });
      expect(violations).toEqual([]);
      const beyond = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      expect(beyond).toBeLessThanOrEqual(0);
      await page.browserContext().close();
    },
  );

  it("goes from tab to tab by arrow keys", async () => {
    const page = await visit("classify");
    await page.focus("#tab-classify");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement!.id)).toBe("tab-teach");
    expect(await page.$eval("#teach", (section) => (section as HTMLElement).hidden)).toBe(false);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await page.evaluate(() => document.activeElement!.id)).toBe("tab-mnist");
    await page.browserContext().close();
  });

  it("says what is in a picture, where the network looks, and on how many threads", async () => {
    const page = await visit("classify");
    await page.click("#classify [data-part=explain]");
    await choose(page, "#classify [data-part=choose]", picture("a.png", 200, 30));
    await page.waitForSelector("#classify canvas.heat");
    expect((await page.$$("#classify .bars li")).length).toBe(5);
    expect(await text(page, "footer")).toMatch(/^Computes on \d threads\. Kernels: (relaxed|simd)\./);
    const broken = join(top, "broken.jpg");
    writeFileSync(broken, "no picture");
    await choose(page, "#classify [data-part=choose]", broken);
    await page.waitForSelector("#classify [data-part=notice].bad:not([hidden])");
    expect(await text(page, "#classify [data-part=notice]")).toBe(
      "'broken.jpg' is no picture that this browser can read.",
    );
    await page.browserContext().close();
  });

  it("learns classes from pictures, which are there after a reload", async () => {
    const page = await visit("teach");
    const notice = async (): Promise<string> => {
      await page.waitForSelector("#teach [data-part=notice]:not([hidden])");
      return text(page, "#teach [data-part=notice]");
    };
    await page.click("#teach [data-part=start]");
    expect(await notice()).toBe("Add pictures to 'Class 1', 'Class 2', or delete it.");
    for (const [i, name] of ["dark", "light"].entries()) {
      const paths = Array.from({ length: 12 }, (_, n) =>
        picture(`${name}${n}.png`, i ? 180 + 5 * n : 5 * n, 120),
      );
      const card = (await page.$$("#teach [data-class]"))[i]!;
      await choose(page, (await card.$("[data-part=add]"))!, ...paths);
      await page.waitForFunction(
        (at) => document.querySelectorAll(".thumbs")[at]!.children.length === 12,
        {},
        i,
      );
    }
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll(".thumbs li").length === 24);
    await page.click("#teach [data-part=start]");
    await page.waitForFunction(() =>
      /^Done/.test(document.querySelector("#teach [data-part=eta]")!.textContent),
    );
    expect(await page.$eval("#teach svg", (chart) => chart.getAttribute("aria-label"))).toMatch(/^Right answers: these pictures \d+ %/); // prettier-ignore
    for (const [name, back] of [
      ["Class 1", 22],
      ["Class 2", 218],
    ] as const) {
      await page.$eval("#teach [data-part=answers]", (list) => list.replaceChildren());
      await choose(page, "#teach [data-part=try] [data-part=choose]", picture("try.png", back, 120));
      await page.waitForSelector("#teach .bars li.best");
      expect(await text(page, "#teach .bars li.best span")).toBe(name);
    }
    await page.reload(); // the network is there as well
    await page.waitForSelector("#teach [data-part=notice]:not([hidden])");
    expect(await text(page, "#teach [data-part=notice]")).toMatch(
      /^The network that learnt here before is ready/,
    );
    await choose(page, "#teach [data-part=try] [data-part=choose]", picture("try.png", 22, 120));
    await page.waitForSelector("#teach .bars li.best");
    expect(await text(page, "#teach .bars li.best span")).toBe("Class 1");
    await page.browserContext().close();
  }, 120_000);
});
