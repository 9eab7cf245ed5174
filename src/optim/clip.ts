// Keeps gradients within bounds, in place, between backward() and step().

import type { Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { GRAIN, parallel } from "../wasm/parallel.js";
import { checkTensorList } from "./groups.js";
import { norm } from "./norm.js";

/** The gradients, about to be changed. */
function gradients(op: string, parameters: readonly Tensor[]): Tensor[] {
  checkTensorList(op, parameters);
  return parameters.flatMap((p) => p.grad ?? []);
}

function checkPositive(what: string, value: number): void {
  if (typeof value === "number" && value > 0) return;
  throw new DataError(`${what} must be positive; got ${kindOf(value)}`);
}

/** Multiplies every gradient by a number. */
export function scaleGrad(parameters: readonly Tensor[], scale: number): void {
  for (const g of gradients("scaleGrad", parameters)) {
    g.storage.touch();
    parallel("affine", g.size, GRAIN, g.compute(), g.compute(), scale, 0);
  }
}

/**
 * Shortens all gradients together to a length of maxNorm, if they are longer; returns their length before, √Σ g² over all
 * elements of all parameters. Like PyTorch, divides by this length plus 1e-6. If the length is NaN, nothing changes.
 * Pascanu, Mikolov and Bengio (2012), arXiv 1211.5063. @throws DataError unless maxNorm is positive
 */
export function clipGradNorm(parameters: readonly Tensor[], maxNorm: number): number {
  checkPositive("clipGradNorm: maxNorm", maxNorm);
  const length = norm(gradients("clipGradNorm", parameters));
  const scale = maxNorm / (length + 1e-6);
  if (scale < 1) scaleGrad(parameters, scale);
  return length;
}

/** Limits every element of every gradient to −value … value. @throws DataError unless value is positive */
export function clipGradValue(parameters: readonly Tensor[], value: number): void {
  checkPositive("clipGradValue: value", value);
  for (const g of gradients("clipGradValue", parameters)) {
    g.storage.touch();
    parallel("clamp", g.size, GRAIN, g.compute(), g.compute(), -value, value);
  }
}
