// Relaxed SIMD: whether the engine has it, and whether its multiply-adds round once. The proposal lets them round once or
// twice (https://github.com/WebAssembly/relaxed-simd); JavaScriptCore on x64 rounds twice, as V8 does on processors without FMA.
//
// Node 20's V8 (11.3) has the instructions behind a flag; they became standard one version later (Chrome 114).
// The kernels use multiply-adds and the swizzle (kernels/simd.ts).

import { builtin } from "./host.js";

const FLAG = "--experimental-wasm-relaxed-simd";
const NODE = 20;

interface NodeV8 {
  setFlagsFromString(flag: string): void;
}

/** (a, b, c) → a·b + c by f32x4.relaxed_madd: one function, exported as "f". */
const PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 8, 1, 0x60, 3, 0x7d, 0x7d, 0x7d, 1, 0x7d], // type: (f32, f32, f32) → f32
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[10, 22, 1, 20, 0],
  ...[0x20, 0, 0xfd, 0x13, 0x20, 1, 0xfd, 0x13, 0x20, 2, 0xfd, 0x13], // splat each
  ...[0xfd, 0x85, 2, 0xfd, 0x1f, 0, 0x0b], // relaxed_madd, lane 0
);

/** Whether (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴, as it is with one rounding; with two it is 0. */
function fuses(): boolean {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(PROBE));
  const madd = exports["f"] as (a: number, b: number, c: number) => number;
  const x = 1 + 2 ** -12;
  return madd(x, x, -(1 + 2 ** -11)) === 2 ** -24;
}

/**
 * How the engine runs this binary: "fused" if each of its multiply-adds rounds once; "unfused" if it rounds twice, with the
 * results of the plain binary; undefined if the engine does not run it. On Node 20 this switches the flag on, for the whole
 * process and for good, since V8 looks at it again when it optimises a function.
 */
export function relaxedSimd(bytes: Uint8Array<ArrayBuffer> = PROBE): "fused" | "unfused" | undefined {
  if (!WebAssembly.validate(bytes)) {
    if (Number(globalThis.process?.versions?.node?.split(".")[0]) !== NODE) return undefined;
    builtin<NodeV8>("node:v8")?.setFlagsFromString(FLAG);
    if (!WebAssembly.validate(bytes)) return undefined;
  }
  return fuses() ? "fused" : "unfused";
}
