// A training run that is interrupted and resumed ends as if it had never stopped, to the last bit.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualSeed } from "../../src/core/random.js";
import { DataLoader, Mixup } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { readCheckpoint, saveCheckpoint } from "../../src/node/checkpoint.js";
import { Adam, LAMB, oneCycle, RMSprop, SGD, type Optimizer } from "../../src/optim/index.js";
import { captureCheckpoint, restoreCheckpoint, type Checkpoint } from "../../src/train/checkpoint.js";
import { ModelEma, type ModelEmaOptions } from "../../src/train/ema.js";
import { evaluate } from "../../src/train/evaluate.js";
import { fit, type FitOptions } from "../../src/train/fit.js";
import { startPosition, type EpochReport, type TrainingPosition } from "../../src/train/position.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { network, quadrants } from "../helpers/quadrants.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const EPOCHS = 3;
const IMAGES = 100; // four batches, the last one smaller

interface Kind {
  optimizer: (parameters: ReturnType<ReturnType<typeof network>["parameters"]>) => Optimizer;
  options?: Partial<FitOptions>;
  /** Whether the weights are averaged. */
  average?: boolean;
}

const KINDS: Record<string, Kind> = {
  "SGD with momentum": { optimizer: (p) => new SGD(p, { momentum: 0.9, nesterov: true, weightDecay: 1e-3 }) },
  Adam: { optimizer: (p) => new Adam(p) },
  "gradients of three batches, clipped": {
    optimizer: (p) => new LAMB(p),
    options: { accumulate: 3, clip: { norm: 0.5 } },
  },
  "averaged weights": { optimizer: (p) => new RMSprop(p, { momentum: 0.9 }), average: true },
};

/** All parts of a training run, as a new process would make them. */
function begin({ optimizer: make, options, average }: Kind) {
  const { binary } = init();
  const model = network({ dropout: 0.3 });
  manualSeed(3); // dropout's stream
  const optimizer = make(model.parameters());
  const ema = average ? new ModelEma(model, { decay: 0.7 }) : undefined;
  const averaging = ema && { ema };
  const common = { batchSize: 32, seed: 9 };
  const loader = new DataLoader(quadrants(IMAGES, 1), {
    ...common,
    shuffle: true,
    batchTransform: new Mixup(),
  });
  const evalLoader = new DataLoader(quadrants(50, 2), common);
  const schedule = oneCycle({ maxLr: 0.02, totalSteps: EPOCHS * loader.batches });
  const run = (position: TrainingPosition, more: Partial<FitOptions> = {}) =>
    fit(model, loader, {
      ...{ optimizer, epochs: EPOCHS, evalLoader, schedule, position },
      ...averaging,
      ...options,
      ...more,
    });
  const end = (): void => {
    model.dispose();
    optimizer.dispose();
    ema?.dispose();
  };
  return { model, optimizer, binary, ...averaging, run, end };
}

/** What does not depend on the clock. */
const numbers = (history: readonly EpochReport[]) =>
  history.map(({ seconds: _, images_per_second: __, data_wait: ___, ...row }) => row);

describe.each(Object.entries(KINDS))("a training run with %s", (_, kind) => {
  it("goes on to the last bit from wherever it was interrupted", async () => {
    const whole = begin(kind);
    const places: TrainingPosition[] = [];
    const history = await whole.run(startPosition(), {
      onPosition: (position) => void places.push(structuredClone(position)),
    });
    const expected = [whole.model.stateDict(), whole.ema?.stateDict()];
    whole.end();
    const updates = Math.ceil(4 / (kind.options?.accumulate ?? 1));
    expect(places).toHaveLength(EPOCHS * (updates + 1));

    const path = join(folder, "training.safetensors");
    for (let interrupted = 0; interrupted < places.length - 1; interrupted++) {
      const first = begin(kind);
      const stop = new AbortController();
      let n = 0;
      await first.run(startPosition(), {
        signal: stop.signal,
        async onPosition(position) {
          if (n++ !== interrupted) return;
          await saveCheckpoint(path, captureCheckpoint(first, position, { told: "so" }));
          stop.abort();
        },
      });
      first.end();
      manualSeed(99);
      const second = begin(kind);
      manualSeed(99);
      const checkpoint = readCheckpoint(path);
      expect(checkpoint.state.about).toEqual({ told: "so" });
      const position = restoreCheckpoint(second, checkpoint, path);
      const rest = await second.run(position);
      expect(numbers(rest)).toEqual(numbers(history));
      expect([second.model.stateDict(), second.ema?.stateDict()]).toEqual(expected);
      second.end();
    }
  });
});

describe("fit", () => {
  it("evaluates trained and averaged weights, and keeps the trained ones in the model", async () => {
    const { model, optimizer, ema, run, end } = begin({ ...KINDS["averaged weights"]!, average: true });
    const weights = (): unknown => model.stateDict().get("0.weight");
    const seen: unknown[] = [];
    const onEpoch = (): void => void seen.push(weights(), ema!.swapped);
    const [row] = await run(startPosition(), { epochs: 1, onEpoch });
    expect(ema!.updates).toBe(optimizer.steps);
    expect([weights(), ema!.swapped]).toEqual(seen);
    const loader = new DataLoader(quadrants(50, 2), { batchSize: 32 });
    const trained = await evaluate(model, loader);
    const averaged = await ema!.apply(() => evaluate(model, loader));
    expect(row).toMatchObject({
      ...{ eval_loss: trained.loss, eval_top1: trained.top1, eval_top5: trained.top5 },
      ...{ ema_loss: averaged.loss, ema_top1: averaged.top1, ema_top5: averaged.top5 },
    });
    expect(averaged.loss).not.toBe(trained.loss);
    end();
  });

  it("stops between two steps of the optimizer on request", async () => {
    const training = begin(KINDS["gradients of three batches, clipped"]!);
    const stop = new AbortController();
    const position = startPosition();
    const steps: number[] = [];
    const onStep = ({ step }: { step: number }): void => {
      steps.push(step);
      stop.abort();
    };
    expect(await training.run(position, { signal: stop.signal, onStep })).toEqual([]);
    expect(steps).toEqual([1, 2, 3]);
    expect(position).toMatchObject({ epoch: 1, step: 3 });
    training.end();
  });

  it("gives the gradients of several small batches the mean that one large batch has", async () => {
    const results = await Promise.all(
      [
        { batchSize: 32, accumulate: 1 },
        { batchSize: 8, accumulate: 4 },
      ].map(async ({ batchSize, accumulate }) => {
        const model = network();
        const loader = new DataLoader(quadrants(64, 1), { batchSize });
        const optimizer = new SGD(model.parameters(), { lr: 0.1 });
        await fit(model, loader, { optimizer, epochs: 2, accumulate });
        expect(optimizer.steps).toBe(4);
        return [...model.stateDict().values()].flatMap(({ data }) => [...(data as Float32Array)]);
      }),
    );
    const [large, small] = results as [number[], number[]];
    large.forEach((v, i) => expect(Math.abs(v - small[i]!)).toBeLessThan(1e-6));
  });

  it("stops when `patience` evaluations were no better, and does so too when it is taken up again", async () => {
    const model = network();
    const loader = new DataLoader(quadrants(64, 1), { batchSize: 32 });
    const optimizer = new SGD(model.parameters(), { lr: 0 });
    const options = { optimizer, epochs: 9, evalLoader: loader, patience: 2, position: startPosition() };
    expect(await fit(model, loader, options)).toHaveLength(3);
    expect(await fit(model, loader, options)).toHaveLength(3);
    model.dispose();
  });

  it("counts evaluations, not epochs, and wants something to evaluate on", async () => {
    const model = network();
    const loader = new DataLoader(quadrants(64, 1), { batchSize: 32 });
    const optimizer = new SGD(model.parameters(), { lr: 0 });
    const rare = { optimizer, epochs: 9, evalLoader: loader, evalInterval: 3, patience: 1 };
    expect(await fit(model, loader, rare)).toHaveLength(6);
    await expect(fit(model, loader, { optimizer, epochs: 2, patience: 1 })).rejects.toThrow(
      new DataError("fit: patience needs images to evaluate on; got no evalLoader"),
    );
    model.dispose();
  });

  it("evaluates at the given interval and at the end, and not at all without images to evaluate on", async () => {
    const model = network();
    const loader = new DataLoader(quadrants(64, 1), { batchSize: 32 });
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const rows = await fit(model, loader, { optimizer, epochs: 4, evalLoader: loader, evalInterval: 3 });
    expect(rows.map(({ eval_top1 }) => eval_top1 !== undefined)).toEqual([false, false, true, true]);
    const [row] = await fit(model, loader, { optimizer, epochs: 1 });
    expect(row).toMatchObject({ eval_loss: undefined, eval_top1: undefined, eval_top5: undefined });
    model.dispose();
  });

  it("refuses invalid counts", async () => {
    const model = network();
    const loader = new DataLoader(quadrants(64, 1), { batchSize: 32 });
    const optimizer = new SGD(model.parameters());
    await expect(fit(model, loader, { optimizer, epochs: 1, accumulate: 0.5 })).rejects.toThrow(
      new DataError("fit: accumulate must be an integer ≥ 1; got 0.5"),
    );
    model.dispose();
  });
});

describe("a checkpoint", () => {
  async function saved(): Promise<{ path: string; checkpoint: Checkpoint }> {
    const training = begin(KINDS["Adam"]!);
    const path = join(folder, "a.safetensors");
    const checkpoint = captureCheckpoint(training, startPosition());
    await saveCheckpoint(path, checkpoint);
    training.end();
    return { path, checkpoint };
  }

  it("is refused by another model, optimizer, format or binary, and then nothing is left behind", async () => {
    const { path, checkpoint } = await saved();
    const bytes = runtime().heap.bytesInUse;
    const other = begin(KINDS["SGD with momentum"]!);
    const refusal = (change: object, message: string): void =>
      expect(() =>
        restoreCheckpoint(other, { ...checkpoint, state: { ...checkpoint.state, ...change } }, path),
      ).toThrow(new DataError(`${path}: ${message}`));
    refusal({}, "made by another optimizer; got Adam, expected SGD");
    refusal(
      { format: 1 },
      "written by another version of fovea, which may compute other bits; got format 1, expected 2; finish the run with the version that began it, or begin a new one from its weights",
    );
    const binary = other.binary === "simd" ? "relaxed" : "simd";
    const sgd = { ...checkpoint.state.optimizer, name: "SGD" };
    refusal({ optimizer: sgd, binary }, `made by other kernels; got ${binary}, expected ${other.binary}`);
    other.end();
    expect(runtime().heap.bytesInUse).toBe(bytes);
  });

  it("is refused by an average of another decay, or with another warm-up", async () => {
    const training = begin(KINDS["averaged weights"]!);
    const checkpoint = captureCheckpoint(training, startPosition());
    const refusal = (options: ModelEmaOptions, message: string): void => {
      const ema = new ModelEma(training.model, options);
      expect(() => restoreCheckpoint({ ...training, ema }, checkpoint)).toThrow(`checkpoint: ${message}`);
      ema.dispose();
    };
    refusal({ decay: 0.8 }, "averaged with another decay; got 0.7, expected 0.8");
    refusal({ decay: 0.7, warmup: true }, "averaged with or without warm-up; got false, expected true");
    training.end();
  });

  it("is refused when it is damaged or of another kind", async () => {
    const { path } = await saved();
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 4));
    expect(() => readCheckpoint(path)).toThrow(`${path}: truncated: `);
    await writeFile(path, String.fromCharCode(2, 0, 0, 0, 0, 0, 0, 0) + "{}");
    expect(() => readCheckpoint(path)).toThrow(
      new DataError(`${path}: not a checkpoint of a training run: no fovea.training in it`),
    );
    for (const at of [bytes.length - 1, bytes.indexOf('\\"steps') + 10, bytes.indexOf("model.") + 6]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      await writeFile(path, changed);
      expect(() => readCheckpoint(path)).toThrow(`${path}: damaged; got contents of SHA-256 `);
    }
    expect(() => readCheckpoint(join(folder, "none"))).toThrow(`${join(folder, "none")}: cannot be read: `);
  });
});
