// Tensors of random numbers, of ranges, and the identity.

import { ShapeError } from "../errors.js";
import { kindOf } from "../errors/options.js";
import { checkDType } from "./numbers.js";
import { defaultRandom, type Random } from "./random.js";
import { checkShape, type Shape } from "./shape.js";
import { empty, tensor, zeros, type DType, type Tensor } from "./tensor.js";

function drawn(op: string, shape: Shape, draw: (random: Random) => number): Tensor {
  checkShape(op, shape);
  const x = empty([...shape], "f32", op);
  const random = defaultRandom();
  const view = x.view();
  for (let i = 0; i < view.length; i++) view[i] = draw(random);
  return x;
}

/**
 * A tensor of random numbers, uniform in [0, 1), from the stream that manualSeed() starts.
 * @throws ShapeError unless shape is an array of sizes
 */
export function rand(shape: Shape): Tensor {
  return drawn("rand", shape, (random) => random.uniform());
}

/**
 * A tensor of normal random numbers, of mean 0 and standard deviation 1, from the stream that manualSeed() starts.
 * @throws ShapeError unless shape is an array of sizes
 */
export function randn(shape: Shape): Tensor {
  return drawn("randn", shape, (random) => random.normal());
}

/**
 * arange(end): 0, 1, … before end; arange(start, end, step): start, start + step, … before end. f32 by default, where PyTorch has
 * integers. @throws ShapeError unless all are finite, and step leads from start to end
 */
export function arange<D extends DType = "f32">(
  start: number,
  end?: number,
  step = 1,
  dtype = "f32" as D,
): Tensor<D> {
  const [first, last] = end === undefined ? [0, start] : [start, end];
  checkDType("arange", dtype);
  if (![first, last, step].every(Number.isFinite) || step === 0 || (last - first) / step < 0) {
    const got = [start, end, step].map(kindOf).join(", ");
    throw new ShapeError(
      `arange: start, end and step must be finite, and step must lead from start to end; got ${got}`,
    );
  }
  const count = Math.ceil((last - first) / step);
  checkShape("arange", [count]);
  return tensor(
    Float64Array.from({ length: count }, (_, i) => first + i * step),
    [count],
    { dtype },
  );
}

/** `steps` evenly spaced numbers from start to end, both included. @throws ShapeError unless steps is an integer ≥ 0 and the ends are finite */
export function linspace(start: number, end: number, steps: number): Tensor {
  if (![start, end].every(Number.isFinite)) {
    throw new ShapeError(`linspace: start and end must be finite; got ${kindOf(start)} and ${kindOf(end)}`);
  }
  checkShape("linspace", [steps]);
  const step = (end - start) / Math.max(1, steps - 1);
  // The second half is computed from the end, so that the last number is exactly the end.
  const at = (i: number): number => (i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step);
  return tensor(
    Float64Array.from({ length: steps }, (_, i) => at(i)),
    [steps],
  );
}

/** The identity: [n, m] zeros (m is n unless given) with ones on the diagonal. @throws ShapeError unless sizes are integers ≥ 0 */
export function eye(n: number, m = n): Tensor {
  checkShape("eye", [n, m]);
  const x = zeros([n, m]);
  const view = x.view();
  for (let i = 0; i < Math.min(n, m); i++) view[i * m + i] = 1;
  return x;
}
