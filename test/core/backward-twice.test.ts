// Two backward passes through one graph: the second is told another gradient, and must not see what the first one left.

import { beforeAll, describe, expect, test } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import {
  add,
  avgPool2d,
  batchNorm,
  conv2d,
  crossEntropy,
  dropout,
  flatten,
  focalLoss,
  init,
  linear,
  maxPool2d,
  memoryStats,
  mul,
  relu,
  sigmoid,
  silu,
  sum,
  tensor,
  tidy,
  type Tensor,
} from "../../src/index.js";
import { opCases } from "../cases/index.js";
import { draw } from "../helpers/random.js";
import { drawCase } from "../helpers/run-case.js";
import { sizeOf } from "../reference/values.js";

beforeAll(() => void init({ threads: 1 }));

const numbers = new Map<string, Float32Array>();

/** Numbers that the name and the shape stand for. */
function drawn(name: string, shape: readonly number[]): Float32Array {
  const key = `${name} ${shape.join()}`;
  let found = numbers.get(key);
  if (!found) numbers.set(key, (found = Float32Array.from(draw("normal", name, sizeOf(shape)))));
  return found;
}

interface Graph {
  y: Tensor;
  leaves: Record<string, Tensor>;
}

/** The gradients of one backward pass, which are taken away from the leaves. */
function pass({ y, leaves }: Graph, dy: string, retainGraph: boolean): Record<string, Float32Array> {
  y.backward(tensor(drawn(dy, y.shape), y.shape), { retainGraph });
  return Object.fromEntries(
    Object.entries(leaves).map(([name, t]) => {
      const gradient = t.grad!.data() as Float32Array;
      t.grad!.dispose();
      t.grad = undefined;
      return [name, gradient];
    }),
  );
}

/** Compares passes through one graph with passes through graphs of their own, and what they leave in memory. */
function checkPasses(make: () => Graph): void {
  const fresh = (dy: string) => tidy(() => ({ gradients: pass(make(), dy, false) })).gradients;
  const want = [fresh("D1"), fresh("D2"), fresh("D1")];
  const before = memoryStats();
  tidy(() => {
    const graph = make();
    const got = ["D1", "D2"].map((dy) => pass(graph, dy, true));
    const { bytesInUse, blocks } = memoryStats();
    got.push(tidy(() => ({ gradients: pass(graph, "D1", true) })).gradients);
    expect(memoryStats()).toMatchObject({ bytesInUse, blocks });
    got.forEach((gradients, i) => {
      expect(Object.keys(gradients)).toEqual(Object.keys(want[i]!));
      for (const [name, g] of Object.entries(gradients)) {
        const same = Buffer.from(g.buffer).equals(Buffer.from(want[i]![name]!.buffer));
        expect(same, `pass ${i}: the bits of the gradient of ${name}`).toBe(true);
      }
    });
    pass(graph, "D2", false);
  });
  expect(memoryStats()).toMatchObject({ bytesInUse: before.bytesInUse, blocks: before.blocks });
}

describe.each(opCases.filter(({ op }) => registeredOps().get(op)!.differentiable.length > 0))(
  "a second backward through $op has the gradients of a first one:",
  (suite) => {
    const { apply, differentiable } = registeredOps().get(suite.op)!;
    test.each(suite.cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
      const { inputs, state } = drawCase(suite, c);
      checkPasses(() => {
        const tensors = Object.entries(inputs).map(
          ([name, { data, shape }]) =>
            [name, tensor(data, shape, { requiresGrad: differentiable.includes(name) }) as Tensor] as const,
        );
        const states = Object.entries(state).map(([name, s]) => [name, tensor(s.data, s.shape)] as const);
        const leaves = Object.fromEntries(tensors);
        const y = apply(leaves, { ...c.attrs, ...Object.fromEntries(states) });
        return { y, leaves: Object.fromEntries(tensors.filter(([, t]) => t.requiresGrad)) };
      });
    });
  },
);

const IMAGES = [2, 6, 6, 8] as const;

/** Leaves by name, made when first asked for: weights of 8 → 8 channels, or whatever shape is given. */
function graph(build: (leaf: (name: string, shape?: readonly number[]) => Tensor) => Tensor): () => Graph {
  return () => {
    const leaves: Record<string, Tensor> = {};
    const leaf = (name: string, shape: readonly number[] = [8]): Tensor =>
      (leaves[name] ??= tensor(drawn(name, shape), shape, { requiresGrad: true }));
    return { y: build(leaf), leaves };
  };
}

const norm = (x: Tensor, weight: Tensor, bias: Tensor, training = true): Tensor =>
  batchNorm(
    x,
    tensor(drawn("mean", [8])),
    tensor(drawn("variance", [8]).map((v) => v * v + 0.5)),
    weight,
    bias,
    { training },
  );

type Leaf = (name: string, shape?: readonly number[]) => Tensor;

const conv = (leaf: Leaf, x: Tensor, name = "k"): Tensor =>
  conv2d(x, leaf(name, [3, 3, 8, 8]), undefined, { padding: 1 });

const chains: Record<string, (leaf: Leaf) => Tensor> = {
  "the rows of a batch norm": (leaf) =>
    batchNorm(leaf("x", [16, 4]), undefined, undefined, leaf("w", [4]), leaf("b", [4]), { training: true }),
  "batch norm, ReLU": (leaf) => relu(norm(leaf("x", IMAGES), leaf("w"), leaf("b"))),
  "batch norm in evaluation, ReLU": (leaf) => relu(norm(leaf("x", IMAGES), leaf("w"), leaf("b"), false)),
  "convolution, batch norm, ReLU": (leaf) => relu(norm(conv(leaf, leaf("x", IMAGES)), leaf("w"), leaf("b"))),
  "convolution, batch norm in evaluation, ReLU": (leaf) =>
    relu(norm(conv(leaf, leaf("x", IMAGES)), leaf("w"), leaf("b"), false)),
  "batch norm, sum, ReLU": (leaf) =>
    relu(add(norm(leaf("x", IMAGES), leaf("w"), leaf("b")), leaf("residual", IMAGES))),
  "two batch norms, sum, ReLU": (leaf) => {
    const x = leaf("x", IMAGES);
    return relu(add(norm(x, leaf("w"), leaf("b")), norm(conv(leaf, x), leaf("w2"), leaf("b2"))));
  },
  "a residual block": (leaf) => {
    const x = leaf("x", IMAGES);
    const inner = relu(norm(conv(leaf, x), leaf("w"), leaf("b")));
    return relu(add(norm(conv(leaf, inner, "k2"), leaf("w2"), leaf("b2")), x));
  },
  "batch norm whose ReLU is read twice": (leaf) => {
    const y = relu(norm(leaf("x", IMAGES), leaf("w"), leaf("b")));
    return mul(conv(leaf, y), conv(leaf, y, "k2"));
  },
  "batch norm without a gradient for its weights": (leaf) =>
    relu(norm(leaf("x", IMAGES), tensor(drawn("w", [8])), tensor(drawn("b", [8])))),
  "a tensor used twice in one op": (leaf) => mul(leaf("x", IMAGES), leaf("x", IMAGES)),
  "a weight used in two layers": (leaf) => relu(conv(leaf, relu(conv(leaf, leaf("x", IMAGES))))),
  "pooling, dropout": (leaf) => avgPool2d(dropout(maxPool2d(leaf("x", IMAGES), 2), 0.4, 7), 3),
  "activations that keep their output or their input": (leaf) => silu(sigmoid(leaf("x", IMAGES))),
  "a classifier with cross-entropy": (leaf) => {
    const logits = linear(flatten(relu(leaf("x", [3, 2, 2, 8]))), leaf("w", [5, 32]), leaf("b", [5]));
    return crossEntropy(logits, tensor(Int32Array.of(1, 4, 0)), { reduction: "none" });
  },
  "a classifier with a focal loss": (leaf) =>
    focalLoss(linear(leaf("x", [3, 8]), leaf("w", [5, 8])), tensor(Int32Array.of(1, 4, 0)), {
      reduction: "none",
    }),
};

describe("a second backward through a chain has the gradients of a first one:", () => {
  test.each(Object.entries(chains))("%s", (_, build) => checkPasses(graph(build)));
});

test("two losses over one batch norm have the gradients that they have alone", () => {
  const build = (leaf: Leaf): Tensor[] => {
    const y = norm(conv(leaf, leaf("x", IMAGES)), leaf("w"), leaf("b"));
    return [sum(mul(y, tensor(drawn("c1", IMAGES), IMAGES))), sum(relu(y))];
  };
  const alone = [0, 1].map(
    (i) => tidy(() => ({ g: pass(graph((leaf) => build(leaf)[i]!)(), "D", false) })).g,
  );
  tidy(() => {
    let losses: Tensor[] = [];
    const { leaves } = graph((leaf) => (losses = build(leaf))[0]!)();
    const got = losses.map((y, i) => pass({ y, leaves }, "D", i === 0));
    got.forEach((gradients, i) => {
      for (const name of Object.keys(leaves)) {
        gradients[name]!.forEach((g, j) => expect(g).toBeCloseTo(alone[i]![name]![j]!, 4));
      }
    });
  });
});
