// The JPEG decoder's kernels (kernels/jpeg/): a binary of their own, started in the heap's memory when a JPEG is decoded first.

import { WasmError } from "../errors.js";
import { inflated } from "./binary-bytes.js";
import { abi, binary, constants, structs } from "./jpeg-table.js";
import { perRuntime, runtime } from "./runtime.js";
import { importShared } from "./threads.js";

type Abi = typeof abi;
type Numbers<T extends readonly string[]> = { [I in keyof T]: number };
type Structs = typeof structs;

/** The kernels: numbers in, a number (or nothing) out. */
export type JpegKernels = {
  readonly [K in keyof Abi]: (...args: Numbers<Abi[K]>) => number;
};

/** The fields of a struct of kernels/jpeg/state.ts that are not 0. */
export type JpegFields<K extends keyof Structs> = { [F in keyof Structs[K]]?: number };

/** The constants of kernels/jpeg/state.ts. */
export const jpegConstants = constants;

/** Bytes of a struct. */
export const jpegStructBytes = (name: keyof Structs): number => 4 * Object.keys(structs[name]).length;

/** The words of a struct, in which these fields are set. */
export function jpegWords<K extends keyof Structs>(name: K, fields: JpegFields<K>): number[] {
  const values = fields as Record<string, number | undefined>;
  return Object.keys(structs[name]).map((field) => values[field] ?? 0);
}

let bytes: Uint8Array<ArrayBuffer> | undefined;

/** The decoder's kernels in the running heap. @throws WasmError if the engine cannot start them */
export const jpegKernels = perRuntime((): JpegKernels => {
  const { heap } = runtime();
  bytes ??= inflated(binary);
  try {
    const module = new WebAssembly.Module(heap.shared ? importShared(bytes) : bytes);
    const { exports } = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
    return exports as unknown as JpegKernels;
  } catch (error) {
    const instead = "where an engine compiles no bytes, setDecoder(jpegJsDecoder()) decodes without them";
    throw new WasmError(`decodeImage: cannot start the JPEG decoder: ${String(error)}; ${instead}`);
  }
});
