// What an optimizer cannot train is refused before anything has changed.

import { afterEach, beforeAll, expect, it } from "vitest";
import {
  Adam,
  clipGradNorm,
  constant,
  cosine,
  createModel,
  DataError,
  DataLoader,
  fit,
  freeze,
  init,
  LAMB,
  LARS,
  Linear,
  memoryStats,
  Module,
  ones,
  parameterGroups,
  plateau,
  Sequential,
  SGD,
  ShapeError,
  summary,
  tensor,
  tidy,
  unfreeze,
  WasmError,
  type Tensor,
} from "../../src/index.js";
import { quadrants } from "../helpers/quadrants.js";

beforeAll(() => void init({ threads: 1 }));
afterEach(() => expect(memoryStats().blocks).toBe(0));

const leaf = (): Tensor => tensor([1, 2, 3], undefined, { requiresGrad: true });
const any = (value: unknown): never => value as never;

it("refuses a parameter that is listed twice, is not a leaf, or holds integers", () =>
  tidy(() => {
    const p = leaf();
    expect(() => new SGD([p, p])).toThrow(
      new DataError("SGD: a parameter is listed twice; expected each once, in one group"),
    );
    expect(() => new Adam([{ parameters: [p] }, { parameters: [leaf(), p] }])).toThrow(
      "Adam: a parameter is listed",
    );
    expect(() => new SGD([p, p.relu()])).toThrow(
      new ShapeError("SGD: parameter 1 [3] is an operation's result; expected a tensor that it starts from"),
    );
    expect(() => new LARS([tensor([1], [1], { dtype: "i32" }) as never])).toThrow(
      new ShapeError("LARS: parameter 0 [1] has the wrong dtype; got i32; expected f32"),
    );
  }));

it.each([SGD, Adam, LARS, LAMB])("%o changes nothing where a step cannot be made", (Kind) =>
  tidy(() => {
    const [p, q] = [leaf(), leaf()];
    const optimizer = new Kind([p, q], { lr: 0.1 });
    const wrong: [() => void, Error | string][] = [
      [
        () => (q.grad = ones([4])),
        new ShapeError(`${Kind.name}: parameter 1 [3]: its gradient does not fit; got f32 [4]`),
      ],
      [
        () => (q.grad = any([1, 2, 3])),
        new DataError(`${Kind.name}: the gradient of parameter 1 must be a tensor; got an array`),
      ],
      [() => (optimizer.lr = NaN), new DataError(`${Kind.name}: lr must be in [0, Infinity); got NaN`)],
      [
        () => (optimizer.lr = any("0.1")),
        new DataError(`${Kind.name}: lr must be in [0, Infinity); got a string`),
      ],
      [() => q.grad!.dispose(), new WasmError("tensor [3]: used after it was disposed of")],
      [() => q.dispose(), new WasmError(`${Kind.name}: parameter 1 [3]: used after it was disposed of`)],
    ];
    for (const [spoil, error] of wrong) {
      [p.grad, q.grad, optimizer.lr] = [ones([3]), ones([3]), 0.1];
      spoil();
      expect(() => optimizer.step()).toThrow(error);
      expect([...p.data()]).toEqual([1, 2, 3]);
      expect(optimizer.steps).toBe(0);
    }
  }),
);

it("what has no gradient is left alone until it has one, such as what is frozen", () =>
  tidy(() => {
    const [p, frozen] = [leaf(), leaf()];
    frozen.requiresGrad = false;
    const optimizer = new SGD([p, frozen], { lr: 1, momentum: 0.9 });
    p.grad = ones([3]);
    optimizer.step();
    expect([p, frozen].map((t) => [...t.data()])).toEqual([
      [0, 1, 2],
      [1, 2, 3],
    ]);
    frozen.requiresGrad = true;
    frozen.grad = ones([3]);
    optimizer.step();
    expect([...frozen.data()]).toEqual([0, 1, 2]);
    optimizer.dispose();
  }));

it("schedules refuse an invalid step", () => {
  for (const schedule of [constant({ lr: 1 }), cosine({ lr: 1, totalSteps: 5 }), plateau({ lr: 1 })]) {
    for (const step of [-1, NaN, "3", undefined])
      expect(() => schedule(any(step))).toThrow(/step must be in \[0, Infinity\)/);
    expect(() => schedule(1, any(0.5))).toThrow(/evalLosses must be an array of losses; got 0.5/);
  }
});

it("a layer that stands in two places is trained once, as in PyTorch, and is named twice in files", () => {
  class Twins extends Module {
    readonly a = new Linear(2, 2);
    readonly b = this.a;
    readonly rest = new Sequential(this.a, new Linear(2, 2));
    forward(x: Tensor): Tensor {
      return this.rest.forward(this.b.forward(this.a.forward(x)));
    }
  }
  const twins = tidy(() => new Twins());
  expect(twins.namedParameters().map(([name]) => name)).toEqual([
    "a.weight",
    "a.bias",
    "rest.1.weight",
    "rest.1.bias",
  ]);
  expect([...twins.modules()].length).toBe(4);
  expect([...twins.stateDict().keys()]).toEqual(
    ["a", "b", "rest.0", "rest.1"].flatMap((at) => [`${at}.weight`, `${at}.bias`]),
  );
  const again = { removeDuplicate: false };
  expect(twins.namedParameters(again).map(([name]) => name)).toEqual([...twins.stateDict().keys()]);
  expect(freeze(twins, "b")).toBe(2);
  expect(unfreeze(twins, "rest.0")).toBe(2);
  expect(twins.a.weight.requiresGrad).toBe(true);
  const rows = tidy(() => summary(twins, [1, 2]));
  expect(rows.layers.map(({ name, macs }) => [name, macs])).toEqual([
    ...[1, 2, 3].map(() => ["a", 4]),
    ["rest.1", 4],
  ]);
  const [deep, head] = parameterGroups(twins, { decayAll: true, layerDecay: 0.5 });
  expect(deep).toEqual({ lrScale: 0.5, parameters: [twins.a.weight, twins.a.bias] });
  expect(head!.lrScale).toBe(1);
  const before = twins.a.weight.data();
  tidy(() =>
    twins
      .forward(ones([1, 2]))
      .sum()
      .backward(),
  );
  const length = clipGradNorm(twins.parameters(), Infinity);
  expect(length).toBeGreaterThan(0);
  const gradient = twins.a.weight.grad!.data();
  new SGD(twins.parameters(), { lr: 0.5 }).step();
  twins.a.weight.data().forEach((w, i) => expect(w).toBeCloseTo(before[i]! - 0.5 * gradient[i]!, 6));
  twins.dispose();
});

it("fit refuses an optimizer that has none of the model's parameters", async () => {
  const [model, other] = [createModel("lenet5", { numClasses: 4 }), createModel("lenet5", { numClasses: 4 })];
  const loader = new DataLoader(quadrants(4, 1), { batchSize: 2 });
  await expect(fit(model, loader, { optimizer: new SGD(other.parameters()), epochs: 1 })).rejects.toThrow(
    new DataError("fit: the optimizer has none of the model's parameters; expected model.parameters()"),
  );
  for (const m of [model, other]) m.dispose();
});
