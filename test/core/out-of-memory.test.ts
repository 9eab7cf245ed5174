// Memory that runs out half-way: what was being computed stays to be computed, what was there stays as it was, and nothing
// is left behind.

import { afterAll, afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import {
  Adam,
  add,
  batchNorm,
  BatchNorm2d,
  Conv2d,
  conv2d,
  crossEntropy,
  Flatten,
  init,
  LAMB,
  LARS,
  Linear,
  memoryStats,
  ModelEma,
  ones,
  relu,
  RMSprop,
  Sequential,
  SGD,
  tensor,
  tidy,
  WasmError,
  type Optimizer,
  type Tensor,
} from "../../src/index.js";
import { runtime } from "../../src/wasm/runtime.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

afterAll(() => void init());
afterEach(() => vi.restoreAllMocks());

const drawn = (name: string, shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(draw("normal", name, sizeOf(shape))), shape);

const messageOf = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    expect(error).toBeInstanceOf(WasmError);
    return (error as Error).message;
  }
  return "no error";
};

const inUse = () => {
  const { bytesInUse, blocks } = memoryStats();
  return { bytesInUse, blocks };
};

describe("a convolution whose scratch memory does not fit", () => {
  it("throws the same error each time its elements are read, and computes them once there is room", () => {
    init({ maxBytes: 2.6e6, threads: 1 });
    const x = ones([1, 64, 64, 64]);
    const k = ones([3, 3, 64, 64]);
    k.requiresGrad = true;
    const y = conv2d(x, k, undefined, { padding: 1 });
    const before = inUse();
    const first = messageOf(() => y.data());
    expect(first).toContain("out of memory");
    expect(messageOf(() => y.data())).toBe(first);
    expect(messageOf(() => y.tolist())).toBe(first);
    expect(inUse()).toEqual(before);
    for (const t of [y, x, k]) t.dispose();
    expect(inUse()).toEqual({ bytesInUse: 0, blocks: 0 });
  });
});

/** Has the n-th allocation from now on fail, and all after it. */
function failFrom(n: number): () => void {
  const { heap } = runtime();
  const alloc = heap.alloc.bind(heap);
  let calls = 0;
  const spy = vi.spyOn(heap, "alloc").mockImplementation((bytes, what) => {
    if (++calls >= n) throw new WasmError(`${what()}: out of memory`);
    return alloc(bytes, what);
  });
  return () => spy.mockRestore();
}

/** Runs fn with ever later allocations failing, until none does. */
function eachFailure(fn: () => void, check: (n: number) => void): void {
  for (let n = 1; ; n++) {
    const mend = failFrom(n);
    const message = messageOf(fn);
    mend();
    if (message === "no error") return;
    expect(message).toContain("out of memory");
    check(n);
  }
}

const IMAGES = [2, 6, 6, 8] as const;

interface Part {
  inputs: Tensor[];
  y: () => Tensor;
}

/** Results that wait to be computed, each with what it reads. */
const waiting: Record<string, () => Part> = {
  "a convolution": () => {
    const [x, k] = [drawn("x", IMAGES), drawn("k", [3, 3, 8, 8])];
    k.requiresGrad = true;
    return { inputs: [x, k], y: () => conv2d(x, k, undefined, { padding: 1 }) };
  },
  "a batch norm": () => {
    const x = drawn("x", IMAGES);
    return {
      inputs: [x],
      y: () => batchNorm(x, undefined, undefined, undefined, undefined, { training: true }),
    };
  },
  "a batch norm with a residual": () => {
    const [x, r] = [drawn("x", IMAGES), drawn("r", IMAGES)];
    return {
      inputs: [x, r],
      y: () => add(batchNorm(x, undefined, undefined, undefined, undefined, { training: true }), r),
    };
  },
  "a batch norm that takes the moments of a convolution, and a ReLU": () => {
    const [x, k] = [drawn("x", IMAGES), drawn("k", [3, 3, 8, 8])];
    const [mean, variance] = [drawn("m", [8]), ones([8])];
    k.requiresGrad = true;
    return {
      inputs: [x, k, mean, variance],
      y: () =>
        relu(
          batchNorm(conv2d(x, k, undefined, { padding: 1 }), mean, variance, undefined, undefined, {
            training: true,
          }),
        ),
    };
  },
};

describe("whatever allocation fails,", () => {
  beforeEach(() => void init({ threads: 1, tile: 1 }));

  test.each(Object.entries(waiting))(
    "%s is computed later, to the same bits, and leaves nothing",
    (_, make) => {
      const want = tidy(() => make().y().data());
      const { inputs, y: apply } = make();
      const before = inUse();
      eachFailure(
        () => tidy(() => void apply().data()),
        () => expect(inUse()).toEqual(before),
      );
      for (const t of inputs) t.dispose();
      const again = make();
      const y = tidy(() => again.y());
      const waits = inUse();
      eachFailure(
        () => y.data(),
        () => expect(inUse()).toEqual(waits),
      );
      expect(y.data()).toEqual(want);
      for (const t of [y, ...again.inputs]) t.dispose();
      expect(inUse()).toEqual({ bytesInUse: 0, blocks: 0 });
    },
  );

  it("a batch norm that cannot be applied has not moved its statistics", () => {
    const [x, k] = [drawn("x", IMAGES), drawn("k", [3, 3, 8, 8])];
    const [mean, variance] = [drawn("m", [8]), ones([8])];
    const values = [mean.data(), variance.data()];
    k.requiresGrad = true;
    for (const convolved of [true, false]) {
      eachFailure(
        () =>
          tidy(() => {
            const y = convolved ? conv2d(x, k, undefined, { padding: 1 }) : x;
            batchNorm(y, mean, variance, undefined, undefined, { training: true });
          }),
        () => expect([mean.data(), variance.data()]).toEqual(values),
      );
      expect(mean.data()).not.toEqual(values[0]);
      mean.copyFrom(values[0]!);
      variance.copyFrom(values[1]!);
    }
  });

  const model = (seeds = ["k", "k2"]): Sequential => {
    const convolved = (seed: string) => [
      new Conv2d(8, 8, 3, { padding: 1, weightInit: (w) => w.copyFrom(drawn(seed, w.shape)) }),
      new BatchNorm2d(8, { trackRunningStats: false }),
    ];
    return new Sequential(
      ...seeds.flatMap(convolved),
      new Flatten(),
      new Linear(288, 4, { weightInit: (w) => w.copyFrom(drawn("l", w.shape)) }),
    );
  };

  it("a training step leaves no gradient's remains, and the next one has the right gradients", () => {
    const net = tidy(() => model());
    const labels = tensor(Int32Array.of(1, 3));
    const x = drawn("x", IMAGES);
    const step = () => tidy(() => crossEntropy(net.forward(x), labels).backward());
    step();
    const want = net.parameters().map((p) => p.grad!.data());
    net.zeroGrad();
    const before = inUse();
    eachFailure(step, () => {
      net.zeroGrad();
      expect(inUse()).toEqual(before);
    });
    expect(net.parameters().map((p) => p.grad!.data())).toEqual(want);
    // Gradients that are there already are added to, or stay.
    const doubled = net.parameters().map((p) => p.grad!.data().map((v) => 2 * v));
    eachFailure(step, () => {
      net.parameters().forEach((p, i) => {
        const g = p.grad!.data();
        const [same, more] = [want, doubled].map((all) => all[i]!.every((v, j) => v === g[j]));
        expect(same || more).toBe(true);
        p.grad!.copyFrom(want[i]!);
      });
    });
    for (const t of [x, labels, net]) t.dispose();
  });

  test.each<[string, (p: Tensor[]) => Optimizer]>([
    ["SGD", (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5 })],
    ["Adam", (p) => new Adam(p)],
    ["RMSprop", (p) => new RMSprop(p, { momentum: 0.9, centered: true })],
    ["LARS", (p) => new LARS(p, { momentum: 0.9, weightDecay: 0.1 })],
    ["LAMB", (p) => new LAMB(p)],
  ])("a first step of %s changes nothing, or everything", (_, make) => {
    const net = tidy(() => model());
    const parameters = net.parameters();
    const gradients = (): void => {
      for (const p of parameters) p.grad = ones(p.shape);
    };
    const start = parameters.map((p) => p.data());
    const begin = (): Optimizer => {
      parameters.forEach((p, i) => p.copyFrom(start[i]!));
      return make(parameters);
    };
    gradients();
    const whole = begin();
    whole.step();
    const want = parameters.map((p) => p.data());
    whole.dispose();
    const optimizer = begin();
    const before = inUse();
    eachFailure(
      () => optimizer.step(),
      () => {
        expect(inUse()).toEqual(before);
        expect(optimizer.steps).toBe(0);
        parameters.forEach((p, i) => expect(p.data()).toEqual(start[i]));
      },
    );
    expect(parameters.map((p) => p.data())).toEqual(want);
    const after = optimizer.stateDict();
    eachFailure(
      () => optimizer.step(),
      () => {
        expect(optimizer.stateDict()).toEqual(after);
        parameters.forEach((p, i) => expect(p.data()).toEqual(want[i]));
      },
    );
    optimizer.dispose();
    net.dispose();
  });

  it.each<[string, (net: Sequential) => () => void]>([
    [
      "a step",
      (net) => {
        const optimizer = new SGD(net.parameters(), { lr: 0.1 });
        for (const p of net.parameters()) p.grad = ones(p.shape);
        return () => optimizer.step();
      },
    ],
    [
      "an exchange with averages",
      (net) => {
        const ema = new ModelEma(net, { decay: 0 });
        for (const p of net.parameters()) p.copyFrom(new Float32Array(p.size).fill(7));
        return () => ema.swap();
      },
    ],
    [
      "loading",
      (net) => {
        const state = net.stateDict();
        for (const p of net.parameters()) p.copyFrom(new Float32Array(p.size).fill(7));
        return () => void net.loadStateDict(state);
      },
    ],
  ])("%s that has what waits for the weights computed first changes no weight, or all", (_, prepare) => {
    const net = tidy(() => model(["k"]));
    const write = prepare(net);
    const before = net.parameters().map((p) => p.data());
    const last = net.parameters().find(({ shape }) => shape.length === 4)!;
    const waits = conv2d(drawn("x", IMAGES), last, undefined, { padding: 1 }); // of the weights as they are
    eachFailure(write, () => net.parameters().forEach((p, i) => expect(p.data()).toEqual(before[i])));
    net.parameters().forEach((p, i) => expect(p.data()).not.toEqual(before[i]));
    last.copyFrom(before[net.parameters().indexOf(last as never)]!);
    expect(waits.data()).toEqual(
      tidy(() => conv2d(drawn("x", IMAGES), last, undefined, { padding: 1 }).data()),
    );
  });

  it("an average of weights that cannot be made leaves nothing", () => {
    const net = tidy(() => model());
    const before = inUse();
    let ema: ModelEma | undefined;
    eachFailure(
      () => (ema = new ModelEma(net)),
      () => expect(inUse()).toEqual(before),
    );
    ema?.dispose();
    expect(inUse()).toEqual(before);
  });
});
