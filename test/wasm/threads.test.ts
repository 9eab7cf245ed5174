// Threads: the same bits at any number of them, errors instead of hangs, and processes that end.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, describe, expect, it, vi } from "vitest";
import {
  adaptiveAvgPool2d,
  add,
  batchNorm,
  cat,
  conv2d,
  crossEntropy,
  DataError,
  linear,
  maxPool2d,
  relu,
  sigmoid,
  softmax,
  tensor,
  tidy,
  WasmError,
  type Tensor,
} from "../../src/index.js";
import { binaryBytes } from "../../src/wasm/binary-bytes.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { Sequence } from "../../src/wasm/sequence.js";
import { importShared, pickThreads } from "../../src/wasm/threads.js";
import { sameBits } from "../helpers/allclose.js";
import { abi } from "../../src/wasm/table.js";
import { forEachBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

afterAll(() => void init());

const leaf = (name: string, shape: number[]): Tensor =>
  tensor(Float32Array.from(draw("normal", name, sizeOf(shape))), shape, { requiresGrad: true });

/** A network with every kind of convolution and its neighbours, large enough that each kernel is shared. */
function everything(): Float32Array[] {
  const [n, size, c] = [4, 31, 24];
  const leaves = {
    x: leaf("x", [n, size, size, c]),
    winograd: leaf("winograd", [3, 3, c, 40]),
    strided: leaf("strided", [5, 5, 40, 36]),
    depthwise: leaf("depthwise", [3, 3, 1, 36]),
    grouped: leaf("grouped", [3, 3, 18, 52]),
    pointwise: leaf("pointwise", [1, 1, 52, 300]),
    wide: leaf("wide", [1, 1, c, 270]),
    gamma: leaf("gamma", [40]),
    beta: leaf("beta", [40]),
    fc: leaf("fc", [400, 570]),
    bias: leaf("bias", [400]),
  };
  const y = tidy(() => {
    let y = conv2d(leaves.x, leaves.winograd, undefined, { padding: 1 });
    y = batchNorm(y, undefined, undefined, leaves.gamma, leaves.beta, { training: true });
    y = relu(add(y, y));
    const strided = conv2d(y, leaves.strided, undefined, { stride: 2, padding: 2 });
    y = add(strided, conv2d(strided, leaves.depthwise, undefined, { padding: 1, groups: 36 }));
    y = maxPool2d(sigmoid(y), 3, { stride: 1, padding: 1 });
    y = conv2d(y, leaves.grouped, undefined, { padding: 2, dilation: 2, groups: 2 });
    y = conv2d(y, leaves.pointwise);
    // With this many pixels, the gradient of its weights is summed in parts.
    const wide = adaptiveAvgPool2d(relu(conv2d(leaves.x, leaves.wide)), 1);
    const features = cat([adaptiveAvgPool2d(y, 1).reshape([n, 300]), wide.reshape([n, 270])], 1);
    y = linear(features, leaves.fc, leaves.bias);
    crossEntropy(y, tensor(Int32Array.of(0, 399, 7, 200))).backward();
    return softmax(y);
  });
  const values = [y, ...Object.values(leaves).map((t) => t.grad!)].map((t) => t.data() as Float32Array);
  for (const t of [y, ...Object.values(leaves)]) t.dispose();
  return values;
}

forEachBinary((binary) => {
  it("results and gradients have the same bits at 1, 2 and 4 threads", () => {
    init({ binary, threads: 1 });
    const want = everything();
    for (const threads of [2, 4]) {
      expect(init({ binary, threads }).threads).toBe(threads);
      // More than once: the first products run before the workers have started.
      for (let i = 0; i < 3; i++) {
        everything().forEach((got, k) => sameBits(`value ${k}, ${threads} threads`, got, want[k]!));
      }
    }
  });

  it("the binary imports one memory with a maximum, and loads as one that imports shared memory", () => {
    const module = new WebAssembly.Module(importShared(binaryBytes(binary)));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    expect(Object.keys(exports).sort()).toEqual(Object.keys(abi).sort());
  });
});

describe("a pool", () => {
  const big = (): Tensor => relu(tensor(new Float32Array(2 ** 20)));

  it("says which worker died, and works again after init()", async () => {
    const { Worker } = await import("node:worker_threads");
    const started: InstanceType<typeof Worker>[] = [];
    const { unref } = Worker.prototype;
    const spy = vi.spyOn(Worker.prototype, "unref").mockImplementation(function (
      this: InstanceType<typeof Worker>,
    ) {
      started.push(this);
      unref.call(this);
    });
    init({ threads: 2 });
    tidy(() => void big());
    spy.mockRestore();
    expect(started.length).toBe(1);
    await new Promise((resolve) => started[0]!.once("online", resolve));
    await new Promise((resolve) => setTimeout(resolve, 200)); // then it has entered its loop
    await started[0]!.terminate();
    expect(() => tidy(() => void big())).toThrow(
      new WasmError("threads: worker 1 is dead: it has exited; call init() to start again"),
    );
    init({ threads: 2 });
    tidy(() => expect(big().size).toBe(2 ** 20));
  });

  it("turns a trap in a kernel into an error and does not hang", async () => {
    init({ threads: 2 });
    const { pool, kernels } = runtime();
    const fill = kernels.fill as (...args: number[]) => number;
    const index = runtime().numbers.get("fill")!;
    const beyond = 3e9;
    // The main thread leaves the work to the worker, whose kernel then writes past the memory.
    const idle = (): number => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      return 0;
    };
    for (let i = 0; i < 20; i++) pool!.run(fill, index, 64, 16, [4096, 0], -1, 0); // until it has started
    const fail = (): void => {
      for (let i = 0; i < 50; i++) pool!.run(idle, index, 64, 16, [beyond, 0], -1, 0);
    };
    expect(fail).toThrow(new WasmError("threads: worker 1's kernel trapped"));
    expect(() => tidy(() => void big())).toThrow(
      "threads: worker 1's kernel trapped; call init() to start again",
    );
    init({ threads: 2 });
  });

  it("does sequences with its workers, and turns a trap in one into an error", () => {
    init({ threads: 2 });
    const { pool, heap } = runtime();
    const range = { units: 4096, grain: 64, scratch: -1, scratchBytes: 0 };
    const [x, y] = [heap.alloc(4096 * 4, () => "x"), heap.alloc(4096 * 4, () => "y")];
    const address = heap.alloc(Sequence.room(3), () => "jobs");
    const sequence = new Sequence(
      [
        { kernel: "fill", args: [x, 2], range },
        { kernel: "add", args: [x, x, y, 0], range },
        { kernel: "sum", args: [y, x, 1, 4096, 1, 1], range: undefined }, // does all at once
      ],
      address,
    );
    for (let i = 0; i < 200; i++) {
      heap.f32(x, 4096).fill(0);
      sequence.run();
      expect(heap.f32(x, 1)[0]).toBe(4 * 4096);
    }
    sequence.set(0, { kernel: "fill", args: [3e9, 0], range });
    const counters = address + Sequence.room(3) - 3 * 64;
    // The main thread leaves the work to the worker, whose kernel writes past the memory.
    const words = new Int32Array(heap.memory.buffer, counters, 16).fill(0);
    expect(() => pool!.runSequence(address, counters, 1, () => pool!.awaitUnits(words, 1, 4096))).toThrow(
      new WasmError("threads: worker 1's kernel trapped"),
    );
    expect(() => sequence.run()).toThrow("threads: worker 1's kernel trapped; call init() to start again");
    init({ threads: 2 });
  });

  it("goes on with one thread where workers do not start", async () => {
    const { Worker } = await import("node:worker_threads");
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const on = vi.spyOn(Worker.prototype, "on").mockImplementation(function (
      this: InstanceType<typeof Worker>,
      event: string | symbol,
      fn: (why: unknown) => void,
    ) {
      if (event === "error") fn("not allowed");
      return this;
    });
    init({ threads: 2 });
    tidy(() => expect(add(big(), 1).data().every((v) => v === 1)).toBe(true)); // prettier-ignore
    expect(warn.mock.calls).toEqual([["fovea: running on one thread: workers do not start (not allowed)"]]);
    on.mockRestore();
    warn.mockRestore();
    init();
  });

  it("lets the process end", async () => {
    const script =
      "import { init, relu, tensor } from './src/index.ts'; init({ threads: 3 });" +
      "for (let i = 0; i < 9; i++) relu(tensor(new Float32Array(2 ** 20))).dispose(); console.log('done');";
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      timeout: 20_000,
    });
    expect(stdout).toBe("done\n");
  });
});

describe("the number of threads", () => {
  it("must be an integer from 1 to 64, also in the environment", () => {
    expect(() => init({ threads: 0 })).toThrow(
      new DataError("init: threads must be an integer from 1 to 64; got 0"),
    );
    vi.stubEnv("FOVEA_THREADS", "two");
    expect(() => init()).toThrow(new DataError("init: threads must be an integer from 1 to 64; got two"));
    vi.stubEnv("FOVEA_THREADS", "3");
    expect(pickThreads(undefined)).toBe(3);
    vi.unstubAllEnvs();
  });

  it("is 1 if memory cannot be shared, which is reported once", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    vi.stubGlobal("crossOriginIsolated", false);
    expect([pickThreads(2), pickThreads(4)]).toEqual([1, 1]);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toMatch(/not cross-origin isolated/);
    vi.unstubAllGlobals();
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(pickThreads(2)).toBe(1);
    expect(warn.mock.calls[1]![0]).toMatch(/this engine has no SharedArrayBuffer/);
    vi.unstubAllGlobals();
    warn.mockRestore();
  });
});
