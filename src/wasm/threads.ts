// How many threads to use, and what must be so for more than one.

import { WasmError } from "../errors.js";

const MOST = 16;

interface NodeOs {
  availableParallelism(): number;
}

function processors(): number {
  const os = globalThis.process?.getBuiltinModule?.("node:os") as NodeOs | undefined;
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

let warned = false;

/**
 * The number of threads: as asked, or FOVEA_THREADS, or one for each processor up to 16; 1 where memory cannot be shared,
 * which is said once if more were to be had.
 * @throws WasmError unless it is an integer from 1 to 64
 */
export function pickThreads(asked: number | undefined): number {
  const variable = globalThis.process?.env?.["FOVEA_THREADS"];
  const wanted = asked ?? (variable ? Number(variable) : undefined);
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 64)) {
    throw new WasmError(`init: threads must be an integer from 1 to 64; got ${asked ?? variable}`);
  }
  const threads = wanted ?? Math.min(processors(), MOST);
  const shareable = typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated !== false;
  if (threads === 1 || shareable) return threads;
  if (!warned) {
    warned = true;
    console.warn(
      "fovea: running on one thread: this page is not cross-origin isolated, so memory cannot be shared between " +
        "threads (serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)",
    );
  }
  return 1;
}

const IMPORT_SECTION = 2;
const HAS_MAXIMUM = 1;
const SHARED_WITH_MAXIMUM = 3;

/**
 * The same binary, importing shared memory: its only import is the memory, whose limits say so in one byte
 * (WebAssembly threads proposal, https://github.com/WebAssembly/threads).
 */
export function importShared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  let at = 8; // after the magic number and the version
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = copy[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const skipName = (): void => {
    const length = number();
    at += length;
  };
  while (at < copy.length) {
    const section = copy[at++];
    const size = number();
    if (section !== IMPORT_SECTION) {
      at += size;
      continue;
    }
    number(); // how many imports: one
    skipName(); // its module
    skipName();
    at++; // its kind: memory
    if (copy[at] !== HAS_MAXIMUM) throw new WasmError("init: the kernels' memory import has no maximum");
    copy[at] = SHARED_WITH_MAXIMUM;
    return copy;
  }
  throw new WasmError("init: the kernels import no memory");
}
