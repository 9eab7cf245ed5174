// 256-bit vectors: V8 can join pairs of 128-bit operations into AVX2 ones (its "revectorizer"), which nearly doubles the
// speed of matrix products. It is experimental in every V8 so far and off by default, here too: a defect in it may end the
// process or change numbers. So it is tested before use, and FOVEA_SIMD256=0 forbids it.

import { structWords, type Kernels } from "./abi.js";
import type { Heap } from "./heap.js";
import { builtin, environmentVariable } from "./host.js";

/** The first Node whose V8 compiles all kernels this way; tried on 24 and 26. */
const FIRST_NODE = 24;
const FLAG = "--experimental-wasm-revectorize";
/** The register tile for it (kernels/tile/tile.ts), and one that does not need it. */
export const WIDE_TILE = 3;
const NARROW_TILE = 0;

interface NodeV8 {
  setFlagsFromString(flag: string): void;
}

/** Whether 256-bit vectors are requested, allowed and available: Node from 24 on, on x64. */
export function wantsSimd256(requested: boolean | undefined): boolean {
  const { process } = globalThis;
  const variable = environmentVariable("FOVEA_SIMD256");
  if (variable === "0" || !(requested ?? variable === "1")) return false;
  return process?.arch === "x64" && Number(process.versions?.node?.split(".")[0]) >= FIRST_NODE;
}

/**
 * Switches it on for everything that the engine compiles from now on, and returns the same binary with a custom section: an
 * engine does not compile the same bytes twice.
 */
export function enableSimd256(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  builtin<NodeV8>("node:v8")?.setFlagsFromString(FLAG);
  const name = new TextEncoder().encode("simd256");
  const section = [0, name.length + 1, name.length, ...name];
  const marked = new Uint8Array(bytes.length + section.length);
  marked.set(bytes);
  marked.set(section, bytes.length);
  return marked;
}

/** Whether the wide tile gives the bits of a narrow one, before and after the engine has optimised it. */
export function simd256Works(kernels: Kernels, heap: Heap): boolean {
  const [m, n, k] = [31, 37, 300];
  const floats = m * k + k * n + 2 * m * n;
  return heap.scratch(floats * 4, "simd256 test", (a) => {
    const values = heap.f32(a, floats);
    for (let i = 0; i < floats; i++) values[i] = Math.sin(i * i);
    const b = a + m * k * 4;
    const results = b + k * n * 4;
    const run = (tile: number, c: number, times: number): void => {
      const shared = { m, n, k, a, rsa: k, csa: 1, b, rsb: n, csb: 1, c, ldc: n, accumulate: 0 };
      const words = structWords("Gemm", { ...shared, unitRows: 36, unitColumns: 48, tile });
      heap.scratch(words.length * 4, "simd256 test", (shape) => {
        heap.i32(shape, words.length).set(words);
        heap.scratch(kernels.gemmScratch(shape), "simd256 test", (scratch) => {
          for (let i = 0; i < times; i++) kernels.gemm(shape, scratch, 0, 1);
        });
      });
    };
    run(NARROW_TILE, results, 1);
    const begin = performance.now();
    do {
      run(WIDE_TILE, results + m * n * 4, 20);
      const bits = heap.i32(results, 2 * m * n);
      for (let i = 0; i < m * n; i++) if (bits[i] !== bits[i + m * n]) return false;
    } while (performance.now() - begin < 30);
    return true;
  });
}
