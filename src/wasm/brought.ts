// Kernels that the caller provides as a file, and the file's description of itself.

import { reason, short, WasmError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { builtin } from "./host.js";
import { relaxedSimd } from "./relaxed-simd.js";
import { fingerprint } from "./table.js";

/**
 * `relaxed` rounds once in a multiply-add (relaxed SIMD where it is fused); `simd` rounds twice, and runs on every engine with
 * WebAssembly SIMD. Each gives the same bits on every engine that runs it.
 */
export type Binary = "simd" | "relaxed";

/** One of the .wasm files, or its location. */
export type KernelSource = WebAssembly.Module | BufferSource | Response | URL | string;

export type Brought = { binary: Binary } & (
  { bytes: Uint8Array<ArrayBuffer> } | { module: WebAssembly.Module }
);

interface NodeFiles {
  readFile(path: URL): Promise<Uint8Array>;
}

/** The custom section in which kernels/build.mjs describes the file: "relaxed", and a hash of its exports. */
const SECTION = "fovea";

function binaryOf(module: WebAssembly.Module): Binary {
  const [section] = WebAssembly.Module.customSections(module, SECTION);
  const [binary, print] = section ? new TextDecoder().decode(section).split(" ") : [];
  if (binary !== "simd" && binary !== "relaxed") {
    throw new WasmError("initFrom: not fovea's kernels; expected kernels.simd.wasm or kernels.relaxed.wasm");
  }
  if (print !== fingerprint) {
    throw new WasmError("initFrom: kernels of another version of fovea; take the file from the same package");
  }
  return binary;
}

async function bytesOf(source: Response | URL | string): Promise<Uint8Array<ArrayBuffer>> {
  const where = source instanceof Response ? source.url : String(source);
  try {
    const files = /^file:/.test(where) ? builtin<NodeFiles>("node:fs/promises") : undefined;
    if (files) return Uint8Array.from(await files.readFile(new URL(where)));
    const response = source instanceof Response ? source : await fetch(source);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new WasmError(`initFrom: cannot get ${short(where)}: ${reason(error)}`);
  }
}

/** The contents of the source. @throws WasmError unless it is a kernel binary of this version */
export async function kernelsFrom(source: KernelSource): Promise<Brought> {
  if (source instanceof WebAssembly.Module) return { module: source, binary: binaryOf(source) };
  let bytes: Uint8Array<ArrayBuffer>;
  if (source instanceof ArrayBuffer) bytes = new Uint8Array(source);
  else if (ArrayBuffer.isView(source)) {
    bytes = Uint8Array.from(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  } else if (source instanceof Response || source instanceof URL || typeof source === "string") {
    bytes = await bytesOf(source);
  } else throw wrongKind("initFrom", "source", source, "a URL, a Response, bytes or a WebAssembly.Module");
  relaxedSimd(bytes); // Node 20 compiles them only then
  const module = await WebAssembly.compile(bytes).catch((error: unknown) => {
    throw new WasmError(`initFrom: ${reason(error)}`);
  });
  return { bytes, binary: binaryOf(module) };
}
