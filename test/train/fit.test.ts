import { describe, expect, it } from "vitest";
import { tensor } from "../../src/core/tensor.js";
import { DataLoader, type BatchTransform } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import type { Module } from "../../src/nn/index.js";
import { Adam, oneCycle, SGD } from "../../src/optim/index.js";
import { evaluate } from "../../src/train/evaluate.js";
import { fit } from "../../src/train/fit.js";
import { NonFiniteLossError } from "../../src/train/step.js";
import { topK } from "../../src/train/metrics/top-k.js";
import type { EpochReport, StepReport } from "../../src/train/position.js";
import { runtime } from "../../src/wasm/runtime.js";
import { network, quadrants } from "../helpers/quadrants.js";

async function train(
  epochs: number,
): Promise<{ history: EpochReport[]; reports: StepReport[]; model: Module }> {
  const model = network();
  const loader = new DataLoader(quadrants(256, 1), { batchSize: 32, shuffle: true, seed: 9 });
  const evalLoader = new DataLoader(quadrants(100, 2), { batchSize: 64 });
  const optimizer = new Adam(model.parameters(), { lr: 0.02 });
  const reports: StepReport[] = [];
  const history = await fit(model, loader, { optimizer, epochs, evalLoader, onStep: (r) => reports.push(r) });
  optimizer.dispose();
  return { history, reports, model };
}

describe("fit", () => {
  it("learns a small task, and evaluates to what it reports", async () => {
    const { history, reports, model } = await train(8);
    expect(history.at(-1)!.eval_top1).toBeGreaterThan(0.95);
    expect(history.at(-1)!.eval_top5).toBe(1);
    expect(history.map((row) => row.epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(reports).toHaveLength(8 * 8);
    expect(reports.at(-1)).toMatchObject({ epoch: 8, epochs: 8, step: 8, steps: 8, secondsLeft: 0 });
    const again = await evaluate(model, new DataLoader(quadrants(100, 2), { batchSize: 7 }));
    expect(again.top1).toBe(history.at(-1)!.eval_top1);
    expect(again.loss).toBeCloseTo(history.at(-1)!.eval_loss!, 5);
    expect(again.count).toBe(100);
    model.dispose();
  });

  it("gives the same losses to the last bit for the same seed", async () => {
    const [a, b] = [await train(2), await train(2)];
    expect(a.reports.map((r) => r.loss)).toEqual(b.reports.map((r) => r.loss));
    expect([...a.model.stateDict()]).toEqual([...b.model.stateDict()]);
    a.model.dispose();
    b.model.dispose();
  });

  it("leaves nothing behind in the heap", async () => {
    const before = runtime().heap.bytesInUse;
    const { model } = await train(1);
    model.dispose();
    expect(runtime().heap.bytesInUse).toBe(before);
  });

  it("trains on the soft targets of a batch transform", async () => {
    const model = network();
    const batchTransform: BatchTransform = {
      spec: { name: "south-west", options: {} },
      apply: (_, [n], targets) => {
        for (let r = 0; r < n!; r++) targets.set([0, 0, 1, 0], 4 * r);
      },
    };
    const loader = new DataLoader(quadrants(256, 1), { batchSize: 32, batchTransform });
    const evalLoader = new DataLoader(quadrants(256, 1), { batchSize: 64 });
    const optimizer = new Adam(model.parameters(), { lr: 0.05 });
    const last = (await fit(model, loader, { optimizer, epochs: 4, evalLoader })).at(-1)!;
    expect(last.train_loss).toBeLessThan(0.05);
    const southWest = evalLoader.dataset.labels.filter((label) => label === 2).length / 256;
    expect(last.eval_top1).toBe(southWest);
    optimizer.dispose();
    model.dispose();
  });

  it("says how long it waited for data", async () => {
    const { history, reports } = await train(1);
    expect(history[0]!.data_wait).toBeGreaterThan(0);
    expect(history[0]!.data_wait).toBeLessThan(1);
    expect(reports.every(({ dataWait }) => dataWait > 0 && dataWait < 1)).toBe(true);
    expect(history[0]!.skipped).toBe(0);
  });

  it("stops at a loss that is not finite, and leaves the weights as they were", async () => {
    const model = network();
    const first = model.parameters()[0]!;
    first.copyFrom(new Float32Array(first.size).fill(NaN));
    const before = [...model.parameters()[2]!.data()];
    const loader = new DataLoader(quadrants(32, 1), { batchSize: 32 });
    const optimizer = new SGD(model.parameters(), { lr: 0.5 });
    const error = await fit(model, loader, { optimizer, epochs: 1, evalLoader: loader }).catch((e) => e);
    expect(error).toBeInstanceOf(NonFiniteLossError);
    expect(error.message).toBe(
      "fit: loss is NaN at epoch 1, step 1; expected a finite number (a smaller lr than 0.5 usually helps)",
    );
    expect(error.batch.get("images").shape).toEqual([32, 8, 8, 1]);
    expect(error.batch.get("labels").data).toEqual(BigInt64Array.from(loader.dataset.labels, BigInt));
    expect(error.indices).toEqual([...loader.dataset.labels.keys()]);
    expect([...model.parameters()[2]!.data()]).toEqual(before);
    model.dispose();
  });
});

describe("topK", () => {
  it("counts labels among the k largest; ties go to the earlier class, NaN is wrong", () => {
    const logits = tensor([
      [1, 2, 3],
      [3, 2, 1],
      [1, 1, 1],
      [0, NaN, 0],
    ]);
    const labels = tensor(Int32Array.of(2, 2, 1, 1));
    expect(topK(logits, labels, [1, 2, 3])).toEqual([1, 2, 3]);
    const beside = tensor(Int32Array.of(2, 2, 1, 0)); // NaN is no less than the label's logit
    expect(topK(logits, beside, [1, 2, 3])).toEqual([1, 3, 4]);
    beside.dispose();
    logits.dispose();
    labels.dispose();
  });
});

describe("oneCycle", () => {
  it("rises to maxLr and falls to almost nothing, as PyTorch's OneCycleLR with linear annealing", () => {
    const rate = oneCycle({ maxLr: 0.1, totalSteps: 10, pctStart: 0.3 });
    // torch.optim.lr_scheduler.OneCycleLR(SGD(lr=1), max_lr=0.1, total_steps=10, anneal_strategy="linear")
    const torch = [
      0.004, 0.052, 0.1, 0.0857143429, 0.0714286857, 0.0571430286, 0.0428573714, 0.0285717143, 0.0142860571,
      4e-7,
    ];
    torch.forEach((lr, step) => expect(rate(step, [])).toBeCloseTo(lr, 9));
  });

  it("refuses options outside their range", () => {
    expect(() => oneCycle({ maxLr: 0.1, totalSteps: 0 })).toThrow(
      new DataError("oneCycle: totalSteps must be an integer ≥ 1; got 0"),
    );
  });
});
