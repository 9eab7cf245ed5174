// Every optimizer against its definition in float64, and its bits at several numbers of threads.

import { afterAll, expect, it } from "vitest";
import { clipGradNorm, createOptimizer, tensor, tidy, type OptimizerOptions } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose, sameBits } from "../helpers/allclose.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";
import {
  adagrad,
  adam,
  lamb,
  lars,
  lion,
  nadam,
  radam,
  rmsprop,
  sgd,
  type Update,
} from "../reference/optim.js";

afterAll(() => void init());

const plain = { momentum: 0, dampening: 0, nesterov: false };
const moving = { momentum: 0.9, dampening: 0.3, nesterov: false };
const nesterov = { momentum: 0.9, dampening: 0, nesterov: true };
const decayed = { lr: 0.05, weightDecay: 0.1 };
const still = { lr: 0.05, weightDecay: 0 };
const trust = { trustCoeff: 0.01, eps: 1e-8 };
const rms = { alpha: 0.9, eps: 1e-3 };
const betas = { betas: [0.8, 0.95], eps: 1e-6 } as const;

const cases: [name: string, options: OptimizerOptions, reference: (n: number) => Update][] = [
  ...[plain, moving, nesterov].flatMap((m): typeof cases => [
    ["sgd", { ...decayed, ...m }, (n) => sgd(n, { ...decayed, ...m })],
    ["lars", { ...decayed, ...m, ...trust }, (n) => lars(n, { ...decayed, ...m, ...trust })],
    ["lars", { ...still, ...m, ...trust }, (n) => lars(n, { ...still, ...m, ...trust })],
  ]),
  ...[0, 0.9].flatMap((momentum) =>
    [false, true].flatMap((centered): typeof cases => {
      const options = { ...decayed, ...rms, momentum, centered };
      return [
        ["rmsprop", options, (n) => rmsprop(n, { ...options, tf: false })],
        ["rmsproptf", options, (n) => rmsprop(n, { ...options, tf: true })],
      ];
    }),
  ),
  ...[
    { lrDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 },
    { lrDecay: 0.3, initialAccumulatorValue: 0.1, eps: 1e-3 },
  ].map((o): (typeof cases)[number] => [
    "adagrad",
    { ...decayed, ...o },
    (n) => adagrad(n, { ...decayed, ...o }),
  ]),
  ["adam", { ...decayed, ...betas }, (n) => adam(n, { ...decayed, ...betas, decoupled: false })],
  ["adamw", { ...decayed, ...betas }, (n) => adam(n, { ...decayed, ...betas, decoupled: true })],
  ...[{ momentumDecay: 0.004 }, { momentumDecay: 0.1, betas: [0, 0.9] as const }].map(
    (o): (typeof cases)[number] => [
      "nadam",
      { ...decayed, ...betas, ...o },
      (n) => nadam(n, { ...decayed, ...betas, ...o }),
    ],
  ),
  // β₂ 0.95: the first steps are not adapted
  ...[false, true].map((decoupledWeightDecay): (typeof cases)[number] => [
    "radam",
    { ...decayed, ...betas, decoupledWeightDecay },
    (n) => radam(n, { ...decayed, ...betas, decoupledWeightDecay }),
  ]),
  ["radam", { ...decayed, betas: [0.8, 0.7], eps: 1e-3 }, (n) => radam(n, { ...decayed, betas: [0.8, 0.7], eps: 1e-3, decoupledWeightDecay: false })], // prettier-ignore
  ["lion", { ...decayed, betas: betas.betas }, (n) => lion(n, { ...decayed, betas: betas.betas })],
  ["lamb", { ...decayed, ...betas }, (n) => lamb(n, { ...decayed, ...betas, maxGradNorm: 1 })],
  [
    "lamb",
    { ...decayed, ...betas, maxGradNorm: Infinity },
    (n) => lamb(n, { ...decayed, ...betas, maxGradNorm: Infinity }),
  ],
  ["lamb", { ...still, ...betas, maxGradNorm: 2 }, (n) => lamb(n, { ...still, ...betas, maxGradNorm: 2 })],
];

const STEPS = 5;
const values = (what: string, n: number): Float32Array => Float32Array.from(draw("normal", what, n));

/** Parameters after some steps. */
function run(name: string, options: OptimizerOptions, n: number): Float32Array {
  return tidy(() => {
    const p = tensor(values("p", n), [n]);
    const optimizer = createOptimizer(name, [p], options);
    for (let step = 0; step < STEPS; step++) {
      p.grad = tensor(values(`g${step}`, n), [n]);
      optimizer.step();
    }
    optimizer.dispose();
    return p.data() as Float32Array;
  });
}

forOwnBinary((binary) => {
  it.each(cases.map((row) => [row[0], JSON.stringify(row[1]), row] as const))(
    "%s %s is its definition",
    (_, __, [name, options, reference]) => {
      init({ binary, threads: 1 });
      for (const n of [0, 1, 3, 4, 5, 37, 4096, 4099]) {
        const want = [...values("p", n)];
        const update = reference(n);
        for (let step = 0; step < STEPS; step++) update(want, [...values(`g${step}`, n)]);
        allclose(`n ${n}`, run(name, options, n), want, 5e-6);
      }
    },
  );

  it("the bits are the same at 1, 2 and 4 threads", () => {
    const n = 150_001;
    const some = cases.filter(([, { momentum, centered }]) => momentum !== 0 && centered !== false);
    const all = (): Float32Array[] => [
      ...some.map(([name, options]) => run(name, options, n)),
      tidy(() => {
        const p = tensor(values("p", n), [n]);
        p.grad = tensor(values("g0", n), [n]);
        p.grad.view()[0] = clipGradNorm([p], 1);
        return p.grad.data() as Float32Array;
      }),
    ];
    init({ binary, threads: 1 });
    const want = all();
    for (const threads of [2, 4]) {
      init({ binary, threads });
      all().forEach((got, i) => sameBits(`case ${i}, ${threads} threads`, got, want[i]!));
    }
    expect(want.length).toBeGreaterThan(9);
  });
});
