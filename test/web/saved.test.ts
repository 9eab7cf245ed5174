// What a trainer keeps in the browser, with memory for its files: saved, loaded, broken off and gone on with.

import { describe, expect, it } from "vitest";
import { DataError, encodePng, type RawImage } from "../../src/index.js";
import { createTrainer, loadTrainer, type PageTrainer } from "../../src/web/index.js";
import { foldersOf, unzipped, zipOf } from "../../src/web/host/archive.js";
import { hostMethods } from "../../src/web/host/methods.js";
import type { WorkerMethods } from "../../src/web/protocol.js";
import { serve, type Port } from "../../src/web/rpc.js";
import type { Storage } from "../../src/web/storage.js";

/** Files in memory. After this many checkpoints they stay as they are, as if the page had been closed. */
class Memory implements Storage {
  readonly files = new Map<string, Uint8Array>();
  checkpoints = Infinity;
  /** Whether the browser gives no more room. */
  full = false;

  get closed(): boolean {
    return this.checkpoints === 0;
  }

  async write(name: string, file: string, contents: Uint8Array | Blob): Promise<void> {
    if (this.closed) return;
    if (this.full) throw new DataError("fovea/web: the browser gives this site no more room");
    const bytes = contents instanceof Blob ? await contents.arrayBuffer() : contents;
    this.files.set(`${name}/${file}`, Uint8Array.from(new Uint8Array(bytes)));
    if (file.startsWith("checkpoint")) this.checkpoints--;
  }
  async open(name: string, file: string): Promise<Blob | undefined> {
    const bytes = this.files.get(`${name}/${file}`);
    const type = file.endsWith(".png") ? "image/png" : "image/jpeg";
    return bytes && new Blob([Uint8Array.from(bytes)], { type });
  }
  async remove(name: string, file?: string): Promise<void> {
    for (const path of this.closed ? [] : [...this.files.keys()]) {
      if (file === undefined ? path.startsWith(`${name}/`) : path === `${name}/${file}`)
        this.files.delete(path);
    }
  }
  async list(name?: string): Promise<string[]> {
    const paths = [...this.files.keys()].map((path) => path.split("/"));
    const named = paths.filter(([folder]) => name === undefined || folder === name);
    return [...new Set(named.map(([folder, file]) => (name === undefined ? folder! : file!)))].sort();
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

  it("keeps pictures as they come, classes that move and are renamed too, and goes on with another network", async () => {
    const storage = new Memory();
    const worker = (): Worker => host(storage);
    const open = () => createTrainer({ model: "lenet5", classes: ["none", "left", "right"], keep: "teach", worker: worker() }); // prettier-ignore
    const trainer = await open();
    for (let i = 0; i < 6; i++) await trainer.add(picture(i), i % 2 ? "right" : "left");
    const [first, second] = await trainer.examples();
    await trainer.remove(first!.id);
    await trainer.removeClass("none");
    await trainer.setClasses(["west", "east", "new"]);
    expect(trainer.info).toMatchObject({ classes: ["west", "east", "new"], counts: [2, 3, 0] });
    expect(await loadTrainer("teach", { worker: worker() }).catch((error: Error) => error.message)).toMatch("nothing is saved as 'teach'; there is nothing"); // prettier-ignore
    const again = await open();
    expect(again.info).toEqual(trainer.info);
    expect(await again.examples()).toEqual(await trainer.examples());
    const bytes = async (from: PageTrainer) =>
      new Uint8Array(await (await from.picture(second!.id)).arrayBuffer());
    expect(await bytes(again)).toEqual(await bytes(trainer));
    const { id } = await again.add(picture(9), "new");
    expect((await trainer.examples()).some((each) => each.id === id)).toBe(false);
    await again.fit({ epochs: 1, validation: 0 });
    expect((await again.classify(picture(1)))[0]!.label).toMatch(/west|east|new/);
    expect(await again.setModel({ model: "lenet5_bn" }).catch((error: Error) => error.message)).toMatch("unknown model"); // prettier-ignore
    expect(again.info.epochs).toBe(1);
    expect(await again.setModel({ model: "mobilenet_v3_small" })).toMatchObject({ architecture: "mobilenet_v3_small", epochs: 0, counts: [2, 3, 1] }); // prettier-ignore
    await expect(again.classify(picture(1))).rejects.toThrow("does not know its classes yet");
    await again.removeClass(0);
    await expect(again.removeClass("west")).rejects.toThrow("removeClass: no class west; known: east, new");
    expect((await open()).info).toMatchObject({ classes: ["east", "new"], counts: [3, 1] });
    expect([...storage.files.keys()].filter((path) => path.includes("picture-"))).toHaveLength(4);
    await again.save("copy");
    expect((await loadTrainer("copy", { worker: worker() })).info).toMatchObject({ classes: ["east", "new"], counts: [3, 1], architecture: "mobilenet_v3_small" }); // prettier-ignore
  });

  it("refuses a picture for which there is no room, and keeps the others", async () => {
    const storage = new Memory();
    const trainer = await createTrainer({ model: "lenet5", keep: "teach", worker: host(storage) });
    await trainer.add(picture(0), "left");
    storage.full = true;
    await expect(trainer.add(picture(1), "left")).rejects.toThrow("no more room");
    storage.full = false;
    expect(await trainer.examples()).toHaveLength(1);
    await trainer.add(picture(1), "left");
    const again = await createTrainer({ model: "lenet5", keep: "teach", worker: host(storage) });
    expect(again.info.counts).toEqual([2]);
  });

  it("does not go on with a training run whose pictures have changed", async () => {
    const storage = new Memory();
    const broken = await filled(storage);
    storage.checkpoints = 1;
    await broken.fit({ epochs: 3, checkpoint: "run" });
    storage.checkpoints = Infinity;
    const again = await loadTrainer("run", { worker: host(storage) });
    await again.add(picture(3), "left");
    await expect(again.fit({ resume: true })).rejects.toThrow("fit: pictures or classes have changed");
    expect((await again.fit({ epochs: 1 })).history).toHaveLength(1);
  });

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
    const classes = ["a", "b/c", "b_c", "..", "B_C", "b_c_2", "é", "e\u0301", "CON", "con.x", "classes.json", "?", "constructor", "__proto__"]; // prettier-ignore
    const zip = zipOf(classes, classes.map((label, i) => ({ label, bytes: png(i) }))); // prettier-ignore
    const text = new TextDecoder("latin1").decode(zip);
    for (const path of ["a/0001.png", "b_c/0001.png", "b_c_2/0001.png", "class/0001.png", "B_C_3/0001.png"]) {
      expect(text).toContain(path);
    }
    expect(unzipped(zip).map(({ label }) => label)).toEqual(classes);
    const folders = foldersOf(classes);
    expect(new Set(folders.map((folder) => folder.normalize("NFC").toLowerCase())).size).toBe(classes.length);
    expect(folders.slice(5)).toEqual(["b_c_2_2", "é", "e\u0301_2", "CON_", "con_.x", "classes.json_2", "_", "constructor", "__proto__"]); // prettier-ignore
  });

  it("is read where it was packed by others", async () => {
    const trainer = await createTrainer({ model: "lenet5", worker: host(new Memory()) });
    await trainer.add(picture(0), "left");
    await trainer.add(picture(1), "right");
    const zip = await trainer.exportDataset();
    const other = await createTrainer({ model: "lenet5", classes: ["right"], worker: host(new Memory()) });
    const events: unknown[] = [];
    expect(await other.addZip(zip, { onProgress: (event) => events.push(event) })).toEqual([]);
    expect(events).toEqual([{ done: 1, total: 2 }, { done: 2, total: 2 }]); // prettier-ignore
    expect(other.info).toMatchObject({ classes: ["right", "left"], counts: [1, 1] });
    const cut = png(2).subarray(0, 60);
    const refused = await other.addZip(zipOf(["a"], [{ label: "a", bytes: cut }, { label: "a", bytes: png(3) }])); // prettier-ignore
    expect(refused).toMatchObject([
      { file: "a/0001.png", reason: expect.stringContaining("picture") as string },
    ]);
    expect(other.info).toMatchObject({ classes: ["right", "left", "a"], counts: [1, 1, 1] });
    expect(() => unzipped(zipOf([], []), "empty.zip")).toThrow(DataError);
    expect(() => unzipped(zipOf([], []), "empty.zip")).toThrow("empty.zip: no pictures in folders");
    for (const one of [trainer, other]) one.dispose();
  });
});
