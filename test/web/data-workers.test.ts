// Data workers of pages, in Chromium: what they prepare, how they end, and who notices.

import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as fovea from "../../src/web/index.js";
import { has, launch, open, Site, webFiles } from "./browser.js";
import { isLong } from "../helpers/ring.js";

declare const web: typeof fovea;

const here = has("chrome");
let site: Site;
let browser: Browser;

/** Before worker.js: data workers answer to a channel, and do what it says. */
const WATCHED = `
if (self.name === "fovea data") {
  const channel = new BroadcastChannel("readers");
  channel.onmessage = ({ data }) => {
    if (data === "who") channel.postMessage("here");
    if (data === "close") self.close();
    if (data === "throw") setTimeout(() => { throw new TypeError("oops"); });
  };
  channel.postMessage("born");
}
`;
/** Before worker.js: workers of this name cannot be loaded. */
const broken = (name: string): string => `if (self.name === "fovea ${name}") throw new Error("broken");\n`;

beforeAll(async () => {
  if (!here) return;
  const files = await webFiles();
  const worker = String(files["worker.js"]);
  site = await Site.serve({
    ...files,
    "watched.js": WATCHED + worker,
    "no-data.js": broken("data") + worker,
    "no-kernels.js": broken("kernels") + worker,
  });
  browser = await launch("chrome");
});
afterAll(async () => {
  await browser?.close();
  site?.close();
});

/** Puts functions into the page: a trainer with pictures, the data workers that are there, a digest. */
async function prepared(area: string): Promise<Page> {
  const page = await open(browser, `${site.origin}/${area}/index.html`);
  await page.evaluate(() => {
    const channel = new BroadcastChannel("readers");
    const heard: string[] = [];
    channel.onmessage = ({ data }) => void heard.push(data as string);
    const helpers = {
      /** How many data workers have started so far. */
      born: () => heard.filter((word) => word === "born").length,
      async alive() {
        heard.splice(0, heard.length, ...heard.filter((word) => word === "born"));
        channel.postMessage("who");
        await new Promise((resolve) => setTimeout(resolve, 300));
        return heard.filter((word) => word === "here").length;
      },
      say: (word: string) => channel.postMessage(word),
      async trainer(file = "watched.js", threads = 1) {
        const trainer = await web.createTrainer({
          model: "mobilenet_v3_small",
          preprocessing: { inputSize: [40, 40, 3], cropPct: 0.875, interpolation: "bilinear", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }, // prettier-ignore
          worker: () => new Worker(file, { type: "module" }),
          threads,
        });
        for (let i = 0; i < 12; i++) {
          const data = new Uint8Array(90 * 80 * 3).map(
            (_, at) => ((i % 2 ? 200 : 60) + ((at * i) % 55)) & 255,
          );
          await trainer.add({ data, width: 90, height: 80, channels: 3 }, i % 2 ? "light" : "dark");
        }
        return trainer;
      },
      async digest(trainer: fovea.PageTrainer) {
        const { bytes } = await trainer.export();
        return [...bytes].reduce((hash, byte) => Math.imul(hash ^ byte, 16777619), 1);
      },
    };
    Object.assign(globalThis, { helpers });
  });
  return page;
}

declare const helpers: {
  born(): number;
  alive(): Promise<number>;
  say(word: string): void;
  trainer(file?: string, threads?: number): Promise<fovea.PageTrainer>;
  digest(trainer: fovea.PageTrainer): Promise<number>;
};

describe.skipIf(!here).each(isLong ? ["strict", "plain"] : ["strict"])(
  "data workers of a page that is %s",
  (area) => {
    it("make the same network to the bit, whatever their number", { timeout: 120_000 }, async () => {
      const page = await prepared(area);
      const runs = await page.evaluate(async () => {
        const found = [];
        for (const workers of [0, 1, 2]) {
          const before = helpers.born();
          const trainer = await helpers.trainer();
          const report = await trainer.fit({ epochs: 2, batchSize: 4, augment: true, train: "all", workers });
          const losses = report.history.map(({ train_loss, eval_loss }) => [train_loss, eval_loss]);
          found.push({
            result: { losses, evaluation: report.evaluation, digest: await helpers.digest(trainer) },
            born: helpers.born() - before,
            left: await helpers.alive(),
          });
          trainer.dispose();
        }
        return found;
      });
      for (const { result } of runs) expect(result).toEqual(runs[0]!.result);
      expect(runs[0]!.result.losses).toHaveLength(2);
      expect(runs.map(({ born }) => born)).toEqual([0, 2, 4]); // for training, and for the last evaluation
      expect(runs.map(({ left }) => left)).toEqual([0, 0, 0]);
      await page.close();
    });
  },
);

describe.skipIf(!here)("data workers of a page", () => {
  it.each([
    ["close", "it has ended"],
    ["throw", "Uncaught TypeError: oops"],
  ])(
    "that %s in mid-epoch end training with an error, and not the next one",
    { timeout: 120_000 },
    async (word, why) => {
      const page = await prepared("plain");
      const found = await page.evaluate(async (order) => {
        const trainer = await helpers.trainer();
        const options = { epochs: 500, batchSize: 4, train: "all", workers: 2 } as const;
        const message = await trainer
          .fit({ ...options, onProgress: (e) => e.kind === "epoch" && e.epoch === 2 && helpers.say(order) })
          .then(() => "trained", String);
        const left = await helpers.alive();
        const again = await trainer.fit({ ...options, epochs: 1 });
        trainer.dispose();
        return { message, left, rows: again.history.length };
      }, word);
      expect(found.message).toMatch(new RegExp(`^DataError: DataLoader: worker [12] is dead: ${why}$`));
      expect(found).toMatchObject({ left: 0, rows: 1 });
      await page.close();
    },
  );

  it("are gone when training is cancelled", { timeout: 120_000 }, async () => {
    for (const area of ["plain", "isolated"]) {
      const page = await prepared(area);
      const found = await page.evaluate(async () => {
        const trainer = await helpers.trainer();
        const stop = new AbortController();
        let during = 0;
        const report = await trainer.fit({
          epochs: 500,
          batchSize: 4,
          train: "all",
          workers: 2,
          signal: stop.signal,
          onProgress: (e) => {
            if (e.kind === "epoch" && e.epoch === 2)
              void helpers.alive().then((count) => ((during = count), stop.abort()));
          },
        });
        const left = await helpers.alive();
        const [label] = await trainer.classify(await trainer.picture((await trainer.examples())[0]!.id));
        trainer.dispose();
        return { cancelled: report.cancelled, during, left, label: typeof label!.label };
      });
      expect(found).toEqual({ cancelled: true, during: 2, left: 0, label: "string" });
      await page.close();
    }
  });

  it.runIf(isLong)(
    "that cannot be loaded, and threads, leave their work to the worker that computes",
    { timeout: 120_000 },
    async () => {
      const page = await prepared("isolated");
      const found = await page.evaluate(async () => {
        const results = [];
        for (const file of ["watched.js", "no-data.js", "no-kernels.js"]) {
          const trainer = await helpers.trainer(file, 2);
          await trainer.fit({ epochs: 1, batchSize: 4, train: "all", workers: 2 });
          results.push({ digest: await helpers.digest(trainer), threads: trainer.info.threads });
          trainer.dispose();
        }
        return results;
      });
      expect(found).toEqual([2, 2, 1].map((threads) => ({ digest: found[0]!.digest, threads })));
      await page.close();
    },
  );
});
