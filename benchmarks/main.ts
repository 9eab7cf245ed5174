// The micro-benchmarks: npm run bench -- [--suite NAME] [--filter TEXT] [--threads N] [--algorithms] [--json FILE] [--results FILE]

import { init } from "../src/index.js";
import { pick, readOptions, runMain } from "./cli.js";
import { sinkIsFinite } from "./contender.js";
import { measure } from "./harness.js";
import { environment, rowOf, setup, Table, writeJson, writeResults } from "./report.js";
import { convCases } from "./suites/conv.js";
import { gemmCases } from "./suites/gemm.js";
import { memoryCases } from "./suites/memory.js";
import { inferCases, trainCases } from "./suites/models.js";
import { opsCases } from "./suites/ops.js";
import type { Algorithms } from "./workload.js";
import { ceilings } from "./suites/peak.js";

const SUITES = ["peak", "gemm", "conv", "memory", "ops", "train", "infer"];

await runMain(async () => {
  const options = readOptions(process.argv.slice(2), SUITES);
  init({ threads: options.threads });
  const top = await ceilings();
  const all = [top.cases, gemmCases, convCases, memoryCases, opsCases, trainCases, inferCases].flat();
  const cases = pick(all, options);

  const where = environment();
  console.log(`${where.machine}, Node ${where.node}, ${where.date}`);
  console.log(`fovea: ${setup(top)}\n`);
  const table = new Table(cases);
  for (const c of cases) {
    const { chosen, fitting = [] }: Partial<Algorithms> = c.algorithms?.() ?? {};
    for (const algorithm of options.algorithms && fitting.length ? fitting : [chosen]) {
      const prepared = c.prepare(algorithm === chosen ? undefined : algorithm);
      const timing = measure(c.name, prepared.run);
      prepared.dispose();
      const row = rowOf(c, "fovea", options.threads, timing, top);
      table.add(algorithm === undefined ? row : { ...row, algorithm, chosen: algorithm === chosen });
    }
    for (const [impl, prepare] of Object.entries(c.also ?? {})) {
      const prepared = prepare();
      const timing = measure(c.name, prepared.run);
      prepared.dispose();
      table.add(rowOf(c, impl, options.threads, timing, top));
    }
  }
  if (!sinkIsFinite()) throw new Error("a case computed NaN or an infinity");

  if (options.json) await writeJson(options.json, where, table.rows);
  if (options.results) await writeResults(options.results, "Micro-benchmarks", where, [setup(top)], table);
});
