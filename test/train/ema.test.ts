import { beforeAll, describe, expect, it } from "vitest";
import {
  BatchNorm2d,
  Conv2d,
  DataError,
  manualSeed,
  memoryStats,
  ModelEma,
  noGrad,
  Sequential,
  tensor,
  tidy,
  type Module,
  type ModelEmaState,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { sameBits } from "../helpers/allclose.js";
import { draw } from "../helpers/random.js";

beforeAll(() => void init());

/** Wide enough that the convolution keeps its weights packed. */
function network(): Module {
  manualSeed(3);
  return new Sequential(new Conv2d(16, 32, 3, { padding: 1 }), new BatchNorm2d(32)).eval();
}

/** Changes every parameter. */
function move(model: Module, seed: number): void {
  for (const [name, p] of model.namedParameters()) p.copyFrom(draw("normal", `${name} ${seed}`, p.size));
}

const x = Float32Array.from(draw("normal", "x", 2 * 8 * 8 * 16));
const output = (model: Module): Float32Array =>
  noGrad(() => tidy(() => model.forward(tensor(x, [2, 8, 8, 16])).data() as Float32Array));

describe("ModelEma", () => {
  it("swap() exchanges weights and averages, and what is computed with them", () => {
    const [model, other] = [network(), network()];
    const ema = new ModelEma(model, { decay: 0.5 });
    const start = output(model);
    move(model, 1);
    const moved = output(model);
    ema.swap();
    expect(ema.swapped).toBe(true);
    sameBits("the averages are the first weights", output(model), start);
    ema.swap();
    sameBits("the weights are back", output(model), moved);
    ema.update();
    ema.swap();
    const [a, b] = [model, other].map((m) => m.parameters()[0]!.data());
    const weight = draw("normal", "0.weight 1", a!.length);
    weight.forEach((v, i) => expect(a![i]).toBeCloseTo((v + b![i]!) / 2, 5));
    ema.dispose();
    model.dispose();
    other.dispose();
  });

  it("goes on with the same bits from a saved state", () => {
    const model = network();
    const [whole, first] = [new ModelEma(model, { warmup: true }), new ModelEma(model, { warmup: true })];
    for (let i = 0; i < 3; i++) {
      move(model, i);
      whole.update();
      first.update();
    }
    const state = first.stateDict();
    first.update();
    const second = new ModelEma(model, { warmup: true });
    second.loadStateDict(state);
    for (let i = 3; i < 6; i++) {
      move(model, i);
      whole.update();
      second.update();
    }
    expect(second.stateDict()).toEqual(whole.stateDict());
    expect(second.updates).toBe(6);
    for (const ema of [whole, first, second]) ema.dispose();
    model.dispose();
  });

  it("frees its tensors, and keeps them through a tidy()", () => {
    const model = network();
    const before = memoryStats().bytesInUse;
    const ema = tidy(() => new ModelEma(model));
    ema.update();
    ema.dispose();
    expect(memoryStats().bytesInUse).toBe(before);
    model.dispose();
  });

  it.each<[(state: ModelEmaState) => ModelEmaState, string]>([
    [(s) => ({ ...s, updates: -1 }), "updates is -1, expected an integer ≥ 0"],
    [(s) => (s.tensors.delete("0.bias"), s), "missing 0.bias"],
    [(s) => (s.tensors.set("2.bias", s.tensors.get("0.bias")!), s), "unexpected 2.bias"],
    [
      (s) => (s.tensors.set("0.bias", s.tensors.get("0.weight")!), s),
      "0.bias is F32 [3,3,16,32], expected F32 [32]",
    ],
  ])("refuses a state that does not fit, and stays as it was (%#)", (change, message) => {
    const model = network();
    const ema = new ModelEma(model);
    const before = ema.stateDict();
    move(model, 1);
    const other = new ModelEma(model);
    expect(() => ema.loadStateDict(change(other.stateDict()))).toThrow(
      new DataError(`ModelEma: the saved state does not fit: ${message}`),
    );
    expect(ema.stateDict()).toEqual(before);
    for (const average of [ema, other]) average.dispose();
    model.dispose();
  });

  it("refuses to go on while swapped, and decays outside [0, 1)", () => {
    const model = network();
    const ema = new ModelEma(model);
    ema.swap();
    const message = (what: string): DataError =>
      new DataError(`ModelEma: ${what}() while the model holds the averages; swap() first`);
    expect(() => ema.update()).toThrow(message("update"));
    expect(() => ema.stateDict()).toThrow(message("stateDict"));
    expect(() => ema.loadStateDict({ updates: 0, tensors: new Map() })).toThrow(message("loadStateDict"));
    expect(() => new ModelEma(model, { decay: 1 })).toThrow(
      new DataError("ModelEma: decay must be in [0, 1); got 1"),
    );
    ema.dispose();
    model.dispose();
  });
});
