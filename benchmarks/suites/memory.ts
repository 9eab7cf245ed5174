// Work bound by memory: normalisation, pooling, element-wise operations, optimizers. `bytes` counts each pass over each
// operand once.

import {
  Adam,
  add,
  batchNorm,
  clipGradNorm,
  LAMB,
  LARS,
  maxPool2d,
  noGrad,
  relu,
  RMSprop,
  SGD,
  tensor,
  tidy,
  type Optimizer,
  type Tensor,
} from "../../src/index.js";
import { lerp } from "../../src/optim/lerp.js";
import { randomFloats, type Case, type Prepared } from "../workload.js";
import { gradientRule } from "./rule.js";

/** The first stage of a ResNet on a batch of 8, and the output of its stem. */
const STAGE = [8, 56, 56, 64];
const STEM = [8, 112, 112, 64];
const PARAMETERS = 2 ** 22;

const sizeOf = (shape: number[]): number => shape.reduce((a, b) => a * b);
const random = (shape: number[], seed: number): Tensor => tensor(randomFloats(sizeOf(shape), seed), shape);

function forward(fn: () => Tensor, held: Tensor[]): Prepared {
  return {
    run: () => noGrad(() => tidy(() => fn().compute())),
    dispose: () => held.forEach((t) => t.dispose()),
  };
}

/** Forward, with everything that backward needs. */
function recorded(shape: number[], fn: (x: Tensor) => Tensor): Prepared {
  const x = random(shape, 1);
  x.requiresGrad = true;
  return { run: () => tidy(() => fn(x).compute()), dispose: () => x.dispose() };
}

/** The gradient of fn with respect to x. */
function backward(shape: number[], fn: (x: Tensor) => Tensor): Prepared {
  const x = random(shape, 1);
  x.requiresGrad = true;
  const y = fn(x);
  return gradientRule(y, "x", random([...y.shape], 2), [x]);
}

function norm(x: Tensor): Tensor {
  return batchNorm(x, undefined, undefined, undefined, undefined, { training: true });
}

function update(make: (parameters: Tensor[]) => Optimizer): Prepared {
  const p = random([PARAMETERS], 1);
  p.grad = random([PARAMETERS], 2);
  const optimizer = make([p]);
  return {
    run: () => (optimizer.step(), p.compute()),
    dispose() {
      optimizer.dispose();
      p.dispose();
    },
  };
}

/** A gradient that is slightly too long each time. */
function clipped(): Prepared {
  const p = random([1], 1);
  p.grad = random([PARAMETERS], 2);
  let most = 1;
  return { run: () => clipGradNorm([p], (most *= 0.999)), dispose: () => p.dispose() };
}

function averaged(): Prepared {
  const [x, y] = [random([PARAMETERS], 1), random([PARAMETERS], 2)];
  return { run: () => (lerp(y, x, 1e-3), y.compute()), dispose: () => [x, y].forEach((t) => t.dispose()) };
}

const pool = (x: Tensor): Tensor => maxPool2d(x, 3, { stride: 2, padding: 1 });
const stage = STAGE.join("x");
const stem = STEM.join("x");
const floats = sizeOf(STAGE);
const pooled = sizeOf(STEM) / 4;

/** Name, bytes, and a function that prepares it. */
const rows: [string, number, () => Prepared][] = [
  // batch norm reads x once for the moments and once to scale it; its gradient dy and x likewise
  [`batchNorm-${stage}`, 3 * 4 * floats, () => one(STAGE, norm)],
  [`batchNormBackward-${stage}`, 5 * 4 * floats, () => backward(STAGE, norm)],
  // in training, pooling records the position of each window's maximum in a byte
  [`maxPool2d-3x3-s2-${stem}`, 4 * sizeOf(STEM) + 4 * pooled, () => one(STEM, pool)],
  [`maxPool2dTraining-3x3-s2-${stem}`, 4 * sizeOf(STEM) + 5 * pooled, () => recorded(STEM, pool)],
  [`maxPool2dBackward-3x3-s2-${stem}`, 4 * sizeOf(STEM) + 5 * pooled, () => backward(STEM, pool)],
  [`relu-${stage}`, 2 * 4 * floats, () => one(STAGE, relu)],
  [`reluBackward-${stage}`, 3 * 4 * floats, () => backward(STAGE, relu)],
  [`add-${stage}`, 3 * 4 * floats, () => two(STAGE, add)],
  [`sgd-${PARAMETERS}`, 5 * 4 * PARAMETERS, () => update((p) => new SGD(p, { lr: 1e-6, momentum: 0.9 }))],
  [`adam-${PARAMETERS}`, 7 * 4 * PARAMETERS, () => update((p) => new Adam(p, { lr: 1e-6 }))],
  [
    `rmsprop-${PARAMETERS}`,
    7 * 4 * PARAMETERS,
    () => update((p) => new RMSprop(p, { lr: 1e-6, momentum: 0.9 })),
  ],
  // LARS reads p and its gradient once more for their lengths; LAMB the gradient for its own, then all but it for p
  [
    `lars-${PARAMETERS}`,
    7 * 4 * PARAMETERS,
    () => update((p) => new LARS(p, { lr: 1e-6, momentum: 0.9, weightDecay: 1e-4 })),
  ],
  [`lamb-${PARAMETERS}`, 11 * 4 * PARAMETERS, () => update((p) => new LAMB(p, { lr: 1e-6 }))],
  [`clipGradNorm-${PARAMETERS}`, 3 * 4 * PARAMETERS, clipped],
  [`lerp-${PARAMETERS}`, 3 * 4 * PARAMETERS, averaged],
];

function one(shape: number[], fn: (x: Tensor) => Tensor): Prepared {
  const x = random(shape, 1);
  return forward(() => fn(x), [x]);
}

function two(shape: number[], fn: (a: Tensor, b: Tensor) => Tensor): Prepared {
  const a = random(shape, 1);
  const b = random(shape, 2);
  return forward(() => fn(a, b), [a, b]);
}

export const memoryCases: Case[] = rows.map(([name, bytes, prepare]) => ({
  suite: "memory",
  name,
  workload: { kind: "own" },
  bytes,
  prepare,
}));
