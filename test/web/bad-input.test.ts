// What goes wrong in pages without being anybody's mistake: little memory, a hidden tab, an old engine, a private window.

import type { Browser, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type * as fovea from "../../src/web/index.js";
import { has, launch, open, Site, webFiles, type BrowserName, type LaunchSettings } from "./browser.js";
import { isLong } from "../helpers/ring.js";

declare const web: typeof fovea;
declare const makeTrainer: (options: Partial<fovea.TrainerOptions>) => Promise<fovea.PageTrainer>;

const here = { chrome: has("chrome"), firefox: has("firefox") };
let site: Site;
let browser: Browser | undefined;

beforeAll(async () => {
  site = await Site.serve(await webFiles());
});
afterEach(async () => {
  await browser?.close();
  browser = undefined;
});
afterAll(() => site.close());

/** A page of a browser of its own, which makes trainers with eight pictures of two classes. */
async function page(name: BrowserName, settings?: LaunchSettings): Promise<Page> {
  browser = await launch(name, settings);
  const opened = await open(browser, `${site.origin}/plain/index.html`);
  await opened.evaluate(() => {
    const make = async (options: Partial<fovea.TrainerOptions>): Promise<fovea.PageTrainer> => {
      const trainer = await web.createTrainer({ model: "lenet5", ...options });
      for (let i = 0; i < 8; i++) {
        const data = new Uint8Array(28 * 28).map((_, at) => (i % 2 ? 200 : 30) + ((at * i) % 50));
        await trainer.add({ data, width: 28, height: 28, channels: 1 }, i % 2 ? "light" : "dark");
      }
      return trainer;
    };
    Object.assign(globalThis, { makeTrainer: make });
  });
  return opened;
}

describe.skipIf(!here.chrome)("a page in Chromium", () => {
  it(
    "that may use little memory says what does not fit, and trains with less",
    { timeout: 180_000 },
    async () => {
      const found = await (
        await page("chrome")
      ).evaluate(async () => {
        const trainer = await makeTrainer({ model: "mobilenet_v3_small", maxBytes: 96 * 2 ** 20 });
        const options = { epochs: 1, train: "all", augment: false, validation: 0, workers: 0 } as const;
        const message = await trainer.fit({ ...options, batchSize: 8 }).then(() => "trained", String);
        const { counts, epochs } = trainer.info;
        const report = await trainer.fit({ ...options, batchSize: 1 });
        const labels = await trainer.classify(await trainer.picture((await trainer.examples())[0]!.id));
        trainer.dispose();
        return { message, counts, epochs, rows: report.history.length, labels: labels.length };
      });
      expect(found.message).toMatch(
        /^WasmError: fit: .*out of memory; requested [\d,]+ bytes, in use [\d,]+ of at most 100,663,296; use a batchSize smaller than 8, or train: "lastStage"/,
      );
      expect(found).toMatchObject({ counts: [4, 4], epochs: 0, rows: 1, labels: 2 });
    },
  );

  it.runIf(isLong)(
    "that is hidden trains on, though its timers wait for seconds",
    { timeout: 120_000 },
    async () => {
      const throttled = [
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
      ];
      const opened = await page("chrome", { without: throttled });
      await opened.evaluate(async () => {
        const trainer = await makeTrainer({});
        const stop = new AbortController();
        const counts = { epochs: 0, timers: 0 };
        const done = trainer.fit({
          epochs: 100_000,
          batchSize: 2,
          signal: stop.signal,
          onProgress: ({ kind }) => void (kind === "epoch" && counts.epochs++),
        });
        const again = (): void => void setTimeout(() => (counts.timers++, again()), 5);
        again();
        Object.assign(globalThis, { counts, finish: () => (stop.abort(), done) });
      });
      const other = await browser!.newPage();
      await other.bringToFront();
      await opened.waitForFunction("document.visibilityState === 'hidden'", { polling: "mutation", timeout: 10_000 }).catch(() => undefined); // prettier-ignore
      const read = async (): Promise<{ hidden: string; epochs: number; timers: number }> =>
        opened.evaluate(
          () =>
            ({
              hidden: document.visibilityState,
              ...(globalThis as unknown as { counts: object }).counts,
            }) as never,
        );
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const begin = await read();
      expect(begin.hidden).toBe("hidden");
      await new Promise((resolve) => setTimeout(resolve, 4000));
      const end = await read();
      expect(end.timers - begin.timers).toBeLessThanOrEqual(8); // 800 if it were seen
      expect(end.epochs - begin.epochs).toBeGreaterThan(20);
      const report = await opened.evaluate(
        () => (globalThis as unknown as { finish(): Promise<{ cancelled: boolean }> }).finish() as never,
      );
      expect(report).toMatchObject({ cancelled: true });
    },
  );

  it("whose engine has no SIMD says so, and which have", { timeout: 60_000 }, async () => {
    const opened = await page("chrome", { args: ["--js-flags=--no-enable-sse4-1"] });
    const message = await opened.evaluate(async () => makeTrainer({}).then(() => "made", String));
    expect(message).toBe(
      "WasmError: init: this engine cannot run the 'simd' kernels; it lacks WebAssembly SIMD, which Chrome 91, Firefox 89, Safari 16.4 and Node 16.4 have, on x64 with SSE4.1",
    );
  });

  it("that is offline says which file is missing", { timeout: 60_000 }, async () => {
    const opened = await page("chrome");
    await opened.evaluate(async () => void (await makeTrainer({}))); // the worker is there
    await opened.setOfflineMode(true);
    const message = await opened.evaluate(async () =>
      web.loadModel("owner/net", { hub: location.origin }).then(() => "loaded", String),
    );
    expect(message).toMatch(
      /^DataError: http:\/\/localhost:\d+\/api\/models\/owner\/net\/revision\/main\?blobs=true: cannot be downloaded: .*; this device is offline; what was downloaded here before works without a network, this file was not$/,
    );
  });
});

it.skipIf(!here.firefox)(
  "a private window in Firefox trains, and says why it keeps nothing",
  { timeout: 120_000 },
  async () => {
    const opened = await page("firefox", { preferences: { "browser.privatebrowsing.autostart": true } });
    const found = await opened.evaluate(async () => {
      const trainer = await makeTrainer({});
      const kept = await trainer.fit({ epochs: 1, checkpoint: "run" }).then(() => "kept", String);
      const saved = await trainer.save("run").then(() => "saved", String);
      const report = await trainer.fit({ epochs: 3 });
      const { bytes } = await trainer.export();
      trainer.dispose();
      return { kept, saved, rows: report.history.length, bytes: bytes.length > 0 };
    });
    for (const message of [found.kept, found.saved]) {
      expect(message).toMatch(
        /^DataError: fovea\/web: this browser keeps no files for the page \(.+\); private windows and pages without https may keep none; export\(\) the model and the dataset instead$/,
      );
    }
    expect(found).toMatchObject({ rows: 3, bytes: true });
  },
);
