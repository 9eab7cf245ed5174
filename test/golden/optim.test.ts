// Optimizers, schedules, clipping and moving averages against PyTorch's and timm's (optim.py).

import { describe, expect, it } from "vitest";
import { sizeOf } from "../../src/core/shape.js";
import {
  BatchNorm2d,
  clipGradNorm,
  clipGradValue,
  createOptimizer,
  createSchedule,
  ModelEma,
  noDecay,
  tensor,
  tidy,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { drawInto } from "../helpers/drawn.js";
import golden from "./optim.json" with { type: "json" };

const drawn = (seed: number, shape: number[]): Tensor =>
  tensor(drawInto(seed, new Float32Array(sizeOf(shape))), shape);

/** "weight_decay" → "weightDecay". */
const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());

forEachBinary((binary) => {
  it.each(golden.optimizers.map((row) => [row.name, JSON.stringify(row.options), row] as const))(
    "%s %s takes the same steps",
    (name, _, row) => {
      init({ binary });
      tidy(() => {
        const [w, b] = [drawn(1, [3, 5]), drawn(2, [5])];
        const options = Object.fromEntries(
          Object.entries(row.options).map(([key, value]) => [camel(key), value ?? Infinity]),
        );
        const optimizer = createOptimizer(name, noDecay([w, b]), options);
        for (let step = 0; step < 6; step++) {
          w.grad = drawn(10 + step, [3, 5]);
          b.grad = drawn(20 + step, [5]);
          optimizer.step();
        }
        allclose("w", w.data(), row.w, 2e-6);
        allclose("b", b.data(), row.b, 2e-6);
        optimizer.dispose();
      });
    },
  );

  it("gradients are clipped alike", () => {
    init({ binary });
    tidy(() => {
      for (const [most, want] of Object.entries(golden.clipping.norm)) {
        const [w, b, without] = [drawn(3, [3, 5]), drawn(3, [5]), drawn(3, [2])];
        w.grad = drawn(1, [3, 5]);
        b.grad = drawn(2, [5]);
        expect(clipGradNorm([w, b, without], Number(most)) / want.norm).toBeCloseTo(1, 6);
        allclose("w", w.grad.data(), want.w, 1e-6);
        allclose("b", b.grad.data(), want.b, 1e-6);
      }
      const p = drawn(3, [5]);
      p.grad = drawn(2, [5]);
      clipGradValue([p], 0.3);
      allclose("value", p.grad.data(), golden.clipping.value, 1e-7);
    });
  });

  it.each([false, true])("the average of weights is timm's, with warm-up %s", (warmup) => {
    init({ binary });
    const model = new BatchNorm2d(3);
    const weight = model.parameters()[0]!;
    const buffers = Object.fromEntries(model.namedBuffers());
    const ema = new ModelEma(model, { decay: 0.75, warmup });
    tidy(() =>
      golden.ema[warmup ? "warmup" : "plain"].forEach((want, step) => {
        weight.copyFrom(drawn(step, [3]));
        buffers.running_mean!.copyFrom(drawn(10 + step, [3]));
        buffers.num_batches_tracked!.copyFrom([step + 1]);
        ema.update();
        const { tensors } = ema.stateDict();
        allclose("weight", tensors.get("weight")!.data as Float32Array, want.weight, 1e-6);
        allclose("mean", tensors.get("running_mean")!.data as Float32Array, want.runningMean, 1e-6);
        expect(Number(tensors.get("num_batches_tracked")!.data[0])).toBe(want.tracked);
      }),
    );
    ema.dispose();
    model.dispose();
  });
});

describe("schedules", () => {
  const losses = golden.losses.map((v) => v ?? NaN);

  it.each(golden.schedules.map((row) => [row.name, JSON.stringify(row.options), row] as const))(
    "%s %s gives the same rates, in any order",
    (name, _, { options, rates }) => {
      const rate = createSchedule(name, { lr: 0.1, ...(options as object) });
      for (const step of [...rates.keys()].reverse()) {
        expect(rate(step, losses.slice(0, step)), `step ${step}`).toBeCloseTo(rates[step]!, 12);
      }
    },
  );
});
