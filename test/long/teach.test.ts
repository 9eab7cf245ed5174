// Teach, in the finished page, as people use it: 30 pictures a class as a camera gives them, 60 others a class to judge by. With
// weights of ImageNet, which FOVEA_DATA names (otherwise ../shared/data beside the repository's folder), and with the page's own.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ElementHandle, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../helpers/run-source.js";
import { has } from "../web/browser.js";
import { BuiltPage, choose, forgetLongTasks, longTasks, says, watchLongTasks } from "../web/built-page.js";

const data = process.env["FOVEA_DATA"] ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const weights = join(data, "real-weights/efficientnet-lite0-57934424.pth");
const here = has("chrome");
const CLASSES = ["mug", "key", "leaf"];
const [LEARNT, JUDGED] = [30, 60];
/** Milliseconds: a machine that does other things as well takes longer than a person should wait. */
const timeout = 1_200_000;

const LITE0 = {
  architecture: "tf_efficientnet_lite0",
  num_classes: 1000,
  pretrained_cfg: {
    input_size: [3, 224, 224],
    interpolation: "bicubic",
    crop_pct: 0.875,
    mean: [127 / 255, 127 / 255, 127 / 255],
    std: [128 / 255, 128 / 255, 128 / 255],
  },
};

let built: BuiltPage;
const scenes = (name: string, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => join(built.folder, "scenes", name, `${from + i}.jpg`));

/** Draws the pictures (test/web/scenes.js) as files. */
async function drawScenes(): Promise<void> {
  const page = await built.browser.newPage();
  const source = readFileSync(join(root, "test/web/scenes.js"), "utf8");
  await page.addScriptTag({ type: "module", content: `${source}; window.scene = scene;` });
  await page.waitForFunction("window.scene");
  for (const name of CLASSES) {
    mkdirSync(join(built.folder, "scenes", name), { recursive: true });
    for (let seed = 0; seed < LEARNT + JUDGED; seed++) {
      const drawn = await page.evaluate(
        async (of, number) => {
          const { scene } = globalThis as unknown as { scene(name: string, seed: number): Promise<File> };
          const url = new FileReader();
          url.readAsDataURL(await scene(of, number));
          await new Promise((resolve) => (url.onload = resolve));
          return (url.result as string).split(",")[1]!;
        },
        name,
        seed,
      );
      writeFileSync(scenes(name, seed, 1)[0]!, Buffer.from(drawn, "base64"));
    }
  }
  await page.close();
}

beforeAll(async () => {
  if (!here) return;
  built = await BuiltPage.open("chrome", "--use-fake-device-for-media-stream");
  await drawScenes();
}, 600_000);
afterAll(() => built?.close());

const eta = "#teach [data-part=eta]";

/** Three classes with their names and pictures. */
async function collect(page: Page): Promise<void> {
  await page.click("#teach [data-part=add-class]");
  await page.waitForFunction(() => document.querySelectorAll("[data-class]").length === 3);
  for (const [i, name] of CLASSES.entries()) {
    const card = (await page.$$("#teach [data-class]"))[i]!;
    const input = (await card.$("input"))!;
    await input.click({ count: 3 });
    await input.type(`${name}\t`);
    await choose(page, (await card.$("[data-part=add]"))!, ...scenes(name, 0, LEARNT));
    await page.waitForFunction(
      (at, count) => document.querySelectorAll(".thumbs")[at]!.children.length === count,
      { timeout },
      i,
      LEARNT,
    );
  }
}

/** How many of the pictures that it has not seen it is right on. */
async function judge(page: Page): Promise<number> {
  let right = 0;
  for (const name of CLASSES) {
    for (const path of scenes(name, LEARNT, JUDGED)) {
      await page.$eval("#teach [data-part=answers]", (list) => list.replaceChildren());
      await choose(page, "#teach [data-part=try] [data-part=choose]", path);
      await page.waitForSelector("#teach .bars li.best", { timeout });
      const best = await page.$eval("#teach .bars li.best span", ({ textContent }) => textContent);
      if (best === name) right++;
    }
  }
  return right / (CLASSES.length * JUDGED);
}

describe.skipIf(!here)("Teach", () => {
  it.each([
    ["weights of ImageNet, head and last stage", "file", 0.95],
    ["the page's own network", "./network/", 0.93],
  ])("learns three things from %s", { timeout }, async (_, network, least) => {
    if (network === "file" && !existsSync(weights)) {
      return void console.warn(`skipped: no ${weights}; set FOVEA_DATA`);
    }
    const page = await built.visit("teach");
    await watchLongTasks(page);
    await page.waitForSelector("[data-class]");
    await collect(page);
    await page.select("#teach [data-part=network]", network);
    const train = (await page.$("#teach [data-part=start]"))!;
    if (network === "file") {
      const config = join(built.folder, "config.json");
      writeFileSync(config, JSON.stringify(LITE0));
      await choose(page, train as ElementHandle, config, weights);
    } else {
      await train.click();
    }
    const done = await says(page, eta, /^(Done|Stopped)/, timeout);
    const accuracy = await judge(page);
    const long = Math.max(0, ...(await longTasks(page)));
    console.log(JSON.stringify({ network, done, accuracy, long }));
    expect(await page.$eval("footer", ({ innerText }) => innerText)).toMatch(/^Computes on [2-9]\d* threads/);
    expect(accuracy).toBeGreaterThanOrEqual(least);
    await page.browserContext().close();
  });

  it("takes pictures with the camera while a button is held, and says what to do if it may not", async () => {
    const context = await built.browser.createBrowserContext();
    await context.overridePermissions(built.address, []);
    const page = await built.visit("teach", { context });
    await page.click("#teach [data-class] [data-part=film]");
    await says(page, "#teach [data-part=notice]", /^The camera may not be used\. Allow it for this page/);
    await context.overridePermissions(built.address, ["camera"]);
    await page.click("#teach [data-class] [data-part=film]");
    await page.waitForSelector("#teach [data-class] video");
    const hold = (await page.$("#teach [data-class] [data-part=hold]"))!;
    await hold.hover();
    await page.mouse.down();
    await page.waitForFunction(() => document.querySelectorAll(".thumbs li").length >= 3);
    await page.mouse.up();
    await page.click("#tab-mnist"); // which switches the camera off
    expect(await page.$("#teach [data-class] video")).toBeNull();
    await context.close();
  });

  it(
    "takes 2,000 pictures of a folder without holding the page up, and has them after a reload",
    { timeout },
    async () => {
      const page = await built.visit("teach");
      await watchLongTasks(page);
      await page.waitForSelector("[data-class]");
      const folder = join(built.folder, "many");
      for (let i = 0; i < 2000; i++) {
        const of = join(folder, `class ${i % 50}`);
        mkdirSync(of, { recursive: true });
        writeFileSync(join(of, `${i}.jpg`), readFileSync(scenes(CLASSES[i % 3]!, i % 90, 1)[0]!));
      }
      await choose(page, "#teach [data-part=open-folder]", folder);
      await says(page, "#teach [data-part=notice]", /^Adding pictures/, timeout);
      await forgetLongTasks(page); // that the browser makes 2,000 File objects at once is not up to the page
      const all = (): Promise<unknown> =>
        page.waitForFunction(() => document.querySelectorAll(".thumbs li").length === 2000, {
          timeout,
          polling: 1000,
        });
      await all();
      expect(await page.$$eval("#teach [data-class]", ({ length }) => length)).toBe(50);
      const collecting = await longTasks(page);
      await page.reload();
      await all();
      const reloading = await longTasks(page);
      const longest = (list: readonly number[]): number[] => [...list].sort((a, b) => b - a).slice(0, 10);
      console.log(JSON.stringify({ collecting: longest(collecting), reloading: longest(reloading) }));
      expect(Math.max(0, ...collecting, ...reloading)).toBeLessThan(50);
      await page.browserContext().close();
    },
  );
});
