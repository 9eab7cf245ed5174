// Starts the kernels: picks the binary that the engine can run, makes the memory, chooses the tile.

import { DataError, short, WasmError } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";
import type { Kernels } from "./abi.js";
import { binaryBytes } from "./binary-bytes.js";
import { kernelsFrom, type Binary, type KernelSource } from "./brought.js";
import { fastestTile } from "./fastest-tile.js";
import { Heap, type MemoryStats } from "./heap.js";
import { environmentVariable } from "./host.js";
import { Pool } from "./pool.js";
import { relaxedSimd } from "./relaxed-simd.js";
import { enableSimd256, simd256Works, wantsSimd256 } from "./simd256.js";
import { importShared, pickThreads } from "./threads.js";

export type { Binary, KernelSource };

/** Options of init(). */
export interface InitOptions {
  /**
   * Which kernels to run. Default: `relaxed` where the engine fuses multiply-adds (on Node 20 a V8 flag is set for it), otherwise `simd`;
   * FOVEA_BINARY overrides it.
   */
  binary?: Binary;
  /**
   * Whether 3×3 convolutions of strides 1 and 2, and 7×7 of stride 2 on few channels, may use Winograd's algorithm: up to
   * 2.7 times as fast. Relative errors (root mean square), gradients too, stay below 5·10⁻⁶ where those of the direct
   * algorithm stay below 10⁻⁶. Default true.
   */
  winograd?: boolean;
  /**
   * How many threads share the work, the calling one included. Results do not depend on it. Default: FOVEA_THREADS, or
   * one for each processor, at most 16. Pages need to be cross-origin isolated for more than one.
   */
  threads?: number;
  /**
   * Whether to let V8 join vectors of 128 bits into 256 (Node 24 and later on x64; elsewhere it changes nothing): faster
   * products, the same bits. An experimental feature of V8, which is switched on for the whole process. Default:
   * FOVEA_SIMD256=1; FOVEA_SIMD256=0 forbids it in any case.
   */
  simd256?: boolean;
  /** Most bytes the heap may grow to. Default: 4 GiB, all that 32-bit WebAssembly addresses. */
  maxBytes?: number;
  /**
   * Where the package's file fovea/pool-worker.js is served, for pages whose policy forbids workers made from text (`worker-src
   * 'self'`): its URL, or one relative to the page. Node, Deno and Bun have no use for it. Default: workers are made from text.
   */
  worker?: string | URL;
  /** Which register tile (kernels/tile/tile.ts) matrix products use; results do not depend on it. Default: the fastest. */
  tile?: number;
}

const INIT_OPTIONS: Names<InitOptions> = {
  binary: true,
  winograd: true,
  threads: true,
  simd256: true,
  maxBytes: true,
  worker: true,
  tile: true,
};

/** The kernels that init() started. */
export interface RuntimeInfo {
  /** Which binary runs: "relaxed" or "simd". */
  readonly binary: Binary;
  /** Fewer than requested once it turns out that they cannot be started. */
  readonly threads: number;
  /** Whether vectors of 256 bits are in use. */
  readonly simd256: boolean;
}

export interface Runtime extends RuntimeInfo {
  readonly kernels: Kernels;
  /** The number by which the pool knows each kernel: its place among the exports. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly heap: Heap;
  /** Whether convolutions may use Winograd's algorithm. */
  readonly winograd: boolean;
  /** Number of the register tile that measured fastest here (kernels/tile/tile.ts). It never changes results. */
  readonly tile: number;
  /** The other threads, started on first use; none if there is only one. */
  readonly pool: Pool | undefined;
}

const PAGE = 65536;
const MAX_PAGES = 65536;
const FIRST_PAGES = 256;

function pickBinary(requested: Binary | undefined): Binary {
  const wanted = requested ?? (environmentVariable("FOVEA_BINARY") || undefined);
  if (wanted !== undefined && wanted !== "simd" && wanted !== "relaxed") {
    throw new DataError(`init: unknown binary '${short(wanted)}'; known: relaxed, simd`);
  }
  if (wanted !== undefined) return wanted;
  return relaxedSimd(binaryBytes("relaxed")) === "fused" ? "relaxed" : "simd";
}

/** What another thread needs to start its own kernels. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  readonly binary: Binary;
  /** Whether the module imports shared memory. */
  readonly shared: boolean;
}

class LiveRuntime implements Runtime {
  readonly kernels: Kernels;
  readonly numbers: ReadonlyMap<string, number>;
  readonly heap: Heap;
  readonly binary: Binary;
  readonly winograd: boolean;
  readonly simd256: boolean;
  readonly module: WebAssembly.Module;
  readonly #threads: number;
  readonly #worker: string | undefined;
  #tile: number | undefined;
  #pool: Pool | undefined;

  constructor(
    module: WebAssembly.Module,
    heap: Heap,
    binary: Binary,
    threads: number,
    wide: boolean,
    options: InitOptions,
  ) {
    const instance = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
    this.kernels = instance.exports as unknown as Kernels;
    this.numbers = new Map(Object.keys(instance.exports).map((name, i) => [name, i]));
    this.heap = heap;
    this.binary = binary;
    this.winograd = options.winograd ?? true;
    this.simd256 = wide && simd256Works(this.kernels, heap);
    if (wide && !this.simd256) {
      console.warn("fovea: simd256 gives other numbers on this engine and is not used; set FOVEA_SIMD256=0");
    }
    this.#threads = threads;
    this.module = module;
    this.#worker = options.worker?.toString();
    this.#tile = options.tile;
  }

  get tile(): number {
    return (this.#tile ??= fastestTile(this));
  }

  get threads(): number {
    return this.#pool?.threads ?? this.#threads;
  }

  get pool(): Pool | undefined {
    if (this.#threads === 1) return undefined;
    return (this.#pool ??= new Pool(
      this.#threads,
      this.module,
      this.heap.memory,
      [...this.numbers.keys()],
      this.#worker,
    ));
  }

  /** Ends the threads. */
  stop(): void {
    this.#pool?.stop();
  }
}

/** Kernels to start: as bytes, which can be changed to use shared memory and 256 bits, or compiled. */
type Source = { bytes: Uint8Array<ArrayBuffer> } | { module: WebAssembly.Module };

/** @throws WasmError if the engine cannot run the kernels; DataError for an option outside its range */
function start(op: string, binary: Binary, source: Source, options: InitOptions): LiveRuntime {
  const { maxBytes = MAX_PAGES * PAGE } = options;
  const bytes = "bytes" in source ? source.bytes : undefined;
  const runs = binary === "relaxed" ? relaxedSimd(bytes) : !bytes || WebAssembly.validate(bytes);
  if (runs === "unfused") {
    throw new WasmError(
      `${op}: this engine does not fuse multiply-adds, so its 'relaxed' kernels would give the numbers of 'simd'; use binary 'simd'`,
    );
  }
  if (!runs) {
    const cure =
      binary === "relaxed"
        ? "use binary 'simd'"
        : "it lacks WebAssembly SIMD, which Chrome 91, Firefox 89, Safari 16.4 and Node 16.4 have, on x64 with SSE4.1";
    throw new WasmError(`${op}: this engine cannot run the '${binary}' kernels; ${cure}`);
  }
  const threads = pickThreads(bytes ? options.threads : (options.threads ?? 1));
  const shared = threads > 1;
  if (shared && !bytes) {
    throw new WasmError(
      `${op}: a compiled module runs on one thread; got threads ${threads}; give the file's bytes or its URL for more`,
    );
  }
  if (!["undefined", "string"].includes(typeof options.worker) && !(options.worker instanceof URL)) {
    throw wrongKind(op, "worker", options.worker, "a URL");
  }
  const limit = Math.min(Math.floor(maxBytes / PAGE), MAX_PAGES);
  if (!(limit >= 1)) throw new DataError(`${op}: maxBytes must be at least ${PAGE}; got ${maxBytes}`);
  const initial = Math.min(FIRST_PAGES, limit);
  const memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared });
  const wide = bytes !== undefined && wantsSimd256(options.simd256);
  const compile = (own: Uint8Array<ArrayBuffer>): WebAssembly.Module =>
    new WebAssembly.Module(wide ? enableSimd256(own) : own);
  const module =
    "module" in source ? source.module : compile(shared ? importShared(source.bytes) : source.bytes);
  return new LiveRuntime(module, new Heap(memory, limit * PAGE), binary, threads, wide, options);
}

/** Starts the kernels that travel inside this module. */
function startOwn(options: InitOptions): LiveRuntime {
  const binary = pickBinary(options.binary);
  return start("init", binary, { bytes: binaryBytes(binary) }, options);
}

let current: LiveRuntime | undefined;
const endings: (() => void)[] = [];

/** Calls fn whenever other kernels replace the running ones, whose memory is then lost. */
export function onReplaced(fn: () => void): void {
  endings.push(fn);
}

/** A value that belongs to the running kernels and ends with them: made when first needed, and again after init(). */
export function perRuntime<T>(make: () => T): () => T {
  let value: T | undefined;
  onReplaced(() => (value = undefined));
  return () => (value ??= make());
}

function replace(next: LiveRuntime): void {
  if (current) {
    current.stop();
    for (const fn of endings) fn();
  }
  current = next;
}

function live(): LiveRuntime {
  return (current ??= startOwn({}));
}

/** The running kernels; starts them with the defaults on first use. */
export function runtime(): Runtime {
  return live();
}

/** The running kernels for another thread. */
export function compiled(): Compiled {
  const { module, binary, heap } = live();
  return { module, binary, shared: heap.shared };
}

/** Starts the kernels that another thread compiled, in this thread's own memory and without threads. */
export function startFrom({ module, binary, shared }: Compiled): void {
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES, shared });
  replace(new LiveRuntime(module, new Heap(memory, MAX_PAGES * PAGE), binary, 1, false, {}));
}

/**
 * Starts the kernels with the given options. Optional: the first tensor starts them with the defaults. Called later, it
 * replaces them together with their memory: tensors made before, and so models, optimizers and batches, are lost, and using
 * one throws a WasmError. Keep their contents with data() or stateDict() first.
 * @throws WasmError if the engine cannot run the binary; DataError for an invalid option or variable FOVEA_…
 */
export function init(options: InitOptions = {}): RuntimeInfo {
  checkOptions<InitOptions>("init", options, INIT_OPTIONS);
  return replaced(startOwn(options));
}

function replaced(next: LiveRuntime): RuntimeInfo {
  replace(next);
  const { binary, threads, simd256 } = next;
  return { binary, threads, simd256 };
}

/**
 * init() with kernels that the caller provides: the file fovea/kernels.relaxed.wasm or fovea/kernels.simd.wasm as a URL (fetched,
 * or read where it is a file), a Response, bytes, or a WebAssembly.Module, which runs on one thread. For bundlers, and for
 * pages that want the kernels as a separate file.
 * @throws WasmError if it cannot be read, is not such a file of this version of fovea, or the engine cannot run it; DataError as init()
 */
export async function initFrom(
  source: KernelSource | Promise<KernelSource>,
  options: Omit<InitOptions, "binary"> = {},
): Promise<RuntimeInfo> {
  const { binary: _, ...names } = INIT_OPTIONS;
  checkOptions<Omit<InitOptions, "binary">>("initFrom", options, names);
  const { binary, ...kernels } = await kernelsFrom(await source);
  return replaced(start("initFrom", binary, kernels, options));
}

/** Bytes of the heap: in use, the most so far, and reserved. */
export function memoryStats(): MemoryStats {
  return runtime().heap.stats();
}
