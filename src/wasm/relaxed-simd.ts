// Relaxed SIMD on Node 20: its V8 (11.3) knows the instructions, one version before they came to all (Chrome 114), but
// hides them behind a flag. Of them the kernels use multiply-adds and the swizzle (kernels/simd.ts).

const FLAG = "--experimental-wasm-relaxed-simd";
const NODE = 20;

interface NodeV8 {
  setFlagsFromString(flag: string): void;
}

/**
 * Whether the engine runs this binary. On Node 20 it switches the flag on, for the whole process and for good, since V8
 * looks at it again when it optimises a function.
 */
export function relaxedSimdWorks(bytes: Uint8Array<ArrayBuffer>): boolean {
  if (WebAssembly.validate(bytes)) return true;
  const { process } = globalThis;
  if (Number(process?.versions?.node?.split(".")[0]) !== NODE) return false;
  const v8 = process.getBuiltinModule?.("node:v8") as NodeV8 | undefined;
  v8?.setFlagsFromString(FLAG);
  return WebAssembly.validate(bytes);
}
