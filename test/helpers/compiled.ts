// Models, and what compile() makes of them beside their own forward().

import { expect } from "vitest";
import {
  compile,
  createModel,
  modelInfo,
  noGrad,
  tensor,
  tidy,
  type Module,
  type Shape,
  type Tensor,
} from "../../src/index.js";
import { drawnState } from "./drawn.js";

/** A size at which networks for large images still have pixels left. */
export const SMALL: Shape = [1, 32, 32, 3];
/** Take no other size than their own. */
const FIXED = /^(lenet5|.*_cifar|alexnet|vgg|inception)/;

/** Fresh weights where drawn ones would make each layer's rounding errors grow; otherwise these, which are there sooner. */
export function modelFor(name: string): Module {
  if (name.startsWith("efficientnet")) return createModel(name);
  const model = createModel(name, { initialise: false });
  model.loadStateDict(drawnState(model));
  return model;
}

export function shapeFor(name: string): Shape {
  return FIXED.test(name) ? [1, ...modelInfo(name).inputSize] : SMALL;
}

export function wave(shape: Shape): Tensor {
  const size = shape.reduce((n, s) => n * s, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => 1.5 * Math.sin(i * 12.9898)),
    shape,
  );
}

export const eager = (model: Module, x: Tensor): Float32Array =>
  noGrad(() => tidy(() => model.eval().forward(x).data())) as Float32Array;

export const compiled = (model: Module, x: Tensor): Float32Array => {
  using own = compile(model, x.shape);
  return tidy(() => own.run(x).data()) as Float32Array;
};

/** The largest difference, relative to the largest value. */
export function difference(got: Float32Array, expected: Float32Array): number {
  expect(got.length).toBe(expected.length);
  const most = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return expected.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0) / most;
}

/** A registered model, compiled, gives what its forward() gives. */
export function expectEager(name: string): void {
  const model = modelFor(name);
  tidy(() => {
    const x = wave(shapeFor(name));
    expect(difference(compiled(model, x), eager(model, x)), name).toBeLessThan(1e-4);
  });
  model.dispose();
}
