// Gradients of several batches make one step, and some of their images cannot be read.

import { describe, expect, it } from "vitest";
import {
  CrossEntropyLoss,
  DataError,
  DataLoader,
  fit,
  Flatten,
  ImageDataset,
  Linear,
  Sequential,
  SGD,
  startPosition,
  type RawImage,
} from "../../src/index.js";
import { defaultRandom } from "../../src/core/random.js";
import golden from "../golden/accumulation.json" with { type: "json" };
import { allclose } from "../helpers/allclose.js";

/** Of which some images cannot be read. */
class Damaged extends ImageDataset {
  readonly #missing: ReadonlySet<number>;

  constructor(missing: readonly number[]) {
    const { images, labels } = golden;
    super({ images: Uint8Array.from(images), labels, shape: [3, 3, 1], classes: ["a", "b", "c"] });
    this.#missing = new Set(missing);
  }

  override image(i: number): RawImage {
    if (this.#missing.has(i)) throw new DataError(`image ${i}: cannot be read`);
    return super.image(i);
  }
}

function begin(missing: readonly number[], accumulate = 4) {
  const linear = new Linear(9, 3);
  linear.weight.copyFrom(golden.start);
  linear.bias!.copyFrom([0, 0, 0]);
  const model = new Sequential(new Flatten(), linear);
  const optimizer = new SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  const loader = new DataLoader(new Damaged(missing), { batchSize: 4, onError: "skip" });
  return { linear, model, optimizer, loader, options: { optimizer, accumulate, epochs: 2 } };
}

const cases = golden.rows.map((row) => [row.name, row.weight ? "with" : "without", row] as const);

describe("accumulated gradients", () => {
  it.each(cases)(
    "are the mean over the images that were read: %s unreadable, %s weights of classes",
    async (...[, , row]) => {
      const { linear, model, optimizer, loader, options } = begin(row.missing);
      const weight = row.weight ?? undefined;
      const loss = new CrossEntropyLoss(weight && { weight });
      const history = await fit(model, loader, { ...options, loss });
      allclose("weight", linear.weight.data(), row.w, 2e-6);
      allclose("bias", linear.bias!.data(), row.b, 2e-6);
      for (const { train_count, skipped } of history) {
        expect([train_count, skipped]).toEqual([22 - row.missing.length, row.missing.length]);
      }
      model.dispose();
      optimizer.dispose();
    },
  );

  it("go on with the same bits after each step, though what follows it cannot be read", async () => {
    const missing = [12, 13, 14, 15, 20, 21];
    const weightsAfter = async (stop: number): Promise<unknown> => {
      const { model, optimizer, loader, options } = begin(missing);
      const position = startPosition();
      const controller = new AbortController();
      let n = 0;
      const onPosition = (): void => void (n++ === stop && controller.abort());
      await fit(model, loader, { ...options, position, onPosition, signal: controller.signal });
      expect(controller.signal.aborted).toBe(stop < Infinity);
      const history = await fit(model, loader, { ...options, position });
      expect(history.map(({ train_count, skipped }) => [train_count, skipped])).toEqual([[16, 6], [16, 6]]); // prettier-ignore
      const state = model.stateDict();
      model.dispose();
      optimizer.dispose();
      return state;
    };
    const whole = await weightsAfter(Infinity);
    for (const stop of [0, 1, 2, 3, 4]) expect(await weightsAfter(stop)).toEqual(whole);
  });
});

describe("fit", () => {
  it("leaves position and gradients as after the last step, and modes as they were, when a batch fails", async () => {
    const { model, optimizer, options } = begin([]);
    const loader = new DataLoader(new Damaged([10]), { batchSize: 4 });
    model.eval();
    const [flatten] = [...model.modules()].slice(1);
    flatten!.training = true;
    const position = startPosition();
    const random = defaultRandom().state;
    await expect(fit(model, loader, { ...options, accumulate: 2, position })).rejects.toThrow("image 10");
    expect(position).toMatchObject({ epoch: 1, step: 2, sums: { count: 8 } });
    expect(optimizer.steps).toBe(1);
    expect(model.parameters().map((p) => p.grad)).toEqual([undefined, undefined]);
    expect([...model.modules()].map(({ training }) => training)).toEqual([false, true, false]);
    expect(defaultRandom().state).toEqual(random);

    // What is repaired goes on as if nothing had been.
    const whole = begin([], 2);
    await fit(whole.model, whole.loader, whole.options);
    await fit(model, new DataLoader(new Damaged([]), { batchSize: 4 }), {
      ...options,
      accumulate: 2,
      position,
    });
    expect(model.stateDict()).toEqual(whole.model.stateDict());
    for (const one of [model, optimizer, whole.model, whole.optimizer]) one.dispose();
  });
});
