// Several processes, connected by MPI, train as one does that has all their images.

import { beforeAll, describe, expect, it } from "vitest";
import { built, job, mpiruns } from "../helpers/mpirun.js";
import { isLong } from "../helpers/ring.js";

interface Trained {
  weights: number[];
  ema: number[];
  rows: Record<string, number>;
}

interface Found {
  library: string;
  size: number;
  same: boolean;
  exact: [Trained, Trained];
  accumulated: [Trained, Trained];
  uneven: [Trained, Trained];
  statistics: Trained;
  resnet: number;
  evaluated: [Record<string, unknown>, Record<string, unknown>];
}

/** The length of the difference in parts of the length of b. */
function relative(a: readonly number[], b: readonly number[]): number {
  const length = (values: readonly number[]): number => Math.hypot(...values);
  expect(a.length).toBe(b.length);
  return length(a.map((x, i) => x - b[i]!)) / length(b);
}

describe.each(mpiruns.flatMap((mpirun) => (isLong ? [1, 2, 3, 4] : [2, 3]).map((n) => [mpirun, n] as const)))(
  "%s -np %i",
  (mpirun, n) => {
    let found: Found;
    beforeAll(async () => {
      const { status, stdout, stderr } = job(mpirun, n, [await built("program")]);
      expect(status, stderr).toBe(0);
      found = JSON.parse(stdout) as Found;
    }, 180_000);

    it("connects all processes, which end with the same weights", () => {
      expect([found.size, found.same]).toEqual([n, true]);
    });

    it("trains to the same bits as one process that accumulates", () => {
      const [together, alone] = found.exact;
      expect(together.weights).toEqual(alone.weights);
      expect(together.ema).toEqual(alone.ema);
      expect(together.rows["train_count"]).toBe(alone.rows["train_count"]);
      expect(together.rows["eval_top1"]).toBe(alone.rows["eval_top1"]);
      expect(together.rows["train_loss"]).toBeCloseTo(alone.rows["train_loss"]!, 6);
    });

    it("accumulates over batches and processes", () => {
      const [together, alone] = found.accumulated;
      expect(relative(together.weights, alone.weights)).toBeLessThan(1e-6);
    });

    it("trains on the last, smaller batch as one process does", () => {
      const [together, alone] = found.uneven;
      expect(together.rows["train_count"]).toBe(8 * n * 3 + 1);
      expect(relative(together.weights, alone.weights)).toBeLessThan(1e-6);
      for (const name of Object.keys(alone.rows))
        expect(together.rows[name], name).toBeCloseTo(alone.rows[name]!, 5);
    });

    it("has the gradients and statistics of one batch with synchronised batch normalisation", () => {
      expect(found.resnet).toBeLessThan(1e-5);
    });

    it("counts every image of an evaluation once", () => {
      const [{ loss, ...together }, { loss: own, ...alone }] = found.evaluated;
      expect(together).toEqual(alone);
      expect(loss).toBeCloseTo(own as number, 5);
    });
  },
);

it.skipIf(mpiruns.length < 2)("all libraries give the same bits", async () => {
  const program = await built("program");
  const weights = mpiruns.map(
    (mpirun) => (JSON.parse(job(mpirun, 3, [program]).stdout) as Found).statistics.weights,
  );
  for (const each of weights) expect(each).toEqual(weights[0]);
});
