// This machine's peak on one core, measured: 128-bit fused multiply-adds and a copy through memory. Both are tiny separate
// WebAssembly modules, so that they run under the same engine and compiler as the kernels.

import { setFlagsFromString } from "node:v8";
import asc from "assemblyscript/asc";
import { runtime } from "../../src/wasm/runtime.js";
import { median } from "../harness.js";
import type { Case } from "../workload.js";

/** With two units of latency 4, eight keep the core busy; with x and y these fit the 15 registers that V8 hands out. */
const ACCUMULATORS = 12;
/** Times that the loop's body updates every accumulator. */
const UNROLL = 4;
/** Iterations of a call: less than a millisecond, since a call that began in baseline code ends in it. */
const STEPS = 100_000;
const FMA_FLOPS = STEPS * UNROLL * ACCUMULATORS * 4 * 2;
/** Bytes of the case `copy`: far beyond any cache. */
const COPY_BYTES = 128 * 2 ** 20;
const RELAXED_FLAG = "experimental-wasm-relaxed-simd";

interface Exports {
  fma(steps: number, x: number, y: number): number;
  copy(to: number, from: number, bytes: number): void;
  memory: WebAssembly.Memory;
}

/** AssemblyScript: every accumulator a ← step(a), all in registers, and a copy by vector loads and stores. */
function source(step: (a: string) => string): string {
  const names = Array.from({ length: ACCUMULATORS }, (_, i) => `a${i}`);
  const update = names.map((a) => `${a} = ${step(a)};`).join(" ");
  return `
    export function fma(steps: i32, x0: f32, y0: f32): f32 {
      const x = f32x4.splat(x0);
      const y = f32x4.splat(y0);
      ${names.map((a) => `let ${a} = y;`).join(" ")}
      for (let i = 0; i < steps; i++) {
        ${`${update}\n`.repeat(UNROLL)}
      }
      return f32x4.extract_lane(${names.reduce((sum, a) => `f32x4.add(${sum}, ${a})`)}, 0);
    }
    export function copy(to: usize, from: usize, bytes: i32): void {
      for (let end = from + bytes; from < end; from += 64, to += 64) {
        ${[0, 16, 32, 48].map((at) => `v128.store(to, v128.load(from, ${at}), ${at});`).join("\n")}
      }
    }`;
}

/** No optimization by the compiler: it would nest the chain of each accumulator. The engine's own does the rest. */
async function compile(relaxed: boolean): Promise<Uint8Array<ArrayBuffer>> {
  // Fused, nothing can be hoisted; unfused, a product of x and y could be.
  const step = (a: string): string =>
    relaxed ? `f32x4.relaxed_madd(x, y, ${a})` : `f32x4.add(f32x4.mul(${a}, x), y)`;
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const args = "peak.ts --outFile peak.wasm --runtime stub --initialMemory 1 --optimizeLevel 0 --noColors";
  const features = ["--enable", "simd", ...(relaxed ? ["--enable", "relaxed-simd"] : [])];
  const { error, stderr } = await asc.main([...args.split(" "), ...features], {
    readFile: (name) => (name === "peak.ts" ? source(step) : null),
    writeFile: (_, contents) => void (wasm = new Uint8Array(contents as Uint8Array<ArrayBuffer>)),
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`peak: ${stderr.toString()}`);
  return wasm;
}

/** Node 20 hides relaxed SIMD behind a flag. If fovea has not set it for its own kernels, it is set for this module only. */
async function instantiate(): Promise<{ exports: Exports; instruction: string }> {
  runtime();
  const fused = await compile(true);
  const behindFlag = !WebAssembly.validate(fused);
  if (behindFlag) setFlagsFromString(`--${RELAXED_FLAG}`);
  const works = WebAssembly.validate(fused);
  const module = new WebAssembly.Module(works ? fused : await compile(false));
  const { exports } = new WebAssembly.Instance(module, { env: { abort() {} } });
  const found = exports as unknown as Exports;
  warmUp(found); // while the flag is set: optimised code is compiled only now
  if (behindFlag) setFlagsFromString(`--no-${RELAXED_FLAG}`);
  const instruction = works
    ? `f32x4.relaxed_madd${behindFlag ? " (V8 flag set for it alone)" : ""}`
    : "f32x4.mul + f32x4.add (the engine has no relaxed SIMD)";
  return { exports: found, instruction };
}

function warmUp({ fma }: Exports): void {
  const begin = performance.now();
  while (performance.now() - begin < 200) fma(STEPS, 0.5, 1);
}

export interface Ceilings {
  /** The instructions of the multiply-add peak. */
  instruction: string;
  /** GFLOP/s of 128-bit multiply-adds, at this moment. */
  gflops(): number;
  /** GB/s, read and written together, of a copy of this many bytes, at this moment. */
  gbps(bytes: number): number;
  cases: Case[];
}

export async function ceilings(): Promise<Ceilings> {
  const { exports, instruction } = await instantiate();
  const seconds = (run: () => void): number =>
    median(
      Array.from({ length: 7 }, () => {
        const begin = performance.now();
        run();
        return (performance.now() - begin) / 1000;
      }),
    );
  const copier = (bytes: number) => {
    const half = Math.ceil(bytes / 128) * 64;
    const missing = 2 * half + 65536 - exports.memory.buffer.byteLength;
    if (missing > 0) {
      exports.memory.grow(Math.ceil(missing / 65536));
      new Uint8Array(exports.memory.buffer).fill(1); // pages must exist before they are timed
    }
    const times = Math.max(1, Math.round(2 ** 22 / half));
    const run = (): void => {
      for (let i = 0; i < times; i++) exports.copy(65536 + half, 65536, half);
    };
    return { run, bytes: 2 * half * times };
  };
  return {
    instruction,
    gflops: () => FMA_FLOPS / seconds(() => exports.fma(STEPS, 0.5, 1)) / 1e9,
    gbps(bytes) {
      const copy = copier(bytes);
      return copy.bytes / seconds(copy.run) / 1e9;
    },
    cases: [
      {
        suite: "peak",
        name: "fma-128",
        workload: { kind: "own" },
        flops: FMA_FLOPS,
        prepare: () => ({ run: () => exports.fma(STEPS, 0.5, 1), dispose() {} }),
      },
      {
        suite: "peak",
        name: "copy",
        workload: { kind: "own" },
        bytes: COPY_BYTES,
        prepare() {
          const { run } = copier(COPY_BYTES);
          return { run: () => (run(), 0), dispose() {} };
        },
      },
    ],
  };
}
