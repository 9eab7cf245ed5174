// Calls of the optimizers' kernels.

import { calls, LENGTHS, type Call } from "./calls.js";

/** Lengths around blocks of 16 and their vectors. */
const BLOCKED = [...LENGTHS, 15, 16, 17, 31, 32, 37];
const BLOCK = 16;
const blocks = (n: number): number => Math.ceil(n / BLOCK);

export const optimizerCalls: Readonly<Record<string, readonly Call[]>> = {
  sgd: calls(["n", "momentum"], [LENGTHS, [0, 1]], (k, g, n, momentum) =>
    k.sgd(g.inout(n), g.input(n), momentum ? g.inout(n) : 0, 0.1, 0.9, 0, 1e-4, 2, momentum, 0, 0, n),
  ),
  adam: calls(["n"], [LENGTHS], (k, g, n) =>
    k.adam(
      g.inout(n),
      g.input(n),
      g.inout(n),
      g.inout(n, "positive"),
      1e-3,
      0.9,
      0.999,
      1e-8,
      0,
      0.01,
      0.1,
      0.001,
      0,
      n,
    ),
  ),
  rmsprop: calls(["n", "centered", "momentum"], [LENGTHS, [0, 1], [0, 1]], (k, g, n, centered, momentum) =>
    k.rmsprop(
      g.inout(n),
      g.input(n),
      g.inout(n, "positive"),
      centered ? g.inout(n) : 0,
      momentum ? g.inout(n) : 0,
      1,
      0.01,
      0.9,
      1e-3,
      1e-3,
      0.9,
      1e-4,
      0,
      n,
    ),
  ),
  squareSums: calls(["n"], [BLOCKED], (k, g, n) =>
    k.squareSums(g.input(n), n, BLOCK, g.output(blocks(n)), 0, blocks(n)),
  ),
  // eps 0: lanes beyond the arrays would be 0 / 0
  lambMoments: calls(["n", "eps"], [BLOCKED, [0, 1e-6]], (k, g, n, eps) => {
    const [p, grad, m, v] = [g.input(n), g.input(n), g.inout(n), g.inout(n, "positive")];
    const sums = g.output(2 * blocks(n));
    k.lambMoments(p, grad, m, v, n, 0.5, 0.9, 0.999, eps, 0.01, 0.1, 0.001, BLOCK, sums, 0, blocks(n));
  }),
  lambUpdate: calls(["n"], [LENGTHS], (k, g, n) =>
    k.lambUpdate(g.inout(n), g.input(n), g.input(n, "positive"), 0.1, 1e-6, 0.01, 0.1, 0.001, 0, n),
  ),
  lerp: calls(["n"], [LENGTHS], (k, g, n) => k.lerp(g.input(n), g.inout(n), 0.25, 0, n)),
  clamp: calls(["n"], [LENGTHS], (k, g, n) => k.clamp(g.inout(n), -0.5, 0.5, 0, n)),
};
