import { beforeEach, describe, expect, it } from "vitest";
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
  ShapeError,
  tensor,
  tidy,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";

beforeEach(() => void init());

const parameter = () => tensor([1, 2, 3], [3], { requiresGrad: true });

describe("optimizers", () => {
  it("leave parameters without a gradient unchanged", () => {
    const [a, b] = [parameter(), parameter()];
    const optimizer = new SGD([a, b], { lr: 1, momentum: 0.9 });
    a.sum().backward();
    optimizer.step();
    expect([...a.data()]).toEqual([0, 1, 2]);
    expect([...b.data()]).toEqual([1, 2, 3]);
  });

  it("forget gradients with zeroGrad and free their own tensors with dispose", () => {
    const a = parameter();
    const before = memoryStats().bytesInUse;
    const optimizer = new Adam([a]);
    tidy(() => a.sum().backward());
    optimizer.step();
    optimizer.zeroGrad();
    expect(a.grad).toBeUndefined();
    optimizer.dispose();
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("minimise a bowl", () => {
    for (const make of [
      (p: ReturnType<typeof parameter>) => new SGD([p], { lr: 0.1, momentum: 0.5 }),
      (p: ReturnType<typeof parameter>) => new AdamW([p], { lr: 0.1, weightDecay: 0 }),
    ]) {
      const p = parameter();
      const optimizer = make(p);
      for (let i = 0; i < 300; i++) {
        tidy(() => {
          optimizer.zeroGrad();
          p.mul(p).sum().backward();
          optimizer.step();
        });
      }
      for (const v of p.data()) expect(Math.abs(v)).toBeLessThan(1e-2);
    }
  });

  it("groups have their own rates, like separate optimizers", () => {
    for (const Type of [SGD, Adam, AdamW, RMSprop, RMSpropTF, Adagrad, LARS]) {
      const [a, b, c, d] = [parameter(), parameter(), parameter(), parameter()];
      const whole = new Type([a, { parameters: [b], lrScale: 0.1, weightDecay: 0 }], { lr: 0.2, weightDecay: 0.3 }); // prettier-ignore
      const parts = [
        new Type([c], { lr: 0.2, weightDecay: 0.3 }),
        new Type([d], { lr: 0.2 * 0.1, weightDecay: 0 }),
      ];
      for (let i = 0; i < 3; i++) {
        tidy(() => {
          for (const p of [a, b, c, d]) {
            p.grad = undefined;
            p.mul(p).sum().backward();
          }
          for (const optimizer of [whole, ...parts]) optimizer.step();
        });
      }
      expect([...a.data(), ...b.data()]).toEqual([...c.data(), ...d.data()]);
      expect([...a.data()]).not.toEqual([...b.data()]);
    }
  });

  it.each([
    [
      () => new SGD([{ parameters: [parameter()], lrScale: -1 }]),
      DataError,
      "SGD: lrScale must be in [0, Infinity); got -1",
    ],
    [() => new SGD([]), ShapeError, "SGD: got no parameters"],
    [() => new SGD([parameter()], { lr: -1 }), DataError, "SGD: lr must be in [0, Infinity); got -1"],
    [
      () => new SGD([parameter()], { momentum: NaN }),
      DataError,
      "SGD: momentum must be in [0, Infinity); got NaN",
    ],
    [
      () => new SGD([parameter()], { nesterov: true }),
      ShapeError,
      "SGD: nesterov needs momentum > 0 and dampening 0",
    ],
    [
      () => new Adam([parameter()], { betas: [0.9, 1] }),
      DataError,
      "Adam: betas[1] must be in [0, 1); got 1",
    ],
    [() => new AdamW([parameter()], { eps: -1 }), DataError, "AdamW: eps must be in [0, Infinity); got -1"],
    [() => new RMSprop([parameter()], { alpha: 1 }), DataError, "RMSprop: alpha must be in [0, 1); got 1"],
    [
      () => new RMSpropTF([parameter()], { momentum: -1 }),
      DataError,
      "RMSpropTF: momentum must be in [0, Infinity); got -1",
    ],
    [
      () => new Adagrad([parameter()], { lrDecay: -1 }),
      DataError,
      "Adagrad: lrDecay must be in [0, Infinity); got -1",
    ],
    [
      () => new LARS([parameter()], { trustCoeff: -1 }),
      DataError,
      "LARS: trustCoeff must be in [0, Infinity); got -1",
    ],
    [
      () => new LARS([parameter()], { nesterov: true }),
      ShapeError,
      "LARS: nesterov needs momentum > 0 and dampening 0",
    ],
    [
      () => new LAMB([parameter()], { maxGradNorm: 0 }),
      DataError,
      "LAMB: maxGradNorm must be positive; got 0",
    ],
  ])("refuse options outside their range (%#)", (run, type, message) => {
    expect(run).toThrow(new type(message));
  });
});
