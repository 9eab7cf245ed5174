// fovea/web without a browser: a MessageChannel stands for the worker.

import { afterEach, describe, expect, it } from "vitest";
import { DataError, decodeSafetensors, encodePng, init, leakReport, type RawImage } from "../../src/index.js";
import { createClassifier, createTrainer, type FitProgress, type PageTrainer } from "../../src/web/index.js";
import { hostMethods } from "../../src/web/host/methods.js";
import type { WorkerMethods } from "../../src/web/protocol.js";
import { serve, type Port } from "../../src/web/rpc.js";

const channels: MessageChannel[] = [];

/** The page's end of a host in this thread. */
function host(): Worker {
  const channel = new MessageChannel();
  channels.push(channel);
  serve<WorkerMethods>(channel.port1 as unknown as Port, hostMethods());
  return channel.port2 as unknown as Worker;
}

afterEach(() => {
  for (const { port1, port2 } of channels.splice(0)) {
    port1.close();
    port2.close();
  }
});

/** A picture of 40×36 that is brighter on the left (0) or on the right (1), in any grey. */
function picture(side: 0 | 1, i: number, channels = 3): RawImage {
  const [height, width] = [36, 40];
  const data = Uint8Array.from({ length: height * width * channels }, (_, at) => {
    const x = Math.floor(at / channels) % width;
    const bright = x < width / 2 === (side === 0);
    return (bright ? 170 : 40) + ((at * 31 + i * 17) % 40);
  });
  return { data, height, width, channels };
}

async function filled(model = "lenet5", count = 12): Promise<PageTrainer> {
  const trainer = await createTrainer({ model, worker: host() });
  for (let i = 0; i < count; i++) await trainer.add(picture((i % 2) as 0 | 1, i), i % 2 ? "right" : "left");
  return trainer;
}

describe("a trainer", () => {
  it("learns from pictures, tells how far it is, and recognises them", async () => {
    const trainer = await filled();
    expect(trainer.info).toMatchObject({ classes: ["left", "right"], counts: [6, 6], epochs: 0, threads: 1 });
    const events: FitProgress[] = [];
    const report = await trainer.fit({
      epochs: 8,
      batchSize: 4,
      validation: 0.5,
      onProgress: (e) => events.push(e),
    });
    expect(report).toMatchObject({ cancelled: false, evaluation: { accuracy: 1, count: 6, confusion: [[3, 0], [0, 3]] } }); // prettier-ignore
    expect(events.filter(({ kind }) => kind === "epoch")).toHaveLength(8);
    expect(events.findLast((e) => e.kind === "step")).toMatchObject({
      epoch: 8,
      epochs: 8,
      step: 2,
      steps: 2,
    });
    expect((await trainer.classify(picture(1, 99)))[0]).toMatchObject({ label: "right", index: 1 });
    const png = new Blob([Uint8Array.from(encodePng(picture(0, 77)))]);
    expect((await trainer.classify(png, { topK: 1 }))[0]).toMatchObject({ label: "left" });
    expect(trainer.info.epochs).toBe(8);
    trainer.dispose();
    await expect(trainer.classify(png)).rejects.toThrow("fovea/web: used after dispose()");
  });

  it("keeps what was learnt when it is cancelled, and goes on from there", async () => {
    const trainer = await filled();
    const stop = new AbortController();
    const report = await trainer.fit({
      epochs: 1000,
      signal: stop.signal,
      onProgress: (e) => e.kind === "epoch" && e.epoch === 3 && stop.abort(),
    });
    expect(report.cancelled).toBe(true);
    expect(report.history.length).toBeGreaterThanOrEqual(3);
    expect(report.history.length).toBeLessThan(1000);
    expect(await trainer.classify(picture(0, 5))).toHaveLength(2);
    await trainer.fit({ epochs: 5 });
    expect((await trainer.evaluate()).accuracy).toBe(1);
    trainer.dispose();
  });

  it("exports a model that a classifier opens, with the same answers", async () => {
    const trainer = await filled("mobilenet_v3_small", 4);
    await trainer.fit({ epochs: 1, batchSize: 2, train: "all", augment: false });
    const { bytes, config, file } = await trainer.export();
    expect(file).toBe("model.safetensors");
    expect(decodeSafetensors(bytes).get("classifier.3.weight")!.shape).toEqual([2, 1024]);
    expect((await trainer.export({ format: "onnx" })).file).toBe("model.onnx");
    const classifier = await createClassifier({ model: { config, weights: bytes }, worker: host() });
    expect(classifier.info).toMatchObject({ architecture: "mobilenet_v3_small", classes: ["left", "right"] });
    const own = await trainer.classify(picture(1, 3));
    const said = await classifier.classify(picture(1, 3));
    expect(said.map(({ label }) => label)).toEqual(own.map(({ label }) => label));
    said.forEach(({ probability }, i) => expect(probability).toBeCloseTo(own[i]!.probability, 5));
    const [many] = await classifier.classifyMany([picture(1, 3), picture(0, 3)], { topK: 1 });
    expect(many).toEqual(said.slice(0, 1));
    const map = await classifier.explain(picture(1, 3), 1);
    expect(map).toMatchObject({ index: 1, label: "right", width: 7, height: 7 });
    expect(map.map).toHaveLength(49);
    expect(await classifier.features(picture(1, 3))).toHaveLength(576);
    for (const one of [trainer, classifier]) one.dispose();
  });

  it("computes features once where the head alone is trained", async () => {
    const first = await filled("mobilenet_v3_small", 6);
    await first.fit({ epochs: 1, batchSize: 2, train: "all", augment: false, validation: 0 });
    const { bytes, config } = await first.export();
    const trainer = await createTrainer({ model: { config, weights: bytes }, worker: host() });
    for (let i = 0; i < 9; i++) await trainer.add(picture((i % 2) as 0 | 1, i), ["a", "b", "c"][i % 3]!);
    const kinds = new Set<string>();
    const report = await trainer.fit({ epochs: 3, onProgress: ({ kind }) => kinds.add(kind) });
    expect([...kinds]).toEqual(["features", "step", "epoch"]);
    const again = await trainer.evaluate();
    expect(report.evaluation!.loss).toBeCloseTo(again.loss, 5);
    const after = decodeSafetensors((await trainer.export()).bytes);
    const before = decodeSafetensors(bytes);
    expect(after.get("features.0.0.weight")!.data).toEqual(before.get("features.0.0.weight")!.data);
    for (const one of [first, trainer]) one.dispose();
  });

  it("trains the last stage, and nothing before it", async () => {
    const trainer = await filled("mobilenet_v3_small", 4);
    await trainer.fit({ epochs: 1, batchSize: 2, train: "lastStage", augment: true });
    const one = decodeSafetensors((await trainer.export()).bytes);
    await trainer.fit({ epochs: 1, batchSize: 2, train: "lastStage", augment: true, seed: 2 });
    const two = decodeSafetensors((await trainer.export()).bytes);
    const changed = [...one.keys()].filter(
      (name) => String(one.get(name)!.data) !== String(two.get(name)!.data),
    );
    expect(changed.filter((name) => /^features\.[0-8]\./.test(name))).toEqual([]);
    expect(changed).toContain("features.10.block.0.0.weight");
    expect(changed).toContain("classifier.3.weight");
    trainer.dispose();
  });

  it("says what is wrong", async () => {
    const worker = host();
    const trainer = await createTrainer({ model: "lenet5", worker });
    const bad = async (promise: Promise<unknown>, message: string): Promise<void> => {
      await expect(promise).rejects.toThrow(message);
      await expect(promise).rejects.toBeInstanceOf(DataError);
    };
    await bad(trainer.fit(), "fit: no pictures; add() some of two classes or more");
    await trainer.add(picture(0, 0), "left");
    await bad(trainer.fit(), "fit: pictures of 1 class; a classifier needs pictures of at least 2");
    await bad(
      trainer.classify(picture(0, 0)),
      "classify: the network does not know its classes yet; call fit() first",
    );
    await bad(
      trainer.add(new Blob(["no picture"]), "left"),
      "picture: not a picture; got a file that starts with 6e 6f",
    );
    await bad(trainer.add(picture(0, 0), 7), "add: no class 7; expected 0…0, or a name");
    await bad(trainer.add("x" as never, 0), "add: picture must be a file, bytes, ImageData");
    await trainer.add(picture(1, 0), "right");
    await bad(trainer.fit({ epochs: 0 }), "fit: epochs must be an integer ≥ 1; got 0");
    await bad(
      trainer.fit({ train: "tail" as never }),
      "fit: unknown train 'tail'; known: all, head, lastStage",
    );
    await bad(trainer.fit({ epoch: 1 } as never), "fit: unknown option 'epoch'");
    await bad(trainer.fit({ lr: 1e9, epochs: 50, validation: 0 }), "loss");
    await bad(createTrainer({ model: "resnet81", worker }), "createModel: unknown model 'resnet81'");
    await bad(createClassifier({ model: "resnet18", worker }), "createClassifier: resnet18 needs weights");
    await bad(
      createClassifier({ model: 3 as never, worker }),
      "createClassifier: model must be a model's name",
    );
    await bad(createClassifier({ model: "lenet5", weights: new Uint8Array(3), worker }), "weights: not a file of weights"); // prettier-ignore
    trainer.dispose();
  });

  it("leaves no tensor behind", async () => {
    init({ threads: 1 });
    const trainer = await filled("lenet5", 6);
    await trainer.fit({ epochs: 1 });
    await trainer.classify(picture(0, 0));
    await trainer.explain(picture(0, 0));
    trainer.dispose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { live, owned } = leakReport();
    expect([live, owned.parameters, owned.buffers, owned.optimizers]).toEqual([{}, {}, {}, {}]);
  });
});
