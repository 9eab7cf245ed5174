// fovea bench as a job of several processes.

import { describe, expect, it } from "vitest";
import type { JobBench } from "../../src/cli/bench-job.js";
import { job, mpiruns } from "../helpers/mpirun.js";
import { isLong } from "../helpers/ring.js";

const flags = (...more: string[]): string[] => [
  ...["build/cli.js", "bench", "lenet5", "--threads", "1", "--batch-size", "4", ...more],
];

describe.each(mpiruns)("%s", (mpirun) => {
  it("times steps alone, apart and together, and prints once", () => {
    const { status, stdout, stderr } = job(mpirun, 2, flags("--json"));
    expect(status, stderr).toBe(0);
    const { model, parameters, library, hosts, scalings } = JSON.parse(stdout) as JobBench;
    expect({ model, parameters, hosts }).toEqual({ model: "lenet5", parameters: 61_706, hosts: 1 });
    expect(library).toMatch(/MPI/);
    const [found] = scalings;
    const { alone, apart, together, gradientBytes, reduceMs, hidden, efficiency, link, cost } = found!;
    expect(found).toMatchObject({ batchSize: 4, processes: 2 });
    for (const { minMs, medianMs, runs } of [alone, apart, together]) {
      expect(minMs).toBeGreaterThan(0);
      expect(medianMs).toBeGreaterThanOrEqual(minMs);
      expect(runs).toBe(together.runs);
    }
    // Ten parameters, each in a part that is a multiple of 16 floats.
    expect(gradientBytes).toBeGreaterThanOrEqual(4 * parameters);
    expect(gradientBytes).toBeLessThan(4 * (parameters + 10 * 16));
    expect(efficiency).toBeCloseTo(alone.medianMs / together.medianMs, 9);
    expect(hidden).toBeCloseTo(
      Math.min(1, Math.max(0, 1 - (together.medianMs - apart.medianMs) / reduceMs)),
      9,
    );
    expect(link!.bitsPerSecond).toBeGreaterThan(0);
    for (const { readyMs } of cost.buckets) {
      expect(readyMs).toBeGreaterThan(0);
      expect(readyMs).toBeLessThan(2 * cost.stepMs);
    }
  });

  it.runIf(isLong)("prints a table, and what is predicted", () => {
    const { status, stdout, stderr } = job(mpirun, 2, flags());
    expect(status, stderr).toBe(0);
    for (const line of [
      /^lenet5, fresh weights: 61,706 parameters, images of 28×28×1$/gm,
      /^2 processes on 1 host, \S+/gm,
      /^one process alone +\S+ +\S+ +\S+ +\d+ +100 %$/gm,
      /^2 processes together +\S+ +\S+ +\S+ +\d+ +\S+ %$/gm,
      /^gradients: 0\.2 MB in 1 bucket; their sums by themselves take \S+ ms, of which backward hides \S+ %$/gm,
      /^cost model: at \S+ Gbit\/s, \S+ ms a message, as these sums show, a step takes \S+ ms \([+−]\S+ %\)$/gm,
      /^1,024( +\S+ ms +\S+ %){3}$/gm,
    ])
      expect(stdout.match(line), `${String(line)} in ${stdout}`).toHaveLength(1);
  });

  it("refuses once what makes no sense for a job", () => {
    const { status, stderr } = job(mpirun, 2, flags("--eager"));
    expect(status).not.toBe(0);
    expect(stderr.split("--eager: of no use; processes of a job time training steps")).toHaveLength(2);
  });
});
