// Gradients against the float64 reference: for y = f(x) and any direction u, the derivative of ⟨dy, f(x + h·u)⟩ at h = 0
// is ⟨g, u⟩, where g is the gradient that backward finds for x given dy. One random u meets every element of g.

import { expect } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import type { Case, OpCases } from "../cases/index.js";
import type { Values } from "../reference/index.js";
import { draw, randomOf } from "./random.js";
import { applyReference, drawCase, once, toValues } from "./run-case.js";

/**
 * Step of the central difference in float64: truncation is near h² = 1e-10 of the third derivative, rounding near
 * 1e-16 / h = 1e-11 of the value; inputs keep further than h from kinks (random.ts).
 */
const STEP = 1e-5;

/** Largest error in units of Σ|g_k·u_k|, which does not cancel as ⟨g, u⟩ does. Measured: 5e-6 at most, 1e-6 mostly. */
const TOLERANCE = 1e-4;

/** Rounding that gradients which cancel to nothing may keep, in units of Σ|dy|. */
const FLOOR = 1e-6;

interface Derivative {
  direction: Float64Array;
  /** d⟨dy, f⟩ in that direction. */
  value: number;
}

export interface Expected {
  dy: Float32Array;
  derivatives: Record<string, Derivative>;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** A random dy, and for every differentiable input of the case a direction and the derivative along it. */
export const expectedDerivatives = once((suite: OpCases, c: Case): Expected => {
  const drawn = drawCase(suite, c);
  const inputs = Object.fromEntries(Object.entries(drawn.inputs).map(([name, x]) => [name, toValues(x)]));
  const f = (name: string, x: Values): Float64Array =>
    applyReference(suite, c, { ...inputs, [name]: x }, drawn).y.data;
  const size = applyReference(suite, c, inputs, drawn).y.data.length;
  const dy = Float32Array.from(draw("normal", `${suite.op} ${c.name} dy`, size));
  const { differentiable } = registeredOps().get(suite.op)!;
  const derivatives: Record<string, Derivative> = {};
  for (const name of differentiable) {
    const x = inputs[name];
    if (x === undefined) continue;
    const random = randomOf(`${suite.op} ${c.name} direction of ${name}`);
    const direction = x.data.map(() => 2 * random() - 1);
    const moved = (h: number): Values => ({
      shape: x.shape,
      data: x.data.map((v, i) => v + h * direction[i]!),
    });
    const up = f(name, moved(STEP));
    const down = f(name, moved(-STEP));
    const slopes = up.map((v, i) => (v - down[i]!) / (2 * STEP));
    derivatives[name] = { direction, value: dot(dy, slopes) };
  }
  return { dy, derivatives };
});

/** Error of a gradient along the direction, in units of the tolerance. */
export function gradientError(
  gradient: Float32Array,
  { direction, value }: Derivative,
  dy: Float32Array,
): number {
  const size = gradient.reduce((total, g, i) => total + Math.abs(g * direction[i]!), 0);
  const error = Math.abs(dot(gradient, direction) - value);
  const allowed = TOLERANCE * size + FLOOR * dy.reduce((total, v) => total + Math.abs(v), 0);
  return error === 0 ? 0 : error / allowed;
}

/** Asserts that a gradient found by backward has the derivative of the reference along the direction. */
export function checkGradient(
  what: string,
  gradient: Float32Array,
  derivative: Derivative,
  dy: Float32Array,
): void {
  const error = gradientError(gradient, derivative, dy);
  if (error <= 1) return; // NaN does not pass
  expect.fail(
    `${what}: ⟨gradient, u⟩ is ${dot(gradient, derivative.direction)}, the reference's derivative along u is ` +
      `${derivative.value}; ${error.toPrecision(3)} times the tolerance`,
  );
}
