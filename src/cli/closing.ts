// The last lines of a training run: its result, its files, and the next commands.

import { join } from "node:path";
import type { Metrics, Scores } from "../node/run-folder.js";

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** A word quoted for a shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** "mAP 81.00 %" or "top-1 94.20 %"; undefined if nothing was evaluated. */
function scoreOf({ map, top1 }: Scores): string | undefined {
  if (map !== undefined) return `mAP ${percent(map)}`;
  return top1 === null ? undefined : `top-1 ${percent(top1)}`;
}

/** "epoch 7 of 10: top-1 94.20 % with averaged weights, 93.10 % after the last" */
function best(metrics: Metrics): string {
  const { bestEpoch, epochs, bestWeights, last } = metrics;
  const score = scoreOf(metrics);
  if (score === undefined) return `epoch ${epochs}, the last: there was nothing to evaluate on`;
  const kind = bestWeights === "ema" ? " with averaged weights" : "";
  const after =
    bestEpoch === epochs && kind === "" ? "" : `, ${scoreOf(last)!.replace(/^\S+ /, "")} after the last`;
  return `epoch ${bestEpoch} of ${epochs}: ${score}${kind}${after}`;
}

export function closingLines(folder: string, metrics: Metrics): string[] {
  return [
    `best    ${best(metrics)}`,
    `report  ${join(folder, "report.html")}`,
    `next    fovea predict --model ${shellWord(folder)} PICTURE`,
  ];
}
