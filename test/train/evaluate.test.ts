import { describe, expect, it } from "vitest";
import { manualSeed, Random } from "../../src/core/random.js";
import {
  Adam,
  bestEpoch,
  ConfusionMatrix,
  Conv2d,
  DataError,
  DataLoader,
  evaluate,
  fit,
  Flatten,
  ImageDataset,
  Linear,
  Mixup,
  Module,
  ReLU,
  Sequential,
  startPosition,
  tensor,
  tidy,
  topClasses,
  topKOfAny,
  type EpochReport,
  type Metric,
  type MetricBatch,
  type Tensor,
} from "../../src/index.js";
import { noise, noiseNetwork as network, SIZE } from "../helpers/noise.js";
import { runtime } from "../../src/wasm/runtime.js";

const NO_ROW = { train_count: 1, train_loss: 1, train_top1: 0, eval_top5: 1, lr: 1, seconds: 1, images_per_second: 1, data_wait: 0, skipped: 0 }; // prettier-ignore

/** Everything a metric is told. */
class Told implements Metric {
  readonly batches: MetricBatch[] = [];
  update(batch: MetricBatch): void {
    this.batches.push(batch);
  }
  get logits(): number[] {
    return this.batches.flatMap(({ logits }) => [...logits]);
  }
}

/** The pictures of a dataset, as floats in [0, 1]: image, y, x, channel. */
function pixels(set: ImageDataset): (i: number, y: number, x: number, c: number) => number {
  return (i, y, x, c) => set.images[((i * SIZE + y) * SIZE + x) * 2 + c]! / 255;
}

/** Mean probabilities over some views, computed one view at a time. */
function expectedMean(
  model: Module,
  set: ImageDataset,
  views: readonly ((i: number, y: number, x: number, c: number) => number)[],
  side: number,
  probabilities: (row: number[]) => number[],
): number[][] {
  const n = set.length;
  const sums: number[][] = [];
  for (const view of views) {
    const images = new Float32Array(n * side * side * 2);
    for (let k = 0; k < images.length; k++) {
      const [i, y, x, c] = [
        Math.floor(k / (side * side * 2)),
        Math.floor(k / (side * 2)) % side,
        (k >> 1) % side,
        k % 2,
      ];
      images[k] = view(i, y, x, c);
    }
    const logits = tidy(() => model.forward(tensor(images, [n, side, side, 2])).tolist()) as number[][];
    logits.forEach((row, i) => {
      const p = probabilities(row);
      sums[i] = (sums[i] ?? p.map(() => 0)).map((sum, j) => sum + p[j]! / views.length);
    });
  }
  return sums;
}

const softmax = (row: number[]): number[] => {
  const sum = row.reduce((total, v) => total + Math.exp(v), 0);
  return row.map((v) => Math.exp(v) / sum);
};
const sigmoid = (row: number[]): number[] => row.map((v) => 1 / (1 + Math.exp(-v)));

describe("evaluate", () => {
  it("passes every image to metrics, and leaves modes and heap unchanged", async () => {
    const model = network(SIZE, 3);
    model.train();
    const [first, ...rest] = [...model.modules()].slice(1);
    first!.training = false;
    const loader = new DataLoader(noise(10, 3), { batchSize: 4 });
    await evaluate(model, loader); // weights are packed for inference, and kept
    const before = runtime().heap.bytesInUse;
    const [told, confusion] = [new Told(), new ConfusionMatrix()];
    const { top1, top5, loss, count: images } = await evaluate(model, loader, { metrics: [told, confusion] });
    expect(runtime().heap.bytesInUse).toBe(before);
    expect(first!.training).toBe(false);
    expect(rest.every(({ training }) => training)).toBe(true);
    expect(images).toBe(10);
    expect(told.batches.flatMap(({ indices }) => [...indices])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(told.batches.flatMap(({ labels }) => [...labels])).toEqual([...loader.dataset.labels]);
    expect(told.batches.every(({ classes, targets }) => classes === 3 && targets === undefined)).toBe(true);
    expect(confusion.matrix.reduce((sum, row, i) => sum + row[i]!, 0) / 10).toBe(top1);
    expect(top5).toBe(1);
    const want = [...loader.dataset.labels].map((label, i) => -Math.log(softmax(told.logits.slice(3 * i, 3 * i + 3))[label]!)); // prettier-ignore
    expect(loss).toBeCloseTo(want.reduce((a, b) => a + b) / 10, 5);
    model.dispose();
  });

  it("flip: averages the probabilities of a picture and its mirror image", async () => {
    const [set, model] = [noise(5, 3), network(SIZE, 3)];
    const at = pixels(set);
    const views = [at, (i: number, y: number, x: number, c: number) => at(i, y, SIZE - 1 - x, c)];
    const want = expectedMean(model, set, views, SIZE, softmax);
    const told = new Told();
    const { loss } = await evaluate(model, new DataLoader(set, { batchSize: 2 }), {
      tta: "flip",
      metrics: [told],
    });
    told.logits.forEach((v, k) => expect(Math.exp(v)).toBeCloseTo(want.flat()[k]!, 6));
    const losses = want.map((row, i) => -Math.log(row[set.labels[i]!]!));
    expect(loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 5);
    model.dispose();
  });

  it("ten-crop: corners, centre and their mirror images", async () => {
    const side = 3; // of 6: the centre begins at 1.5, which Python rounds to 2
    const [set, model] = [noise(4, 3), network(side, 3)];
    const at = pixels(set);
    const mirrored = (i: number, y: number, x: number, c: number): number => at(i, y, SIZE - 1 - x, c);
    const corners = [[0, 0], [0, 3], [3, 0], [3, 3], [2, 2]]; // prettier-ignore
    const views = [at, mirrored].flatMap((whole) =>
      corners.map(
        ([top, left]) =>
          (i: number, y: number, x: number, c: number) =>
            whole(i, top! + y, left! + x, c),
      ),
    );
    const want = expectedMean(model, set, views, side, softmax);
    const told = new Told();
    await evaluate(model, new DataLoader(set, { batchSize: 4 }), {
      tta: "ten-crop",
      crop: side,
      metrics: [told],
    });
    told.logits.forEach((v, k) => expect(Math.exp(v)).toBeCloseTo(want.flat()[k]!, 6));
    model.dispose();
  });

  it("refuses what it does not know, and crops that do not fit", async () => {
    const model = network(SIZE, 3);
    const loader = new DataLoader(noise(4, 3), { batchSize: 4 });
    await expect(evaluate(model, loader, { tta: "five-crop" as "flip" })).rejects.toThrow(
      new DataError("evaluate: unknown tta 'five-crop'; known: flip, ten-crop"),
    );
    await expect(evaluate(model, loader, { tta: "ten-crop", crop: 7 })).rejects.toThrow(
      new DataError("evaluate: crop must be an integer from 1 to 6, the shorter side; got 7"),
    );
    model.dispose();
  });

  it("stops when the signal says so, although it keeps the thread busy", async () => {
    /** Takes 30 ms a picture. */
    class Slow extends Module {
      seen = 0;
      forward(x: Tensor): Tensor {
        const end = performance.now() + 30;
        while (performance.now() < end);
        this.seen++;
        return tensor(new Float32Array(x.shape[0]! * 3), [x.shape[0]!, 3]);
      }
    }
    const model = new Slow();
    const before = runtime().heap.bytesInUse;
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const loader = new DataLoader(noise(200, 3), { batchSize: 1 });
    const run = evaluate(model, loader, { signal: controller.signal });
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
    expect(model.seen).toBeGreaterThan(0);
    expect(model.seen).toBeLessThan(30); // of 200: 900 ms
    expect(model.training).toBe(true);
    expect(runtime().heap.bytesInUse).toBe(before);
    await expect(evaluate(model, loader, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("topClasses", () => {
  it("names the likeliest first, and refuses logits without probabilities", () => {
    tidy(() => {
      const [row] = topClasses(tensor([[0, 2, 2, 1]]), 3);
      expect(row!.map(({ label }) => label)).toEqual([1, 2, 3]);
      expect(() =>
        topClasses(
          tensor([
            [0, 1],
            [NaN, 1],
          ]),
          1,
        ),
      ).toThrow(
        // prettier-ignore
        new DataError("topClasses: a logit of row 1 is NaN or infinite; expected finite ones"),
      );
    });
  });
});

describe("images of several classes", () => {
  const bits = (set: ImageDataset): number[][] =>
    Array.from({ length: set.length }, (_, i) => [...set.targets!.slice(4 * i, 4 * i + 4)]);

  it("are evaluated by binary cross-entropy, mean average precision, and guesses among their classes", async () => {
    const [set, model] = [noise(12, 4, true), network(SIZE, 4)];
    const told = new Told();
    const result = await evaluate(model, new DataLoader(set, { batchSize: 5 }), { metrics: [told] });
    const rows = bits(set).map((own, i) => ({ own, p: sigmoid(told.logits.slice(4 * i, 4 * i + 4)) }));
    const losses = rows.flatMap(({ own, p }) => own.map((t, j) => -Math.log(t ? p[j]! : 1 - p[j]!)));
    expect(result.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / losses.length, 5);
    const right = rows.filter(({ own, p }) => own[p.indexOf(Math.max(...p))] === 1).length;
    expect(result.top1).toBe(right / 12);
    expect(result.top5).toBe(rows.filter(({ own }) => own.includes(1)).length / 12);
    expect(result.map).toBeGreaterThan(0);
    expect(told.batches.flatMap(({ targets }) => [...targets!])).toEqual([...set.targets!]);
    model.dispose();
  });

  it("flip averages their sigmoids", async () => {
    const [set, model] = [noise(5, 4, true), network(SIZE, 4)];
    const at = pixels(set);
    const views = [at, (i: number, y: number, x: number, c: number) => at(i, y, SIZE - 1 - x, c)];
    const want = expectedMean(model, set, views, SIZE, sigmoid);
    const told = new Told();
    await evaluate(model, new DataLoader(set, { batchSize: 5 }), { tta: "flip", metrics: [told] });
    expect(told.logits).toHaveLength(20);
    sigmoid(told.logits).forEach((p, k) => expect(p).toBeCloseTo(want.flat()[k]!, 6));
    model.dispose();
  });

  it("topKOfAny takes the best of a row's classes; ties go to the earlier class", () => {
    tidy(() => {
      const logits = tensor([[3, 2, 1], [3, 2, 1], [1, 1, 0], [9, 9, 9]]); // prettier-ignore
      const targets = tensor([[0, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]]); // prettier-ignore
      expect(topKOfAny(logits, targets, [1, 2, 3])).toEqual([1, 3, 3]);
    });
  });

  it("have no mean average precision where no class has images", async () => {
    const set = noise(4, 3, true);
    const none = new ImageDataset({ images: set.images, targets: new Float32Array(12), shape: [SIZE, SIZE, 2], classes: ["a", "b", "c"] }); // prettier-ignore
    const model = network(SIZE, 3);
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const loader = new DataLoader(none, { batchSize: 4 });
    expect(await evaluate(model, loader)).not.toHaveProperty("map");
    const [row] = await fit(model, loader, { optimizer, epochs: 1, evalLoader: loader });
    expect(row).not.toHaveProperty("eval_map");
    optimizer.dispose();
    model.dispose();
  });

  it("end a training run that no longer finds more of them, whatever its first guesses do", async () => {
    const row = (epoch: number, eval_map: number, eval_top1: number, eval_loss = 1): EpochReport => ({ ...NO_ROW, epoch, eval_map, eval_top1, eval_loss }); // prettier-ignore
    const history = [row(1, 0.6, 0.5), row(2, 0.8, 0.4), row(3, 0.8, 0.9, 2), row(4, 0.7, 1)];
    expect(bestEpoch(history)!.epoch).toBe(2);
    expect(bestEpoch(history.map(({ eval_map: _, ...rest }) => rest))!.epoch).toBe(4);
    const model = network(SIZE, 3);
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const loader = new DataLoader(noise(4, 3, true), { batchSize: 4 });
    const position = { ...startPosition(), epoch: 5, history };
    await fit(model, loader, { optimizer, epochs: 9, evalLoader: loader, patience: 2, position });
    expect(position.epoch).toBe(5); // two evaluations after the second were no better
    optimizer.dispose();
    model.dispose();
  });

  it.each([false, true])("are learnt, with mixup %s", async (mixed) => {
    // Class j is the brightness of quadrant j.
    const random = new Random(8);
    const targets = Float32Array.from({ length: 256 * 4 }, () => random.integer(2));
    const images = Uint8Array.from({ length: 256 * 64 }, (_, k) => {
      const [n, p] = [k >> 6, k & 63];
      return random.integer(100) + 120 * targets[4 * n + (p >> 5) * 2 + ((p >> 2) & 1)]!;
    });
    const set = new ImageDataset({ images, targets, shape: [8, 8, 1], classes: ["nw", "ne", "sw", "se"] });
    manualSeed(6);
    const model = new Sequential(
      new Conv2d(1, 8, 4, { stride: 4 }),
      new ReLU(),
      new Flatten(),
      new Linear(32, 4),
    );
    const loader = new DataLoader(set, {
      batchSize: 32,
      shuffle: true,
      seed: 2,
      ...(mixed && { batchTransform: new Mixup() }),
    });
    const evalLoader = new DataLoader(set, { batchSize: 64 });
    const optimizer = new Adam(model.parameters(), { lr: 0.03 });
    const history = await fit(model, loader, { optimizer, epochs: 8, evalLoader });
    expect(history.at(-1)!.eval_loss).toBeLessThan(0.2);
    const { map, top1, loss } = await evaluate(model, evalLoader);
    expect(map).toBeGreaterThan(0.99);
    expect(top1).toBeGreaterThan(0.9); // an image without classes is always wrong
    expect(history.at(-1)).toMatchObject({ eval_loss: loss, eval_map: map });
    optimizer.dispose();
    model.dispose();
  });
});
