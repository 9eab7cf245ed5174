// Which part of a network training changes.

import type { Shape } from "../../core/shape.js";
import { DataError, short } from "../../errors.js";
import type { Classifier } from "../../models/index.js";
import { freeze, trace, unfreeze } from "../../nn/index.js";
import { freeConstants } from "../../nn/trace.js";
import type { Trained } from "../trainer-types.js";

/**
 * The parameters of the last stage, head included: of all that comes from where maps get the size that they have at the end. These are
 * few places with many channels, so they hold most of what a network knows of classes and cost little of its time.
 */
function lastStage(model: Classifier, inputSize: Shape): Set<string> {
  const graph = trace(model, [1, ...inputSize]);
  try {
    const isMap = (shape: Shape): boolean => shape.length === 4 && shape[1]! * shape[2]! > 1;
    const sizeOf = (shape: Shape): string => `${shape[1]}×${shape[2]}`;
    const last = graph.nodes.findLast(({ shape }) => isMap(shape));
    const begin = last
      ? graph.nodes.findLastIndex(({ shape }) => isMap(shape) && sizeOf(shape) !== sizeOf(last.shape)) + 1
      : 0;
    return new Set(graph.nodes.slice(begin).flatMap(({ inputs }) => Object.values(inputs)));
  } finally {
    freeConstants(graph);
  }
}

/** Lets training change this part alone. @throws DataError for another name */
export function trainOnly(model: Classifier, part: Trained, inputSize: Shape): void {
  unfreeze(model);
  if (part === "all") return;
  if (part !== "head" && part !== "lastStage") {
    throw new DataError(`fit: unknown train '${short(part)}'; known: all, head, lastStage`);
  }
  const late = part === "lastStage" ? lastStage(model, inputSize) : new Set<string>();
  const frozen = model
    .namedParameters()
    .map(([name]) => name)
    .filter((name) => !model.isHead(name) && !late.has(name));
  if (frozen.length === 0) return;
  const exact = frozen.map((name) => name.replaceAll(".", "\\."));
  freeze(model, new RegExp(`^(?:${exact.join("|")})$`));
}
