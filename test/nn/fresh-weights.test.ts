// Fresh weights are drawn when somebody reads them. Nobody can tell: the numbers, and what the stream gives afterwards, are those
// of weights that are drawn at once.

import { beforeEach, describe, expect, it } from "vitest";
import {
  BatchNorm2d,
  Conv2d,
  createModel,
  Dropout,
  encodeSafetensors,
  init,
  leakReport,
  Linear,
  manualSeed,
  memoryStats,
  ModelEma,
  ones,
  Random,
  SGD,
  tensor,
  tidy,
  WasmError,
  zeros,
  type Tensor,
} from "../../src/index.js";
import { defaultRandom } from "../../src/core/random.js";
import * as fresh from "../../src/nn/init.js";

const SEED = 5;
const SIZES = [
  [4, 3],
  [2, 5],
  [7, 2],
] as const;

/** What each of three layers holds, and the stream's next number, if all is drawn at once in the order of the layers. */
function drawnAtOnce(): { weights: number[][]; biases: number[][]; next: number } {
  const random = new Random(SEED);
  const weights: number[][] = [];
  const biases: number[][] = [];
  for (const [inFeatures, outFeatures] of SIZES) {
    tidy(() => {
      const weight = fresh.kaimingNormal(zeros([outFeatures, inFeatures]), { random });
      weights.push([...weight.data()]);
      const bound = 1 / Math.sqrt(inFeatures);
      biases.push([...fresh.uniform(zeros([outFeatures]), -bound, bound, random).data()]);
    });
  }
  return { weights, biases, next: random.bits() };
}

const layers = (): Linear[] => SIZES.map(([a, b]) => new Linear(a, b, { weightInit: fresh.kaimingNormal }));
const waits = (x: Tensor): boolean => x.storage.deferred !== undefined;
const values = (x: Tensor): number[] => [...x.data()];

beforeEach(() => manualSeed(SEED));

describe("fresh weights", () => {
  it("wait to be read", () => {
    const made = layers();
    expect(made.every(({ weight, bias }) => waits(weight) && waits(bias!))).toBe(true);
    void made[1]!.weight.data();
    expect(made.map(({ weight, bias }) => [waits(weight), waits(bias!)])).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
    for (const layer of made) layer.dispose();
  });

  it("are the same in whatever order they are read", () => {
    const { weights, biases, next } = drawnAtOnce();
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      manualSeed(SEED);
      const made = layers();
      for (const i of order) {
        expect(values(made[i]!.bias!)).toEqual(biases[i]);
        expect(values(made[i]!.weight)).toEqual(weights[i]);
      }
      expect(defaultRandom().bits()).toBe(next);
      for (const layer of made) layer.dispose();
    }
  });

  it("come before what is drawn from the stream afterwards", () => {
    const { weights, next } = drawnAtOnce();
    const made = layers();
    expect(defaultRandom().bits()).toBe(next);
    expect(made.some(({ weight }) => waits(weight))).toBe(false);
    expect(made.map(({ weight }) => values(weight))).toEqual(weights);
    for (const layer of made) layer.dispose();
  });

  it("come before dropout's", () => {
    const mask = (first: () => void): number[] =>
      tidy(() => {
        manualSeed(SEED);
        const model = new Linear(30, 20);
        first();
        void (model.weight.data(), model.bias!.data());
        const y = values(new Dropout(0.5).forward(ones([100])));
        model.dispose();
        return y;
      });
    const early = mask(() => void defaultRandom());
    expect(mask(() => undefined)).toEqual(early);
    manualSeed(SEED);
    const unread = new Linear(30, 20);
    expect(tidy(() => values(new Dropout(0.5).forward(ones([100]))))).toEqual(early);
    unread.dispose();
  });

  it("are counted in the state that checkpoints keep", () => {
    const { next } = drawnAtOnce();
    const made = layers();
    const random = new Random(0);
    random.restore(defaultRandom().state);
    expect(random.bits()).toBe(next);
    for (const layer of made) layer.dispose();
  });

  it("come from the stream of their time, not from one that manualSeed() starts later", () => {
    const { weights } = drawnAtOnce();
    const made = layers();
    manualSeed(SEED + 1);
    const other = new Random(SEED + 1);
    expect(defaultRandom().bits()).toBe(other.bits());
    expect(values(made[2]!.weight)).toEqual(weights[2]);
    expect(defaultRandom().bits()).toBe(other.bits());
    for (const layer of made) layer.dispose();
  });

  it("take numbers of a stream of the caller's at once", () => {
    const random = new Random(1);
    const again = new Random(1);
    const layer = new Linear(3, 2, { weightInit: (w) => fresh.normal(w, 0, 1, random) });
    expect(waits(layer.weight)).toBe(false);
    expect(values(layer.weight)).toEqual(Array.from({ length: 6 }, () => Math.fround(again.normal())));
    expect(random.bits()).toBe(again.bits());
    layer.dispose();
  });

  it("are skipped where they have been overwritten or freed, and the stream goes past them", () => {
    const { weights, next } = drawnAtOnce();
    const made = layers();
    const given = [...Array(12).keys()];
    made[0]!.weight.copyFrom(given);
    made[1]!.dispose();
    expect(values(made[2]!.weight)).toEqual(weights[2]);
    expect(values(made[0]!.weight)).toEqual(given);
    expect(defaultRandom().bits()).toBe(next);
    made[0]!.dispose();
    made[2]!.dispose();
  });

  it("are not drawn for loadStateDict()", () => {
    const { weights, next } = drawnAtOnce();
    const source = layers()[0]!;
    const state = source.stateDict();
    source.dispose();
    manualSeed(SEED);
    const made = layers();
    made[0]!.loadStateDict(state);
    expect(made.map(({ weight }) => waits(weight))).toEqual([false, true, true]);
    expect(values(made[0]!.weight)).toEqual(weights[0]);
    expect(defaultRandom().bits()).toBe(next);
    for (const layer of made) layer.dispose();
  });

  it("are drawn where loadStateDict() leaves them, and after it refuses", () => {
    const { weights, biases } = drawnAtOnce();
    const made = layers();
    const bias = { dtype: "F32", shape: [3], data: Float32Array.of(1, 2, 3) } as const;
    expect(() => made[0]!.loadStateDict(new Map([["bias", bias]]))).toThrow("missing weight");
    made[0]!.loadStateDict(new Map([["bias", bias]]), { strict: false });
    expect(values(made[0]!.weight)).toEqual(weights[0]);
    expect(values(made[0]!.bias!)).toEqual([1, 2, 3]);
    expect(values(made[1]!.bias!)).toEqual(biases[1]);
    for (const layer of made) layer.dispose();
  });

  it("may be filled again before they are read: both draws count", () => {
    const random = new Random(SEED);
    for (let i = 0; i < 6; i++) random.normal();
    const expected = Array.from({ length: 6 }, () => Math.fround(random.uniform(2, 3)));
    const layer = new Linear(3, 2, { bias: false, weightInit: fresh.normal });
    fresh.uniform(layer.weight, 2, 3);
    expect(values(layer.weight)).toEqual(expected);
    expect(defaultRandom().bits()).toBe(random.bits());
    layer.dispose();
  });

  it("may be copied to one that waits itself, or to itself", () => {
    const { weights } = drawnAtOnce();
    const made = layers();
    const twin = new Linear(4, 3, { weightInit: fresh.kaimingNormal });
    twin.weight.copyFrom(made[0]!.weight);
    expect(values(twin.weight)).toEqual(weights[0]);
    const alias = made[2]!.weight.detach();
    made[2]!.weight.copyFrom(alias);
    expect(values(made[2]!.weight)).toEqual(weights[2]);
    for (const x of [alias, twin, ...made]) x.dispose();
  });

  it("count their writes as before: reading is none", () => {
    const layer = new Linear(3, 2);
    const { version } = layer.weight.storage;
    void layer.weight.data();
    expect(layer.weight.storage.version).toBe(version);
    layer.dispose();
  });

  it("are there for optimizers, averages and files", () => {
    const made = layers();
    const { weights } = drawnAtOnce();
    const ema = new ModelEma(made[0]!);
    expect(values([...made[0]!.parameters()][0]!)).toEqual(weights[0]);
    const optimizer = new SGD(made[1]!.parameters(), { lr: 0.1 });
    made[1]!.weight.grad = ones([5, 2]);
    optimizer.step();
    expect(values(made[1]!.weight)).toEqual(weights[1]!.map((w) => Math.fround(w - Math.fround(0.1))));
    const file = encodeSafetensors(made[2]!.stateDict());
    expect(new Float32Array(file.buffer.slice(-4 * 16)).subarray(0, 14)).toEqual(
      Float32Array.from(weights[2]!),
    );
    ema.dispose();
    optimizer.dispose();
    for (const layer of made) layer.dispose();
  });
});

describe("memory of fresh weights", () => {
  it("is theirs at once, so that reading them cannot run out of it", () => {
    init({ threads: 1, maxBytes: 2 ** 20 });
    try {
      expect(() => new Linear(1000, 1000)).toThrow(WasmError);
      expect(() => new Linear(1000, 1000)).toThrow(
        /Linear f32:\[1000,1000\]: out of memory; requested 4,000,000 bytes/,
      );
      const layer = new Linear(100, 100);
      const before = memoryStats();
      expect(before.bytesInUse).toBeGreaterThanOrEqual(layer.weight.bytes);
      void layer.weight.data();
      expect(memoryStats()).toEqual(before);
      layer.dispose();
      expect(memoryStats().blocks).toBe(before.blocks - 2);
    } finally {
      init();
    }
  });

  it("is freed if they are never read", () => {
    const before = memoryStats().bytesInUse;
    const model = createModel("resnet18");
    expect(memoryStats().bytesInUse).toBeGreaterThan(before + 44e6);
    expect(leakReport().owned.parameters).toMatchObject({ "Conv2d f32:[3,3,512,512]": 3 });
    model.dispose();
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("is lost with init(), and the stream goes past them", () => {
    const { next } = drawnAtOnce();
    const made = layers();
    init();
    expect(() => made[0]!.weight.data()).toThrow("made before init() replaced the kernels");
    expect(() => fresh.normal(made[0]!.weight)).toThrow("made before init() replaced the kernels");
    expect(defaultRandom().bits()).toBe(next);
    for (const layer of made) layer.dispose();
  });

  it("is bounded where a program makes layers for ever", () => {
    const first = new Conv2d(1, 1, 1, { bias: false });
    for (let i = 0; i < 10_000; i++) new Conv2d(1, 1, 1, { bias: false }).dispose();
    expect(waits(first.weight)).toBe(false);
    const random = new Random(SEED);
    for (let i = 0; i < 10_001; i++) random.bits();
    expect(defaultRandom().bits()).toBe(random.bits());
    first.dispose();
  });

  it("leaves constants and tensors that hold something as they were: filled at once", () => {
    const norm = new BatchNorm2d(3);
    expect(waits(norm.weight!)).toBe(false);
    const x = tensor([1, 2, 3]);
    fresh.normal(x);
    expect(waits(x)).toBe(false);
    expect(() => fresh.normal(zeros([2], "i32") as never, 0, NaN)).toThrow(
      "copyFrom: integers must be finite",
    );
    norm.dispose();
    x.dispose();
  });
});
