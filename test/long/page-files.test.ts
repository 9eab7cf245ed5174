// What people carry between browsers, in the finished page: the pictures as a zip, the network as a zip; and the page without a network.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import { zipSync } from "fflate";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { has } from "../web/browser.js";
import { BuiltPage, choose, says, text } from "../web/built-page.js";

const here = has("chrome");
const timeout = 300_000;
let built: BuiltPage;
let downloads: string;
beforeAll(async () => {
  if (!here) return;
  built = await BuiltPage.open("chrome");
  downloads = join(built.folder, "downloads");
  mkdirSync(downloads);
}, 120_000);
afterAll(() => built?.close());

/** A picture of one brightness, a little different for each n. */
const picture = (level: number, n: number): Uint8Array =>
  encodePng({
    ...{ width: 40, height: 40, channels: 3 },
    data: new Uint8Array(4800).map((_, i) => level + ((i * (n + 3)) % 23)),
  });

const zipOf = (name: string, labels: readonly string[], each: number): string => {
  const files = labels.flatMap((label, i) =>
    Array.from({ length: each }, (_, n) => [`set/${label}/${n}.png`, picture(i % 2 ? 190 : 20, n)] as const),
  );
  const path = join(built.folder, name);
  writeFileSync(path, zipSync(Object.fromEntries(files), { level: 0 }));
  return path;
};

const notice = "#teach [data-part=notice]";
const done = (page: Page): Promise<string> => says(page, "#teach [data-part=eta]", /^Done/, timeout);

async function best(page: Page, level: number): Promise<string> {
  const path = join(built.folder, "try.png");
  writeFileSync(path, picture(level, 50));
  await page.$eval("#teach [data-part=answers]", (list) => list.replaceChildren());
  await choose(page, "#teach [data-part=try] [data-part=choose]", path);
  await page.waitForSelector("#teach .bars li.best", { timeout });
  return text(page, "#teach .bars li.best span");
}

/** Presses a button whose answer is a file, and waits for it. */
async function downloaded(page: Page, button: string, name: string): Promise<string> {
  const session = await page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads, browserContextId: page.browserContext().id! }); // prettier-ignore
  await page.click(button);
  const path = join(downloads, name);
  const begin = performance.now();
  while (!existsSync(path) && performance.now() - begin < 60_000) await new Promise((r) => setTimeout(r, 50));
  return path;
}

describe.skipIf(!here)("Teach", () => {
  it(
    "takes its pictures and its network to another browser, and works there without a network",
    { timeout },
    async () => {
      const page = await built.visit("teach");
      await choose(page, "#teach [data-part=open-zip]", zipOf("set.zip", ["dark", "light"], 12));
      await page.waitForFunction(() => document.querySelectorAll(".thumbs li").length === 24);
      await page.type("#teach [data-part=epochs]", "15");
      await page.click("#teach [data-part=start]");
      await done(page);
      const model = await downloaded(page, "#teach [data-part=save-model]", "model.zip");
      const pictures = await downloaded(page, "#teach [data-part=save-pictures]", "pictures.zip");
      const onnx = await downloaded(page, "#teach [data-part=save-onnx]", "model.onnx");
      expect(readFileSync(onnx).includes("dark")).toBe(true); // classes are in its metadata
      await page.browserContext().close();

      const other = await built.visit("teach");
      await choose(other, "#teach [data-part=open-model]", model);
      await says(other, notice, /^Opened: a network that knows dark, light\./, timeout);
      expect([await best(other, 20), await best(other, 190)]).toEqual(["dark", "light"]);
      await choose(other, "#teach [data-part=open-zip]", pictures);
      await other.waitForFunction(() => document.querySelectorAll(".thumbs li").length === 24);
      expect(await other.$$eval("[data-class] input", (inputs) => inputs.slice(0, 2).map((each) => (each as HTMLInputElement).value))).toEqual(["dark", "light"]); // prettier-ignore

      await other.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await other.setOfflineMode(true);
      await other.reload();
      await other.waitForFunction(() => document.querySelectorAll(".thumbs li").length === 24, { timeout });
      await says(other, notice, /^Your network is ready, as you left it/);
      expect(await best(other, 190)).toBe("light");
      expect(await text(other, "footer")).toMatch(/^Computes on \d+ threads?\./);
      await other.type("#teach [data-part=epochs]", "2");
      await other.click("#teach [data-part=start]");
      await done(other);
      expect(await best(other, 190)).toBe("light");
      await other.browserContext().close();
    },
  );

  it("takes no more classes than it can show, and nothing of a zip with more", { timeout }, async () => {
    const page = await built.visit("teach");
    const labels = Array.from({ length: 51 }, (_, i) => `thing ${i}`);
    await choose(page, "#teach [data-part=open-zip]", zipOf("many.zip", labels, 1));
    await says(
      page,
      notice,
      /^50 classes are the most this page can teach\. With these there would be 51\.$/,
    );
    expect(await page.$$eval(".thumbs li", (all) => all.length)).toBe(0);
    await page.browserContext().close();
  });
});
