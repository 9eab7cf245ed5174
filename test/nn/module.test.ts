import { beforeEach, describe, expect, it } from "vitest";
import {
  BatchNorm2d,
  Conv2d,
  DataError,
  Dropout,
  Flatten,
  Linear,
  manualSeed,
  memoryStats,
  Module,
  ReLU,
  Sequential,
  ShapeError,
  tensor,
  tidy,
  WasmError,
  zeros,
  type Tensor,
} from "../../src/index.js";
import { withoutInit } from "../../src/nn/init.js";
import { init } from "../../src/wasm/runtime.js";

beforeEach(() => {
  init();
  manualSeed(1);
});

class Net extends Module {
  readonly conv1 = new Conv2d(2, 3, 3, { bias: false });
  readonly bn1 = new BatchNorm2d(3);
  readonly blocks = [new Linear(3, 3), new Linear(3, 3)];
  readonly head = new Sequential(new Flatten(), new Linear(12, 4), new Dropout(0.5));
  readonly skip: Module | undefined = undefined;

  forward(x: Tensor): Tensor {
    return this.head.forward(this.bn1.forward(this.conv1.forward(x)).relu());
  }
}

const NAMES = [
  "conv1.weight",
  "bn1.weight",
  "bn1.bias",
  "bn1.running_mean",
  "bn1.running_var",
  "bn1.num_batches_tracked",
  "blocks.0.weight",
  "blocks.0.bias",
  "blocks.1.weight",
  "blocks.1.bias",
  "head.1.weight",
  "head.1.bias",
];

describe("Module", () => {
  it("finds parameters, buffers and children in its fields, under PyTorch's names", () => {
    const net = new Net();
    expect([...net.stateDict().keys()]).toEqual(NAMES);
    expect(net.namedParameters().map(([name]) => name)).toEqual(
      NAMES.filter((name) => !/running|num_/.test(name)),
    );
    expect(net.namedBuffers()).toHaveLength(3);
    expect([...net.modules()]).toHaveLength(9);
  });

  it("switches everything below it between training and evaluation", () => {
    const net = new Net();
    net.eval();
    expect([...net.modules()].map((m) => m.training)).toEqual(new Array(9).fill(false));
    net.train();
    expect([...net.modules()].every((m) => m.training)).toBe(true);
  });

  it("writes convolution weights as [out, in, kh, kw] and counters as int64", () => {
    const conv = new Conv2d(2, 3, [1, 2]);
    conv.weight.copyFrom(Float32Array.from({ length: 12 }, (_, i) => i));
    const { shape, data } = conv.stateDict().get("weight")!;
    expect(shape).toEqual([3, 2, 1, 2]);
    expect([...data]).toEqual([0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]);
    expect(new BatchNorm2d(1).stateDict().get("num_batches_tracked")).toEqual({
      dtype: "I64",
      shape: [],
      data: BigInt64Array.of(0n),
    });
  });

  it("takes a state dict back, without num_batches_tracked too", () => {
    const [a, b] = [new Net(), new Net()];
    const state = a.stateDict();
    state.delete("bn1.num_batches_tracked");
    b.loadStateDict(state);
    expect([...b.stateDict()]).toEqual([...a.stateDict()]);
  });

  it("loads all or nothing, and lists everything that is wrong", () => {
    const net = new Net();
    const before = [...net.stateDict()];
    const state = new Net().stateDict();
    state.delete("conv1.weight");
    state.set("extra", { dtype: "F32", shape: [1], data: new Float32Array(1) });
    state.set("head.1.bias", { dtype: "F32", shape: [5], data: new Float32Array(5) });
    state.set("bn1.weight", { dtype: "I64", shape: [3], data: new BigInt64Array(3) });
    expect(() => net.loadStateDict(state)).toThrow(
      new DataError(
        "loadStateDict: missing conv1.weight; unexpected extra; bn1.weight is I64 [3], expected F32 [3], " +
          "head.1.bias is [5], expected [4]",
      ),
    );
    expect([...net.stateDict()]).toEqual(before);
  });

  it("loads all or nothing when the heap runs out, too", () => {
    init({ maxBytes: 8 * 2 ** 20, threads: 1 });
    const make = (last: () => Conv2d): Sequential =>
      new Sequential(new Linear(100, 100), new Conv2d(4, 4, 3), last());
    const large = (): Conv2d => new Conv2d(128, 128, 3);
    const [net, without, other] = [make(large), make(() => withoutInit(large)), make(large)];
    const state = other.stateDict();
    other.dispose();
    const written = without.parameters().slice(0, 4);
    const values = (): number[][] => written.map((p) => [...p.data()]);
    const before = values();
    const blocks: Tensor[] = [];
    expect(() => {
      for (;;) blocks.push(zeros([25_000]));
    }).toThrow(WasmError);
    expect(() => without.loadStateDict(state)).toThrow(
      /^Conv2d f32:\[3,3,128,128\]: out of memory; requested 589,824 bytes/,
    );
    expect(values()).toEqual(before);
    const { blocks: held } = memoryStats();
    net.loadStateDict(state); // its weights have their memory, and loading takes no more
    expect(memoryStats().blocks).toBe(held);
    for (const block of blocks.splice(-8)) block.dispose();
    without.loadStateDict(state);
    for (const block of blocks) block.dispose();
    expect([...net.stateDict()]).toEqual([...state]);
    expect([...without.stateDict()]).toEqual([...state]);
    net.dispose();
    without.dispose();
  });

  it("frees everything with dispose()", () => {
    const before = memoryStats().bytesInUse;
    new Net().dispose();
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("keeps nothing of a call but its result", () => {
    const net = new Net().eval();
    const x = tensor(new Float32Array(2 * 4 * 4 * 2), [2, 4, 4, 2]);
    const before = memoryStats().blocks;
    const y = tidy(() => net.forward(x).detach());
    expect(memoryStats().blocks).toBe(before + 1);
    expect(y.shape).toEqual([2, 4]);
  });
});

describe("layers", () => {
  it("Dropout drops about p in training, the same for the same seed, and nothing in evaluation", () => {
    const drop = new Dropout(0.3);
    const x = tensor(new Float32Array(20_000).fill(1));
    const run = (): number[] => {
      manualSeed(9);
      return [...tidy(() => drop.forward(x).data())];
    };
    const y = run();
    expect(y).toEqual(run());
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / Math.fround(1 - Math.fround(0.3)))]));
    expect(Math.abs(y.filter((v) => v === 0).length / y.length - 0.3)).toBeLessThan(0.02);
    expect(drop.eval().forward(x)).toBe(x);
    expect(() => new Dropout(1)).toThrow(new ShapeError("Dropout: p must be in [0, 1); got 1"));
  });

  it("BatchNorm2d averages over all batches with momentum null, and can go without statistics", () => {
    const bn = new BatchNorm2d(1, { momentum: null, affine: false });
    for (const values of [[0, 2], [4, 8]]) tidy(() => bn.forward(tensor(values, [1, 2, 1, 1]))); // prettier-ignore
    expect(bn.runningMean!.item()).toBeCloseTo(3.5, 6);
    expect(bn.runningVar!.item()).toBeCloseTo((2 + 8) / 2, 6);
    expect(bn.numBatchesTracked!.item()).toBe(2);
    const free = new BatchNorm2d(1, { trackRunningStats: false }).eval();
    expect([...free.stateDict().keys()]).toEqual(["weight", "bias"]);
    expect(free.forward(tensor([0, 2], [1, 2, 1, 1])).data()[1]).toBeCloseTo(1, 4);
  });

  it("Sequential frees each output once the next layer has used it", () => {
    const net = new Sequential(new ReLU(), new ReLU(), new ReLU());
    const x = tensor([1, -1]);
    const before = memoryStats().blocks;
    const y = net.forward(x);
    expect(memoryStats().blocks).toBe(before + 1);
    expect([...y.data()]).toEqual([1, 0]);
    expect(net.length).toBe(3);
    expect(net.at(-1)).toBeInstanceOf(ReLU);
  });

  it("Conv2d refuses groups that do not divide the channels", () => {
    expect(() => new Conv2d(3, 4, 1, { groups: 2 })).toThrow(
      new ShapeError("Conv2d: groups must divide the channels; got inChannels 3 outChannels 4 groups 2"),
    );
  });
});
