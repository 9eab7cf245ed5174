// Products of few rows (kernels/product/few-rows.ts): linear layers of one or two images, convolutions of one pixel.

import type { Planner } from "../wasm/plan.js";
import type { Struct } from "../wasm/abi.js";
import { constants } from "../wasm/table.js";

const { FEW_OUTPUTS } = constants;

/** Most rows for which it is faster than register tiles on packed weights. Measured on an Intel Xeon, Node 20 and 24, 2026-11. */
export const FEW_ROWS = 2;
/** Weights that take about 20 µs to come from memory. */
const GRAIN = 65536;

/** y[rows, outputs] = activation(x[rows, inner]·wᵀ + bias + residual) with w[outputs, inner]. */
export function fewRows(p: Planner, fields: Struct<"FewRows">): void {
  const grain = Math.ceil(GRAIN / (FEW_OUTPUTS * fields.inner + 1));
  const bytes = p.ask("fewRowsScratch", fields.rows);
  p.parallelScratch(
    "fewRows",
    Math.ceil(fields.outputs / FEW_OUTPUTS),
    grain,
    bytes,
    p.struct("FewRows", fields),
  );
}
