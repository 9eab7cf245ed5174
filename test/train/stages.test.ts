// A training step is a list of stages, and a hook after each of them is awaited. Gradients may be reduced by a hook.

import { afterEach, describe, expect, it } from "vitest";
import {
  CrossEntropyLoss,
  DataError,
  DataLoader,
  fit,
  Flatten,
  ImageDataset,
  leakReport,
  Linear,
  memoryStats,
  ModelEma,
  Parameter,
  Sequential,
  SGD,
  startPosition,
  zeros,
  type FitOptions,
  type RawImage,
  type Loss,
  type GradientSum,
  type StepHooks,
} from "../../src/index.js";
import { allclose, sameBits } from "../helpers/allclose.js";
import { network, quadrants } from "../helpers/quadrants.js";

const before = memoryStats().bytesInUse;
afterEach(() => expect(memoryStats().bytesInUse).toBe(before));

interface Run {
  weights: Float32Array;
  start: Float32Array;
}

/** Trains for an epoch on `images` of the quadrants from `from` on; all weights before and after. */
async function train(
  options: Partial<FitOptions> & { images?: number; batchSize?: number; momentum?: number },
): Promise<Run> {
  const { images = 32, batchSize = 8, momentum = 0, ...rest } = options;
  const model = network();
  const flat = (): Float32Array => Float32Array.from(model.parameters().flatMap((p) => [...p.data()]));
  const start = flat();
  const optimizer = new SGD(model.parameters(), { lr: 0.3, momentum });
  const loader = new DataLoader(quadrants(images, 1), { batchSize });
  try {
    await fit(model, loader, { optimizer, epochs: 1, ...rest });
    expect(model.parameters().every((p) => p.grad === undefined)).toBe(true);
    return { weights: flat(), start };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Hooks that write down when they begin and end. */
function writing(log: string[], names: readonly string[]): StepHooks {
  const hook = (name: string) => async (at: { epoch: number; step: number }) => {
    log.push(`${name} ${at.step}`);
    await later();
    log.push(`/${name}`);
  };
  return Object.fromEntries(names.map((name) => [name, hook(name)]));
}

const ALL = ["forward", "backward", "reduce", "clip", "update", "average"] as const;

describe("the stages of a step", () => {
  it("are followed by their hooks, in order, each awaited", async () => {
    const log: string[] = [];
    await train({
      hooks: writing(log, ALL),
      images: 20,
      onStep: ({ step }) => log.push(`onStep ${step}`),
      onPosition: ({ epoch, step }) => void log.push(`onPosition ${epoch} ${step}`),
    });
    const step = (n: number): string[] => [
      ...["forward", "backward"].flatMap((name) => [`${name} ${n}`, `/${name}`]),
      `onStep ${n}`,
      ...ALL.slice(2).flatMap((name) => [`${name} ${n}`, `/${name}`]),
      `onPosition 1 ${n}`,
    ];
    expect(log).toEqual([1, 2, 3].flatMap(step).concat("onPosition 2 0"));
  });

  it("of several batches: two for each batch, then the others", async () => {
    const log: string[] = [];
    await train({ hooks: writing(log, ALL), accumulate: 3 }); // four batches
    const stages = log.filter((entry) => !entry.startsWith("/"));
    const batch = (n: number): string[] => [`forward ${n}`, `backward ${n}`];
    const rest = (n: number): string[] => ALL.slice(2).map((name) => `${name} ${n}`);
    expect(stages).toEqual([...[1, 2, 3].flatMap(batch), ...rest(3), ...batch(4), ...rest(4)]);
  });

  it("change nothing by being watched", async () => {
    const options = { accumulate: 2, clip: { norm: 0.5 }, momentum: 0.9, images: 30 };
    const want = await train(options);
    const names = ALL.filter((name) => name !== "reduce");
    sameBits("weights", (await train({ ...options, hooks: writing([], names) })).weights, want.weights);
  });

  it("have done what they are for when the hook is called", async () => {
    const model = network();
    const optimizer = new SGD(model.parameters(), { lr: 0.3 });
    const ema = new ModelEma(model);
    const [p] = model.parameters();
    const length = (): number =>
      Math.hypot(...model.parameters().flatMap(({ grad }) => (grad ? [...grad.data()] : [])));
    const seen: unknown[][] = [];
    const weights = p!.data();
    await fit(model, new DataLoader(quadrants(8, 1), { batchSize: 8 }), {
      optimizer,
      epochs: 1,
      ema,
      clip: { norm: 1e-3 },
      hooks: {
        forward: ({ loss, batch }) => void seen.push(["forward", loss > 1, batch.indices.length, p!.grad]),
        backward: () => void seen.push(["backward", length() > 0.01]),
        clip: ({ norm }) => void seen.push(["clip", norm! > 0.01, length() < 1.001e-3]),
        update: () => void seen.push(["update", optimizer.steps, String(p!.data()) !== String(weights), ema.updates]), // prettier-ignore
        average: () => void seen.push(["average", ema.updates, length() > 0]),
      },
    });
    expect(seen).toEqual([
      ["forward", true, 8, undefined],
      ["backward", true],
      ["clip", true, true],
      ["update", 1, true, 0],
      ["average", 1, true],
    ]);
    for (const each of [ema, optimizer, model]) each.dispose();
  });

  it.each(ALL)("end with the error of a hook: %s", async (name) => {
    const model = network();
    const optimizer = new SGD(model.parameters(), { lr: 0.3 });
    const position = startPosition();
    const hooks: StepHooks = {
      [name]: async ({ step }: { step: number }) => {
        await later();
        if (step === 2) throw new Error("enough");
      },
    };
    const loader = new DataLoader(quadrants(32, 1), { batchSize: 8 });
    await expect(fit(model, loader, { optimizer, epochs: 1, hooks, position })).rejects.toThrow("enough");
    expect(position.step).toBe(optimizer.steps);
    expect(optimizer.steps).toBe(name === "update" || name === "average" ? 2 : 1);
    expect(position.sums.count).toBe(8 * optimizer.steps);
    optimizer.dispose();
    model.dispose();
  });

  it("are named in errors if one is unknown or not a function", async () => {
    const unknown = train({ hooks: { reduced: () => undefined } as StepHooks });
    await expect(unknown).rejects.toThrow(
      new DataError(
        "fit: hooks: unknown option 'reduced'; did you mean reduce? known: forward, backward, reduce, clip, update, average",
      ),
    );
    const number = train({ hooks: { clip: 1 } as unknown as StepHooks });
    await expect(number).rejects.toThrow(new DataError("fit: hooks: clip must be a function; got 1"));
  });
});

describe("a reduce hook", () => {
  it("that does nothing changes nothing, and gets the number of images", async () => {
    for (const options of [{}, { accumulate: 2 }, { clip: { norm: 0.1 }, momentum: 0.9 }]) {
      const divisors: number[] = [];
      const hooks = { reduce: ({ divisor }: GradientSum) => void divisors.push(divisor) };
      const want = await train({ ...options, images: 30 });
      const got = await train({ ...options, images: 30, hooks });
      allclose("weights", got.weights, want.weights, 1e-6);
      expect(divisors).toEqual(options.accumulate ? [16, 14] : [8, 8, 8, 6]);
    }
  });

  it("has the same bits where the number of images is a power of two", async () => {
    const want = await train({ momentum: 0.9 });
    const got = await train({ momentum: 0.9, hooks: { reduce: () => undefined } });
    sameBits("weights", got.weights, want.weights);
  });

  it("that doubles gradients doubles the step, and so does one that halves the divisor", async () => {
    const { weights, start } = await train({ images: 8 });
    const twice = weights.map((w, i) => 2 * w - start[i]!);
    const doubling = async ({ gradients }: GradientSum): Promise<void> => {
      await later();
      gradients.forEach((g, i) => (gradients[i] = 2 * g));
    };
    const halving = (at: GradientSum): void => void (at.divisor /= 2);
    for (const reduce of [doubling, halving]) {
      allclose("weights", (await train({ images: 8, hooks: { reduce } })).weights, twice, 1e-6);
    }
  });

  const weighted = new CrossEntropyLoss({ weight: [0.2, 1, 3, 0.7] });
  it.each<[string, Loss | undefined, number]>([
    ["images", undefined, 12],
    ["images of classes with weights", weighted, 12],
    ["unequally many images", undefined, 6],
  ])("that adds up the parts of two processes takes the step of one: %s", async (_, loss, first) => {
    const data = quadrants(24, 1);
    const parts = [
      { from: 0, to: first },
      { from: first, to: 24 },
    ];
    const step = async (from: number, to: number, reduce?: StepHooks["reduce"]): Promise<number[]> => {
      const student = network();
      const optimizer = new SGD(student.parameters(), { lr: 0.3 });
      const sampler = { length: to - from, indices: () => Uint32Array.from({ length: to - from }, (_, i) => from + i) }; // prettier-ignore
      const loader = new DataLoader(data, { batchSize: to - from, sampler });
      await fit(student, loader, {
        optimizer,
        epochs: 1,
        ...(loss && { loss }),
        ...(reduce && { hooks: { reduce } }),
      });
      const weights = student.parameters().flatMap((p) => [...p.data()]);
      optimizer.dispose();
      student.dispose();
      return weights;
    };
    const whole = await step(0, 24);
    const told: { gradients: Float32Array; divisor: number }[] = [];
    for (const { from, to } of parts) {
      await step(
        from,
        to,
        ({ gradients, divisor }) => void told.push({ gradients: gradients.slice(), divisor }),
      );
    }
    for (const [i, { from, to }] of parts.entries()) {
      const other = told[1 - i]!;
      const weights = await step(from, to, (at) => {
        at.gradients.forEach((g, j) => (at.gradients[j] = g + other.gradients[j]!));
        at.divisor += other.divisor;
      });
      allclose("weights", weights, whole, 1e-6);
    }
  });

  it("gets one array that the gradients lie in, in the optimizer's order", async () => {
    const model = network();
    const [first, bias, ...rest] = model.parameters();
    bias!.requiresGrad = false;
    const optimizer = new SGD([bias!, first!, ...rest], { lr: 1 });
    const seen: unknown[] = [];
    const loader = new DataLoader(quadrants(8, 1), { batchSize: 8 });
    const reduce = ({ gradients }: GradientSum): void => {
      const starts = rest.map((p) => (p.grad!.storage.compute() - gradients.byteOffset) / 4);
      seen.push(first!.grad!.storage.compute() - gradients.byteOffset, starts, bias!.grad);
      expect(Object.keys(leakReport().owned.gradients).some((l) => l.startsWith("gradients "))).toBe(true);
    };
    await fit(model, loader, { optimizer, epochs: 1, hooks: { reduce } });
    expect(seen).toEqual([0, [64, 160], undefined]);
    expect(leakReport().owned.gradients).toEqual({});
    optimizer.dispose();
    model.dispose();
  });

  it("may train a parameter that has no gradient in this process", async () => {
    class Spare extends Sequential {
      readonly used = new Parameter(zeros([2]));
      readonly unused = new Parameter(zeros([3]));
    }
    const model = new Spare(new Flatten(), new Linear(64, 4));
    const optimizer = new SGD([model.used, model.unused, ...model.parameters().slice(2)], { lr: 1 });
    const loader = new DataLoader(quadrants(8, 1), { batchSize: 8 });
    const reduce = ({ gradients }: GradientSum): void => void (gradients[1] = 16);
    await fit(model, loader, { optimizer, epochs: 1, hooks: { reduce } });
    expect([[...model.used.data()], [...model.unused.data()]]).toEqual([
      [0, -2],
      [0, 0, 0],
    ]);
    optimizer.dispose();
    model.dispose();
  });

  it("is called for steps of which no image could be read, that other processes need not wait for ever", async () => {
    const missing = [0, 1, 4, 5, 6, 7, 10, 14, 15, 16, 17];
    class Damaged extends ImageDataset {
      override image(i: number): RawImage {
        if (missing.includes(i)) throw new DataError(`image ${i}: cannot be read`);
        return super.image(i);
      }
    }
    const images = Uint8Array.from({ length: 18 * 4 }, (_, i) => 3 * i);
    const labels = Array.from({ length: 18 }, (_, i) => i % 3);
    const data = new Damaged({ images, labels, shape: [2, 2, 1], classes: ["a", "b", "c"] });
    for (const [accumulate, divisors, ends] of [
      [1, [0, 2, 0, 0, 2, 1, 2, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [2, [2, 0, 3, 2, 0], [2, 4, 6, 8, 9]],
    ] as const) {
      const model = new Sequential(new Flatten(), new Linear(4, 3));
      const optimizer = new SGD(model.parameters(), { lr: 1 });
      const loader = new DataLoader(data, { batchSize: 2, onError: "skip" });
      const seen: number[] = [];
      const positions: number[] = [];
      const rates: number[] = [];
      await fit(model, loader, {
        optimizer,
        epochs: 1,
        accumulate,
        schedule: (step) => (rates.push(step), 0.1),
        hooks: {
          reduce(at) {
            if (at.divisor === 0) expect(at.gradients.every((g) => g === 0)).toBe(true);
            seen.push(at.divisor);
            // Another process has images of the second and the last step alone.
            if ([2, divisors.length].includes(seen.length)) {
              at.gradients[0]! += 5;
              at.divisor += 1;
            }
          },
        },
        onPosition: ({ step }) => void positions.push(step),
      });
      expect(seen).toEqual(divisors);
      expect(positions).toEqual([...ends, 0]);
      expect(new Set(rates).size).toBe(divisors.length);
      expect(optimizer.steps).toBe(divisors.filter((n, i) => n > 0 || [1, divisors.length - 1].includes(i)).length); // prettier-ignore
      optimizer.dispose();
      model.dispose();
    }
  });

  it.each([-1, NaN, Infinity])("must leave a divisor: %d", async (divisor) => {
    const error = train({ hooks: { reduce: (at) => void (at.divisor = divisor) } });
    await expect(error).rejects.toThrow(
      new DataError(`fit: hooks.reduce: divisor must be finite and ≥ 0; got ${divisor}`),
    );
  });
});
