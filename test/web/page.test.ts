// The finished page (examples/web), built and opened in Chromium: what people see and do there.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodePng } from "../../src/index.js";
import { has } from "./browser.js";
import { BuiltPage, choose, says, text } from "./built-page.js";

const here = has("chrome");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let built: BuiltPage;

beforeAll(async () => {
  if (here) built = await BuiltPage.open();
}, 120_000);
afterAll(() => built?.close());

const visit: BuiltPage["visit"] = (tab, settings) => built.visit(tab, settings);

/** A picture of one colour with a square of another. */
function picture(name: string, back: number, square: number): string {
  const data = new Uint8Array(64 * 64 * 3);
  for (let i = 0; i < data.length; i += 3) {
    const [x, y] = [(i / 3) % 64, Math.floor(i / 192)];
    data.fill(x > 20 && x < 44 && y > 20 && y < 44 ? square : back, i, i + 3);
  }
  const path = join(built.folder, name);
  writeFileSync(path, encodePng({ width: 64, height: 64, data, channels: 3 }));
  return path;
}

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
    await page.waitForSelector("#teach:not([hidden])"); // the address has changed, which the page hears of later
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
    const broken = join(built.folder, "broken.jpg");
    writeFileSync(broken, "no picture");
    await choose(page, "#classify [data-part=choose]", broken);
    await page.waitForSelector("#classify [data-part=notice].bad:not([hidden])");
    expect(await text(page, "#classify [data-part=notice]")).toBe(
      "'broken.jpg' is not a picture that this browser can read.",
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
    await page.type("#teach [data-part=epochs]", "15");
    await page.click("#teach [data-part=start]");
    await says(page, "#teach [data-part=eta]", /^Done/);
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
    expect(await text(page, "#teach [data-part=notice]")).toMatch(/^Your network is ready, as you left it/);
    await choose(page, "#teach [data-part=try] [data-part=choose]", picture("try.png", 22, 120));
    await page.waitForSelector("#teach .bars li.best");
    expect(await text(page, "#teach .bars li.best span")).toBe("Class 1");
    await page.browserContext().close();
  }, 120_000);

  it("says what is wrong with what it is given, and how many classes it can teach", async () => {
    const page = await visit("teach");
    const notice = "#teach [data-part=notice]";
    const [first] = await page.$$("#teach [data-class] [data-part=add]");
    const broken = join(built.folder, "broken.png");
    writeFileSync(broken, "not a picture");
    await choose(page, first!, picture("good.png", 30, 200), broken);
    await says(page, notice, /^1 of 2 files are not pictures that this browser can read: broken.png$/);
    expect(await text(page, "#teach [data-part=count]")).toBe("1 picture");
    await page.click("#teach [data-class] [data-part=film]"); // there is no camera
    await says(page, notice, /^There is no camera here\. Choose a picture instead\.$/);
    const [, second] = await page.$$("#teach [data-class] [data-part=remove]");
    await second!.click();
    await page.waitForFunction(() => document.querySelectorAll("[data-class]").length === 1);
    await page.click("#teach [data-part=start]");
    await says(page, notice, /^One class has nothing to be compared with\./);
    await page.click("#teach [data-part=save-model]");
    await says(page, notice, /^Nothing has been learnt yet/);
    await page.evaluate(() => {
      for (let i = 1; i < 50; i++) document.querySelector<HTMLElement>("[data-part=add-class]")!.click();
    });
    await page.waitForFunction(() => document.querySelectorAll("[data-class]").length === 50);
    await page.click("#teach [data-part=add-class]");
    await says(page, notice, /^50 classes are the most this page can teach\.$/);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll("[data-class]").length === 50);
    await page.browserContext().close();
  }, 120_000);
});
