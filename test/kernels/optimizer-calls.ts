// Calls of the optimizers' kernels.

import { calls, LENGTHS, type Call } from "./calls.js";

/** Lengths around blocks of 16 and their vectors. */
const BLOCKED = [...LENGTHS, 15, 16, 17, 31, 32, 37];
const BLOCK = 16;
const blocks = (n: number): number => Math.ceil(n / BLOCK);

const corrections = { correction1: 0.1, correction2: 0.001, now: 0 };
const lamb = {
  block: BLOCK,
  gain: 0.5,
  lr: 0.1,
  l2: 0,
  beta1: 0.9,
  beta2: 0.999,
  decay: 0.01,
  ...corrections,
};

export const optimizerCalls: Readonly<Record<string, readonly Call[]>> = {
  sgd: calls(["n", "momentum"], [LENGTHS, [0, 1]], (k, g, n, momentum) => {
    const arrays = { p: g.inout(n), grad: g.input(n), buffer: momentum ? g.inout(n) : 0 };
    const factors = { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 1e-4, scale: 2 };
    k.sgd(g.struct("Sgd", { ...arrays, ...factors, nesterov: momentum, first: 0 }), 0, n);
  }),
  adam: calls(["n"], [LENGTHS], (k, g, n) => {
    const arrays = { p: g.inout(n), grad: g.input(n), m: g.inout(n), v: g.inout(n, "positive") };
    const factors = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, l2: 0, decay: 0.01 };
    k.adam(g.struct("Adam", { ...lamb, ...arrays, ...factors, now: 0.3, n, partials: 0 }), 0, n);
  }),
  lion: calls(["n"], [LENGTHS], (k, g, n) => {
    const arrays = { p: g.inout(n), grad: g.input(n), m: g.inout(n), v: 0 };
    k.lion(g.struct("Adam", { ...lamb, ...arrays, n, partials: 0, eps: 0 }), 0, n);
  }),
  rmsprop: calls(["n", "centered", "momentum"], [LENGTHS, [0, 1], [0, 1]], (k, g, n, centered, momentum) => {
    const [p, grad, square] = [g.inout(n), g.input(n), g.inout(n, "positive")];
    const [mean, buffer] = [centered ? g.inout(n) : 0, momentum ? g.inout(n) : 0];
    const factors = { gain: 1, rate: 0.01, keep: 0.9, take: 0.1, inner: 1e-3, outer: 1e-3, momentum: 0.9 };
    k.rmsprop(g.struct("RmsProp", { p, grad, square, mean, buffer, ...factors, weightDecay: 1e-4 }), 0, n);
  }),
  squareSums: calls(["n"], [BLOCKED], (k, g, n) =>
    k.squareSums(g.input(n), n, BLOCK, g.output(blocks(n)), 0, blocks(n)),
  ),
  // eps 0: lanes beyond the arrays would be 0 / 0
  lambMoments: calls(["n", "eps"], [BLOCKED, [0, 1e-6]], (k, g, n, eps) => {
    const [p, grad, m, v] = [g.input(n), g.input(n), g.inout(n), g.inout(n, "positive")];
    const sums = g.output(2 * blocks(n));
    k.lambMoments(g.struct("Adam", { ...lamb, p, grad, m, v, n, partials: sums, eps }), 0, blocks(n));
  }),
  lambUpdate: calls(["n"], [LENGTHS], (k, g, n) => {
    const arrays = { p: g.inout(n), grad: 0, m: g.input(n), v: g.input(n, "positive") };
    k.lambUpdate(g.struct("Adam", { ...lamb, ...arrays, n, partials: 0, eps: 1e-6 }), 0, n);
  }),
  lerp: calls(["n"], [LENGTHS], (k, g, n) => k.lerp(g.input(n), g.inout(n), 0.25, 0, n)),
  clamp: calls(["n"], [LENGTHS], (k, g, n) => {
    const x = g.inout(n);
    k.clamp(x, x, -0.5, 0.5, 0, n);
  }),
};
