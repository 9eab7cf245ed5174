// How many threads to use, and the conditions for more than one.

import { DataError, WasmError } from "../errors.js";
import { builtin, environmentVariable, attempt } from "./host.js";
import { ModuleReader, SECTION } from "./module-bytes.js";

const MOST = 16;

interface NodeOs {
  availableParallelism(): number;
}

/** Where the number is unknown there may be several, so that using only one is reported. */
const UNKNOWN = 2;

function processors(): number {
  const count = attempt(() => builtin<NodeOs>("node:os")?.availableParallelism(), undefined);
  return count ?? globalThis.navigator?.hardwareConcurrency ?? UNKNOWN;
}

const warned = new Set<string>();

/** Why there are fewer threads than possible, as last found. */
export function whyFewer(): string | undefined {
  return [...warned].at(-1);
}

/** Reports once that fewer threads than requested do the work, and why. Results are the same. */
export function warnFewer(threads: number, why: string): void {
  if (warned.has(why)) return;
  warned.add(why);
  console.warn(`fovea: running on ${threads === 1 ? "one thread" : `${threads} threads`}: ${why}`);
}

/** Why there can only be one thread; undefined if there can be more. */
function obstacle(): string | undefined {
  if (globalThis.crossOriginIsolated === false) {
    return (
      "this page is not cross-origin isolated, so memory cannot be shared between threads (serve it with " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)"
    );
  }
  // WebKitGTK 2.50, in isolated pages too.
  if (typeof SharedArrayBuffer === "undefined") {
    return "this engine has no SharedArrayBuffer, so memory cannot be shared between threads";
  }
  if (builtin("node:worker_threads") || typeof Worker === "function") return undefined;
  return globalThis.process?.versions?.node
    ? 'this Node has no process.getBuiltinModule (20.16 and 22.3 have it), and "fovea/node" is not imported'
    : "there are no workers here";
}

/**
 * The number of threads: as requested, or FOVEA_THREADS, or one for each processor up to 16; 1 where memory cannot be shared or
 * there are no workers, which is reported once if there are more processors.
 * @throws DataError unless it is an integer from 1 to 64
 */
export function pickThreads(requested: number | undefined): number {
  const variable = environmentVariable("FOVEA_THREADS");
  const wanted = requested ?? (variable ? Number(variable) : undefined);
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 64)) {
    throw new DataError(`init: threads must be an integer from 1 to 64; got ${requested ?? variable}`);
  }
  const threads = wanted ?? Math.min(processors(), MOST);
  const why = threads > 1 ? obstacle() : undefined;
  if (why === undefined) return threads;
  warnFewer(1, why);
  return 1;
}

const HAS_MAXIMUM = 1;
const SHARED_WITH_MAXIMUM = 3;

/**
 * The same binary, importing shared memory: its only import is the memory, whose limits say so in one byte
 * (WebAssembly threads proposal, https://github.com/WebAssembly/threads).
 */
export function importShared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const reader = new ModuleReader(bytes.slice());
  reader.enter(SECTION.IMPORT);
  reader.number(); // how many imports: one
  reader.skipBytes(); // its module
  reader.skipBytes(); // its name
  reader.byte(); // its kind: memory
  if (reader.bytes[reader.at] !== HAS_MAXIMUM) {
    throw new WasmError("init: the kernels' memory import has no maximum");
  }
  reader.bytes[reader.at] = SHARED_WITH_MAXIMUM;
  return reader.bytes;
}
