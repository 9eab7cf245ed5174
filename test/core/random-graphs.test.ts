// Random graphs of operations that wait for each other: the same bits whether or not somebody looks at what lies
// between, and the same values and gradients as where each has a pass of its own.

import { expect, it } from "vitest";
import {
  abs,
  add,
  affine,
  batchNorm,
  hardsigmoid,
  hardswish,
  maximum,
  memoryStats,
  mul,
  noGrad,
  relu,
  relu6,
  reshape,
  silu,
  sub,
  sum,
  tanh,
  tensor,
  tidy,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { draw, randomOf } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

const GRAPHS = 60;
const OPS = 14;
const SHAPES = [
  [3, 5, 4, 7],
  [2, 13],
  [17, 1],
  [5, 3, 16],
];

const drawn = (name: string, shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(draw("normal", name, sizeOf(shape))), shape);

type Look = (t: Tensor, chance: number) => void;

/**
 * The gradients of a random graph's leaves, and all its values. look sees each value as it is made; through: what each
 * normalisation and each activation goes through.
 */
function run(seed: string, look: Look, through = (t: Tensor): Tensor => t): Float32Array[] {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const shape = pick(SHAPES);
  const channels = shape.at(-1)!;
  const leaves: Tensor[] = [];
  const leaf = (of: readonly number[]): Tensor => {
    const t = drawn(`${seed} ${leaves.length}`, of);
    t.requiresGrad = true;
    leaves.push(t);
    return t;
  };
  const norm = (x: Tensor): Tensor => {
    const training = random() < 0.8;
    const [weight, bias] = [leaf([channels]), random() < 0.5 ? leaf([channels]) : undefined];
    const kept = !training || random() < 0.5;
    const [mean, variance] = [
      drawn(`${seed} mean`, [channels]),
      tensor(new Float32Array(channels).fill(1.5)),
    ];
    return through(
      batchNorm(x, kept ? mean : undefined, kept ? variance : undefined, weight, bias, { training }),
    );
  };
  const acts = [relu, relu6, silu, hardswish, hardsigmoid].map((f) => (x: Tensor) => through(f(x)));
  const nodes = [leaf(shape), leaf(shape)];
  const steps: ((x: Tensor) => Tensor)[] = [
    norm,
    (x) => pick(acts)(norm(x)),
    (x) => pick(acts)(add(norm(x), pick(nodes))),
    (x) => pick(acts)(add(pick(nodes), norm(x))),
    // no gradient but the normalisation's: it takes the activation's over
    (x) => pick(acts)(add(norm(x), pick(nodes).detach())),
    (x) => pick(acts)(add(norm(x), norm(pick(nodes)))),
    (x) => reshape(pick(acts)(reshape(norm(x), [-1])), shape),
    (x) => pick(acts)(x),
    (x) => pick([add, sub, mul, maximum])(x, pick(nodes)),
    (x) => pick([tanh, abs])(x),
    (x) => affine(x, pick([-1, 0.5, -0]), pick([0, 1])),
    (x) => add(x.detach(), x),
    (x) =>
      mul(
        x,
        noGrad(() => pick(acts)(norm(x))),
      ),
  ];
  const values = tidy(() => {
    for (let i = 0; i < OPS; i++) {
      const x = random() < 0.6 ? nodes.at(-1)! : pick(nodes);
      const y = pick(steps)(x);
      look(y, random());
      nodes.push(y);
    }
    const loss = add(sum(mul(nodes.at(-1)!, drawn(`${seed} dy`, shape))), sum(pick(nodes)));
    loss.backward(undefined, { retainGraph: true });
    look(pick(nodes), random());
    loss.backward();
    return [loss, ...nodes].map((t) => t.data() as Float32Array);
  });
  const all = [...values, ...leaves.map((t) => (t.grad?.data() ?? new Float32Array()) as Float32Array)];
  for (const t of leaves) t.dispose();
  return all.map((array) => array.map((v) => v + 0)); // 0 is as good as −0
}

forOwnBinary((binary) => {
  it.each(Array.from({ length: GRAPHS }, (_, i) => i))("graph %i", (i) => {
    const seed = `graph ${i}`;
    init({ binary, threads: 1 });
    const want = tidy(() => run(seed, () => undefined));
    const looks: Look[] = [(t) => void t.data(), (t, chance) => void (chance < 0.3 && t.data())];
    for (const look of looks) expect(tidy(() => run(seed, look))).toEqual(want);
    // A step of its own in between, so that nothing is taken over.
    const apart = tidy(() => run(seed, () => undefined, (t) => affine(t, 1))); // prettier-ignore
    apart.forEach((values, j) => allclose(`value ${j}`, values, want[j]!, 1e-5));
    expect(memoryStats().bytesInUse).toBe(0);
  });
});
