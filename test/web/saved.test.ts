// What a trainer keeps in the browser, with memory for its files: saved, loaded, broken off and gone on with.

import { describe, expect, it } from "vitest";
import { DataError, encodePng, type RawImage } from "../../src/index.js";
import { createTrainer, loadTrainer, type PageTrainer } from "../../src/web/index.js";
import { unzipped, zipOf } from "../../src/web/host/archive.js";
import { hostMethods } from "../../src/web/host/methods.js";
import type { WorkerMethods } from "../../src/web/protocol.js";
import { serve, type Port } from "../../src/web/rpc.js";
import type { Storage } from "../../src/web/storage.js";

/** Files in memory. After this many checkpoints they stay as they are, as if the page had been closed. */
class Memory implements Storage {
  readonly files = new Map<string, Uint8Array>();
  checkpoints = Infinity;

  get closed(): boolean {
    return this.checkpoints === 0;
  }

  async write(name: string, file: string, bytes: Uint8Array): Promise<void> {
    if (this.closed) return;
    this.files.set(`${name}/${file}`, Uint8Array.from(bytes));
    if (file.startsWith("checkpoint")) this.checkpoints--;
  }
  async read(name: string, file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.files.get(`${name}/${file}`);
    return bytes && Uint8Array.from(bytes);
  }
  async remove(name: string, file?: string): Promise<void> {
    for (const path of this.closed ? [] : [...this.files.keys()]) {
      if (file === undefined ? path.startsWith(`${name}/`) : path === `${name}/${file}`)
        this.files.delete(path);
    }
  }
  async list(): Promise<string[]> {
    return [...new Set([...this.files.keys()].map((path) => path.split("/")[0]!))].sort();
  }
}

function host(storage: Storage): Worker {
  const { port1, port2 } = new MessageChannel();
  serve<WorkerMethods>(port1 as unknown as Port, hostMethods(storage));
  for (const port of [port1, port2]) (port as unknown as { unref(): void }).unref();
  return port2 as unknown as Worker;
}

function picture(i: number): RawImage {
  const data = Uint8Array.from({ length: 28 * 28 }, (_, at) => (at % 28 < 14 === (i % 2 === 0) ? 200 : 30) + ((at * i * 7) % 50)); // prettier-ignore
  return { data, height: 28, width: 28, channels: 1 };
}

async function filled(storage: Storage): Promise<PageTrainer> {
  const trainer = await createTrainer({ model: "lenet5", worker: host(storage) });
  for (let i = 0; i < 10; i++) await trainer.add(picture(i), i % 2 ? "right: side" : "left");
  const images = Uint8Array.from(
    { length: 4 * 784 },
    (_, at) => picture(Math.floor(at / 784)).data[at % 784]!,
  );
  await trainer.addDataset({ images, labels: [0, 1, 0, 1], shape: [28, 28, 1] });
  return trainer;
}

const weights = async (trainer: PageTrainer): Promise<Uint8Array> => (await trainer.export()).bytes;

describe("a saved trainer", () => {
  it("comes back with network, pictures and classes", async () => {
    const storage = new Memory();
    const trainer = await filled(storage);
    await trainer.fit({ epochs: 1 });
    await trainer.save("sides");
    const again = await loadTrainer("sides", { worker: host(storage) });
    expect(again.info).toEqual(trainer.info);
    expect(again.info).toMatchObject({ classes: ["left", "right: side"], counts: [7, 7], epochs: 1 });
    expect(await weights(again)).toEqual(await weights(trainer));
    const [first] = await again.examples();
    expect((await again.picture(first!.id)).type).toBe("image/png");
    await again.remove(first!.id);
    expect(again.info.counts).toEqual([6, 7]);
    for (const one of [trainer, again]) one.dispose();
  });

  it.each(["all", "head"] as const)(
    "goes on to the same bits after the page was closed: %s",
    async (train) => {
      const options = { epochs: 5, batchSize: 4, seed: 3, train, checkpoint: "run" } as const;
      const whole = await filled(new Memory());
      const report = await whole.fit(options);
      const storage = new Memory();
      const broken = await filled(storage);
      storage.checkpoints = 3;
      await broken.fit(options);
      storage.checkpoints = Infinity;
      const again = await loadTrainer("run", { worker: host(storage) });
      expect(again.info.interrupted).toEqual({ epoch: 3, epochs: 5 });
      const rest = await again.fit({ resume: true });
      expect(rest.history.map(({ train_loss }) => train_loss)).toEqual(report.history.map(({ train_loss }) => train_loss)); // prettier-ignore
      expect(rest.evaluation).toEqual(report.evaluation);
      expect(await weights(again)).toEqual(await weights(whole));
      expect(again.info.interrupted).toBeUndefined();
      expect([...storage.files.keys()].some((path) => path.includes("checkpoint"))).toBe(false);
      for (const one of [whole, broken, again]) one.dispose();
    },
  );

  it("says what is wrong", async () => {
    const storage = new Memory();
    const worker = host(storage);
    await expect(loadTrainer("pets", { worker })).rejects.toThrow(
      "load: nothing is saved as 'pets'; there is nothing",
    );
    await expect(loadTrainer("a/b", { worker })).rejects.toThrow(
      "loadTrainer: bad name a/b; expected a text",
    );
    const trainer = await filled(storage);
    await expect(trainer.fit({ resume: true })).rejects.toThrow("fit: nothing to resume; expected a trainer");
    await trainer.save("sides");
    await expect(loadTrainer("pets", { worker: host(storage) })).rejects.toThrow("there are sides");
    await expect(trainer.addZip(new Uint8Array(9))).rejects.toThrow("not a zip file that can be read");
    await expect(trainer.picture(99)).rejects.toThrow(
      "picture: no picture 99; examples() lists those there are",
    );
  });
});

describe("a zip file of pictures", () => {
  const png = (i: number): Uint8Array => encodePng(picture(i));

  it("has a folder for each class, under names that any system takes", async () => {
    const classes = ["a", "b/c", "b_c", "..", "B_C"];
    const zip = zipOf(classes, classes.map((label, i) => ({ label, bytes: png(i) }))); // prettier-ignore
    const text = new TextDecoder("latin1").decode(zip);
    for (const path of ["a/0001.png", "b_c/0001.png", "b_c_2/0001.png", "class/0001.png", "B_C_3/0001.png"]) {
      expect(text).toContain(path);
    }
    expect(unzipped(zip).map(({ label }) => label)).toEqual(classes);
  });

  it("is read where it was packed by others", async () => {
    const trainer = await createTrainer({ model: "lenet5", worker: host(new Memory()) });
    await trainer.add(picture(0), "left");
    await trainer.add(picture(1), "right");
    const zip = await trainer.exportDataset();
    const other = await createTrainer({ model: "lenet5", classes: ["right"], worker: host(new Memory()) });
    expect(await other.addZip(zip)).toMatchObject({ classes: ["right", "left"], counts: [1, 1] });
    expect(() => unzipped(zipOf([], []), "empty.zip")).toThrow(DataError);
    expect(() => unzipped(zipOf([], []), "empty.zip")).toThrow("empty.zip: no pictures in folders");
    for (const one of [trainer, other]) one.dispose();
  });
});
