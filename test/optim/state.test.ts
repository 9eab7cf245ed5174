// stateDict() and loadStateDict(): steps after loading have the bits of steps without.

import { beforeAll, describe, expect, it } from "vitest";
import {
  Adagrad,
  Adam,
  AdamW,
  DataError,
  LAMB,
  LARS,
  memoryStats,
  RMSprop,
  RMSpropTF,
  SGD,
  tensor,
  tidy,
  type Optimizer,
  type OptimizerState,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { draw } from "../helpers/random.js";

beforeAll(() => void init());

type Make = (parameters: Tensor[]) => Optimizer;

const makers: Record<string, Make> = {
  SGD: (p) => new SGD(p, { lr: 0.1 }),
  "SGD with momentum": (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5, weightDecay: 0.1 }),
  "Nesterov's SGD": (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
  Adam: (p) => new Adam(p, { lr: 0.1 }),
  AdamW: (p) => new AdamW(p, { lr: 0.1, weightDecay: 0.1 }),
  RMSprop: (p) => new RMSprop(p, { lr: 0.1, momentum: 0.9, centered: true }),
  RMSpropTF: (p) => new RMSpropTF(p, { lr: 0.1, momentum: 0.9 }),
  Adagrad: (p) => new Adagrad(p, { lr: 0.1, lrDecay: 0.2 }),
  LARS: (p) => new LARS(p, { momentum: 0.9, weightDecay: 0.1 }),
  LAMB: (p) => new LAMB(p, { lr: 0.1 }),
};

const SHAPES = [[3, 2], [5], [2, 2]];

const values = (name: string, n: number): Float32Array => Float32Array.from(draw("normal", name, n));

function parameters(): Tensor[] {
  return SHAPES.map((shape, i) =>
    tensor(
      values(
        `p${i}`,
        shape.reduce((a, b) => a * b),
      ),
      shape,
    ),
  );
}

/** Steps first ≤ step < last. The last parameter has no gradient before step 3: it starts later than the rest. */
function train(ps: readonly Tensor[], optimizer: Optimizer, first: number, last: number): void {
  for (let step = first; step < last; step++) {
    ps.forEach((p, i) => {
      p.grad?.dispose();
      const late = i === ps.length - 1 && step < 3;
      p.grad = late ? undefined : tensor(values(`g${i} ${step}`, p.size), p.shape);
    });
    optimizer.step();
  }
}

describe.each(Object.entries(makers))("%s", (_, make) => {
  it.each([0, 2, 4])("goes on with the same bits after %i steps, through JSON", (steps) => {
    tidy(() => {
      const [whole, parts] = [parameters(), parameters()];
      const uninterrupted = make(whole);
      train(whole, uninterrupted, 0, 8);
      const before = make(parts);
      train(parts, before, 0, steps);
      const state = before.stateDict();
      const saved = {
        ...state,
        numbers: JSON.parse(JSON.stringify(state.numbers)) as Record<string, number>,
      };
      const weights = parts.map((p) => p.data());
      train(parts, before, steps, steps + 2); // the state is a copy: what is done now does not matter
      for (const after of [before, make(parts)]) {
        parts.forEach((p, i) => p.copyFrom(weights[i]!));
        after.loadStateDict(saved);
        expect(after.steps).toBe(steps);
        train(parts, after, steps, 8);
        parts.forEach((p, i) => sameBits(`parameter ${i}`, p.data() as Float32Array, whole[i]!.data() as Float32Array)); // prettier-ignore
        expect(after.stateDict()).toEqual(uninterrupted.stateDict());
        after.dispose();
      }
      uninterrupted.dispose();
    });
  });
});

describe("a state that does not fit", () => {
  const f32 = (shape: number[]) =>
    ({ dtype: "F32", shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }) as const;
  const sgd = (): Optimizer => makers["SGD with momentum"]!(parameters());
  const adam = (): Optimizer => makers.Adam!(parameters());

  it.each<[() => Optimizer, Partial<OptimizerState>, string]>([
    [
      sgd,
      { tensors: new Map([["0.momentum", f32([6])]]) },
      "SGD: the saved state does not fit: 0.momentum is F32 [6], expected F32 [3,2]",
    ],
    [
      sgd,
      { tensors: new Map([["3.momentum", f32([6])]]) },
      "SGD: the saved state does not fit: unexpected 3.momentum",
    ],
    [
      sgd,
      { tensors: new Map([["01.momentum", f32([5])]]) },
      "SGD: the saved state does not fit: unexpected 01.momentum",
    ],
    [
      sgd,
      { tensors: new Map([["1.m", f32([5])]]), numbers: { "1.power1": 1 } },
      "SGD: the saved state does not fit: missing 1.momentum; unexpected 1.m, 1.power1",
    ],
    [sgd, { steps: 2 }, "SGD: the saved state does not fit: missing 0.momentum"],
    [sgd, { steps: -1 }, "SGD: the saved state does not fit: steps is -1, expected an integer ≥ 0"],
    [
      () => new SGD(parameters()),
      { steps: 1, tensors: new Map([["1.momentum", f32([5])]]) },
      "SGD: the saved state does not fit: unexpected 1.momentum",
    ],
    [
      adam,
      { tensors: new Map([["1.m", f32([5])]]), numbers: { "1.power1": NaN } },
      "Adam: the saved state does not fit: missing 1.v, 1.power2; 1.power1 is NaN, expected a number",
    ],
  ])("is refused (%#)", (make, state, message) => {
    tidy(() => {
      const optimizer = make();
      const full = { steps: 0, numbers: {}, tensors: new Map(), ...state };
      expect(() => optimizer.loadStateDict(full)).toThrow(new DataError(message));
    });
  });

  it("leaves the optimizer as it was, and no memory behind", () => {
    tidy(() => {
      const ps = parameters();
      const optimizer = makers.Adam!(ps);
      train(ps, optimizer, 0, 4);
      const before = optimizer.stateDict();
      const { bytesInUse } = memoryStats();
      const tensors = new Map([...before.tensors, ["1.m", f32([4])] as const]);
      expect(() => optimizer.loadStateDict({ ...before, steps: 9, tensors })).toThrow(DataError);
      expect(optimizer.stateDict()).toEqual(before);
      optimizer.loadStateDict(before);
      expect(memoryStats().bytesInUse).toBe(bytesInUse);
      optimizer.dispose();
    });
  });
});
