import { describe, sameShape } from "../core/shape.js";
import type { AnyTensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { GRAIN, parallel } from "../wasm/parallel.js";

/** Moves y towards x in place: y ← y + weight·(x − y). @throws ShapeError if the shapes differ */
export function lerp(y: AnyTensor, x: AnyTensor, weight: number): void {
  if (!sameShape(x.shape, y.shape)) throw new ShapeError(`lerp: shapes differ; got ${describe({ x, y })}`);
  y.storage.touch();
  parallel("lerp", y.size, GRAIN, x.compute(), y.compute(), weight);
}
