// MNIST, in the finished page, as people use it: LeNet learns to read digits, and the page stays awake meanwhile.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { has, type BrowserName } from "../web/browser.js";
import { BuiltPage, longTasks, says, watchLongTasks } from "../web/built-page.js";

/** Milliseconds: a machine that does other things as well takes longer than a person should wait. */
const timeout = 600_000;

describe.each<BrowserName>(["chrome", "firefox"])("MNIST in %s", (name) => {
  const here = has(name);
  let built: BuiltPage;
  beforeAll(async () => {
    if (here) built = await BuiltPage.open(name);
  }, 120_000);
  afterAll(() => built?.close());

  it.skipIf(!here)("reads 98 of 100 digits after its training", { timeout }, async () => {
    const page = await built.visit("mnist");
    if (name === "chrome") await watchLongTasks(page);
    await page.click("#mnist [data-part=start]");
    const done = await says(page, "#mnist [data-part=eta]", /^(Done|Stopped)/, timeout);
    const long = name === "chrome" ? Math.max(0, ...(await longTasks(page))) : undefined;
    console.log(JSON.stringify({ name, done, long }));
    expect(await page.$eval("footer", ({ innerText }) => innerText)).toMatch(/^Computes on [2-9]\d* threads/);
    const [, percent] = /: ([\d.]+) %/.exec(done)!;
    expect(Number(percent)).toBeGreaterThanOrEqual(98);
    if (long !== undefined) expect(long).toBeLessThan(50);
  });
});
