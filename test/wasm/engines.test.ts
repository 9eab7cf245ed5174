// Engines and surroundings that lack or forbid something: the work is done all the same, with the same bits, and it is said.

import { createRequire } from "node:module";
import { afterAll, afterEach, beforeEach, expect, it, vi, type MockInstance } from "vitest";
import { matmul, tensor, tidy, WasmError } from "../../src/index.js";
import { unsetWhereRefused } from "../../src/cli/variables.js";
import { environmentVariable } from "../../src/wasm/host.js";
import { relaxedSimd } from "../../src/wasm/relaxed-simd.js";
import { binaryBytes } from "../../src/wasm/binary-bytes.js";
import { init, runtime } from "../../src/wasm/runtime.js";
import { canRun } from "../helpers/binaries.js";

let warn: MockInstance;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});
afterAll(() => void init());

const values = Float32Array.from({ length: 256 * 256 }, (_, i) => Math.sin(i * i));

/** A product that threads share. */
const product = (): number[] =>
  tidy(() => [...matmul(tensor(values, [256, 256]), tensor(values, [256, 256])).data()]);

function alone(): number[] {
  init({ threads: 1 });
  return product();
}

const forbidden = (message: string) =>
  class {
    constructor() {
      throw new TypeError(message);
    }
  };

it("a worker that cannot be made leaves one thread, which says so once", () => {
  const want = alone();
  for (const [message, builtin, global] of [
    ["Access to this API has been restricted", true, false],
    ["This document requires 'TrustedScriptURL' assignment.", false, true],
    ["The operation is insecure.", false, true],
  ] as const) {
    warn.mockClear();
    const Worker = forbidden(message);
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      builtin && name === "node:worker_threads" ? { Worker } : undefined) as typeof process.getBuiltinModule);
    if (global) vi.stubGlobal("Worker", Worker);
    for (let i = 0; i < 2; i++) {
      init({ threads: 4 });
      expect(product()).toEqual(want);
      expect(runtime().threads).toBe(1);
    }
    expect(warn.mock.calls).toEqual([
      [`fovea: running on one thread: workers cannot be started (${message})`],
    ]);
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  }
});

it("a system that gives fewer threads than requested uses the existing ones", () => {
  const want = alone();
  const threads = createRequire(import.meta.url)(
    "node:worker_threads",
  ) as typeof import("node:worker_threads");
  let made = 0;
  const Worker = class extends threads.Worker {
    constructor(...args: ConstructorParameters<typeof threads.Worker>) {
      if (made++ === 2) throw new Error("ERR_WORKER_INIT_FAILED: EAGAIN");
      super(...args);
    }
  };
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { Worker } : undefined) as typeof process.getBuiltinModule);
  init({ threads: 8 });
  for (let i = 0; i < 3; i++) expect(product()).toEqual(want);
  expect(runtime().threads).toBe(3);
  expect(warn.mock.calls[0]![0]).toMatch(
    "running on 3 threads: workers cannot be started (ERR_WORKER_INIT_FAILED",
  );
});

it("an engine without any workers has one thread from the start", () => {
  const want = alone();
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
  expect(init({ threads: 4 }).threads).toBe(1);
  expect(product()).toEqual(want);
  expect(warn.mock.calls[0]![0]).toMatch("running on one thread: this Node has no process.getBuiltinModule");
});

it("Node without process.getBuiltinModule gets its modules from fovea/node", async () => {
  vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
  vi.resetModules();
  const host = await import("../../src/wasm/host.js");
  expect(host.builtin("node:worker_threads")).toBeUndefined();
  host.provideBuiltins(createRequire(import.meta.url));
  expect(host.builtin("node:worker_threads")).toHaveProperty("Worker");
  expect(host.builtin("node:nothing")).toBeUndefined();
});

it("a variable that may not be read is unset", () => {
  vi.stubGlobal("process", {
    ...process,
    get env(): never {
      throw new Error('NotCapable: Requires env access to "FOVEA_THREADS"');
    },
  });
  expect(environmentVariable("FOVEA_THREADS")).toBeUndefined();
  expect(init({ threads: 1 }).threads).toBe(1);
});

it("multiply-adds that round twice are recognised by one of them, and their kernels are called simd", () => {
  const bytes = binaryBytes("relaxed");
  const { Instance } = WebAssembly;
  const fround = Math.fround;
  /** As JavaScriptCore on x64, and V8 where the processor has no FMA. */
  const unfused = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      if (!("f" in this.exports)) return;
      const f = (a: number, b: number, c: number): number =>
        fround(fround(fround(a) * fround(b)) + fround(c));
      return { exports: { f } };
    }
  };
  const could = canRun("relaxed");
  const ran = could ? relaxedSimd(bytes) : undefined;
  if (could) expect(ran).toBe("fused");
  vi.stubGlobal("WebAssembly", Object.assign(Object.create(WebAssembly), { Instance: unfused }));
  if (!could) return;
  expect(relaxedSimd(bytes)).toBe("unfused");
  expect(init({ threads: 1 }).binary).toBe("simd");
  expect(() => init({ binary: "relaxed" })).toThrow(
    new WasmError(
      "init: this engine does not fuse multiply-adds, so its 'relaxed' kernels would give the numbers of 'simd'; use binary 'simd'",
    ),
  );
});

it("a variable that may not be read is unset for libraries too, in a process that asks for it", () => {
  const { env } = process;
  unsetWhereRefused();
  expect(process.env).toBe(env);
  const refuse = (): never => {
    throw new Error("Requires env access, run again with the --allow-env flag");
  };
  const some = (_: unknown, name: string | symbol) => (name === "ALLOWED" ? "1" : refuse());
  process.env = new Proxy<NodeJS.ProcessEnv>(
    {},
    { get: some, ownKeys: refuse, getOwnPropertyDescriptor: refuse, has: refuse },
  );
  try {
    unsetWhereRefused();
    expect([process.env["ALLOWED"], process.env["NO_COLOR"], "NO_COLOR" in process.env]).toEqual([
      "1",
      undefined,
      false,
    ]);
  } finally {
    process.env = env;
  }
});

it("an engine that does not say how many processors there are, and has no workers, says that it uses one", async () => {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  vi.stubGlobal("navigator", undefined);
  vi.stubGlobal("Worker", undefined);
  vi.stubEnv("FOVEA_THREADS", undefined);
  vi.resetModules(); // it is said once
  const { pickThreads } = await import("../../src/wasm/threads.js");
  expect(pickThreads(undefined)).toBe(1);
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^fovea: running on one thread: /)]]);
  vi.unstubAllEnvs();
});
