// Which ring of tests runs (vitest.config.ts), and what the quick one leaves out.

import type { Case } from "../cases/types.js";

const ring = process.env["FOVEA_RING"];
export const isQuick = ring === "quick";
/** For what takes long and hardly ever fails where the rest of its file passes. */
export const isLong = ring === "long";

/** How many times as much a test tries that draws its cases: 1, or what FOVEA_FUZZ says. */
export const TIMES = Number(process.env["FOVEA_FUZZ"] ?? 1);

/** In the quick ring one case for each algorithm and each set of inputs, otherwise all of them. */
export function ofRing(cases: readonly Case[]): readonly Case[] {
  if (!isQuick) return cases;
  const kindOf = ({ algorithms, inputs, gradient }: Case): string =>
    JSON.stringify([algorithms, Object.keys(inputs).sort(), gradient]);
  const kinds = new Map(cases.toReversed().map((c) => [kindOf(c), c]));
  return [...kinds.values()];
}
