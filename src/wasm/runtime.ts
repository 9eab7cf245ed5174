// Starts the kernels: picks the binary the engine can run, makes the memory, chooses the tile.

import { short, WasmError } from "../errors.js";
import { checkOptions, type Names } from "../errors/options.js";
import { structWords, type Kernels } from "./abi.js";
import { relaxed, simd } from "./binaries.js";
import { Heap, type MemoryStats } from "./heap.js";
import { environmentVariable } from "./host.js";
import { Pool } from "./pool.js";
import { relaxedSimd } from "./relaxed-simd.js";
import { enableSimd256, simd256Works, wantsSimd256, WIDE_TILE } from "./simd256.js";
import { abi } from "./table.js";
import { importShared, pickThreads } from "./threads.js";

/**
 * `relaxed` rounds once in a multiply-add (relaxed SIMD where it is fused); `simd` rounds twice, and runs on every engine with
 * WebAssembly SIMD. Each gives the same bits on every engine that runs it.
 */
export type Binary = "simd" | "relaxed";

export interface InitOptions {
  /**
   * Which kernels to run. Default: `relaxed` where the engine fuses multiply-adds (on Node 20 a V8 flag is set for it), else `simd`;
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
   * FOVEA_SIMD256=1; FOVEA_SIMD256=0 forbids it whatever is asked.
   */
  simd256?: boolean;
  /** Most bytes the heap may grow to. Default: 4 GiB, all that 32-bit WebAssembly addresses. */
  maxBytes?: number;
  /** Which register tile (kernels/tile/tile.ts) matrix products use; results do not depend on it. Default: the fastest. */
  tile?: number;
}

const INIT_OPTIONS: Names<InitOptions> = {
  binary: true,
  winograd: true,
  threads: true,
  simd256: true,
  maxBytes: true,
  tile: true,
};

export interface Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly binary: Binary;
  /** Whether convolutions may use Winograd's algorithm. */
  readonly winograd: boolean;
  /** Number of the register tile that measured fastest here (kernels/tile/tile.ts). It never changes results. */
  readonly tile: number;
  /** Whether vectors of 256 bits are in use. */
  readonly simd256: boolean;
  /** Fewer than asked for once it shows that they cannot be started. */
  readonly threads: number;
  /** The other threads, started on first use; none if there is only one. */
  readonly pool: Pool | undefined;
}

/** The kernels that take a range of units, in the order by which the pool knows them. */
export const rangedKernels: readonly string[] = Object.entries(abi)
  .filter(([, parameters]) => parameters.at(-1) === "end")
  .map(([name]) => name);

const PAGE = 65536;
const MAX_PAGES = 65536;
const FIRST_PAGES = 256;

function decode(base64: string): Uint8Array<ArrayBuffer> {
  if (typeof Buffer !== "undefined") return new Uint8Array(Buffer.from(base64, "base64"));
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The bytes of a kernel binary. */
export function binaryBytes(binary: Binary): Uint8Array<ArrayBuffer> {
  return decode(binary === "relaxed" ? relaxed : simd);
}

function pickBinary(asked: Binary | undefined): Binary {
  const wanted = asked ?? (environmentVariable("FOVEA_BINARY") || undefined);
  if (wanted !== undefined && wanted !== "simd" && wanted !== "relaxed") {
    throw new WasmError(`init: unknown binary '${short(wanted)}'; known: relaxed, simd`);
  }
  if (wanted !== undefined) return wanted;
  return relaxedSimd(binaryBytes("relaxed")) === "fused" ? "relaxed" : "simd";
}

/** What another thread needs to start kernels of its own. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  readonly binary: Binary;
  /** Whether the module wants shared memory. */
  readonly shared: boolean;
}

class LiveRuntime implements Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly binary: Binary;
  readonly winograd: boolean;
  readonly simd256: boolean;
  readonly module: WebAssembly.Module;
  readonly #threads: number;
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
    this.heap = heap;
    this.binary = binary;
    this.winograd = options.winograd ?? true;
    this.simd256 = wide && simd256Works(this.kernels, heap);
    if (wide && !this.simd256) {
      console.warn("fovea: simd256 gives other numbers on this engine and is not used; set FOVEA_SIMD256=0");
    }
    this.#threads = threads;
    this.module = module;
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
    return (this.#pool ??= new Pool(this.#threads, this.module, this.heap.memory, rangedKernels));
  }

  /** Ends the threads. */
  stop(): void {
    this.#pool?.stop();
  }
}

function start(options: InitOptions): LiveRuntime {
  const { binary, maxBytes = MAX_PAGES * PAGE } = options;
  const picked = pickBinary(binary);
  const bytes = binaryBytes(picked);
  const runs = picked === "relaxed" ? relaxedSimd(bytes) : WebAssembly.validate(bytes);
  if (runs === "unfused") {
    throw new WasmError(
      "init: this engine does not fuse multiply-adds, so its 'relaxed' kernels would give the numbers of 'simd'; use binary 'simd'",
    );
  }
  if (!runs) {
    const cure = picked === "relaxed" ? "use binary 'simd'" : "it needs WebAssembly SIMD";
    throw new WasmError(`init: this engine cannot run the '${picked}' kernels; ${cure}`);
  }
  const threads = pickThreads(options.threads);
  const shared = threads > 1;
  const limit = Math.min(Math.floor(maxBytes / PAGE), MAX_PAGES);
  if (!(limit >= 1)) throw new WasmError(`init: maxBytes must be at least ${PAGE}; got ${maxBytes}`);
  const initial = Math.min(FIRST_PAGES, limit);
  const memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared });
  const wide = wantsSimd256(options.simd256);
  const own = shared ? importShared(bytes) : bytes;
  const module = new WebAssembly.Module(wide ? enableSimd256(own) : own);
  return new LiveRuntime(module, new Heap(memory, limit * PAGE), picked, threads, wide, options);
}

/** 6×8, the fastest of 128 bits where the engine keeps the order of instructions: elsewhere it does not fit the registers. */
export const ORDERED_TILE = 1;

/**
 * Tiles that measure alike: with vectors of 256 bits 6×16 takes two thirds of 6×8's time on real shapes (Zen 4), which shows
 * little so soon after the start; 6×8 does better on real shapes than in L1, 3×12 worse (few widths are multiples of 12).
 */
const PREFERENCE = [WIDE_TILE, ORDERED_TILE, 0, 2];

/** Engines start with baseline code and optimise beside it: a decision before LEAST_MS may compare the wrong code. */
const LEAST_MS = 30;
const MOST_MS = 100;

/**
 * Times the tiles on a product that fits L1 and returns the number of the fastest, or of the preferred one within 30 %
 * of it: in L1 6×8 may be 15 % behind, where it does not fit the registers it takes twice as long. Interleaved rounds,
 * best of each; they go on until no tile gets faster.
 */
function fastestTile({ kernels, heap, simd256 }: Runtime): number {
  const [m, n, k] = [48, 48, 256];
  const count = kernels.tileCount();
  const tiles = PREFERENCE.filter((tile) => simd256 || tile !== WIDE_TILE);
  const floats = m * k + k * n + m * n;
  return heap.scratch(floats * 4, "tile choice", (a) => {
    heap.f32(a, floats).fill(1);
    const [b, c] = [a + m * k * 4, a + (m * k + k * n) * 4];
    const shared = { m, n, k, a, rsa: k, csa: 1, b, rsb: n, csb: 1, c, ldc: n, accumulate: 0 };
    const words = structWords("Gemm", { ...shared, unitRows: m, unitColumns: n, tile: 0 });
    return heap.scratch(count * words.length * 4, "tile choice", (shapes) => {
      const shapeOf = (tile: number): number => shapes + tile * words.length * 4;
      for (const tile of tiles) heap.i32(shapeOf(tile), words.length).set([...words.slice(0, -1), tile]);
      const scratch = Math.max(...tiles.map((tile) => kernels.gemmScratch(shapeOf(tile))));
      return heap.scratch(scratch, "tile choice", (work) => {
        const best = new Array<number>(count).fill(Infinity);
        const begin = performance.now();
        const elapsed = (): number => performance.now() - begin;
        for (let stale = 0; elapsed() < LEAST_MS || (stale < 8 && elapsed() < MOST_MS); stale++) {
          for (const tile of tiles) {
            const t0 = performance.now();
            for (let i = 0; i < 4; i++) kernels.gemm(shapeOf(tile), work, 0, 1);
            const t = performance.now() - t0;
            if (t < best[tile]! * 0.97) stale = 0;
            best[tile] = Math.min(best[tile]!, t);
          }
        }
        const limit = Math.min(...best) * 1.3;
        return PREFERENCE.find((tile) => best[tile]! <= limit)!;
      });
    });
  });
}

let current: LiveRuntime | undefined;
const endings: (() => void)[] = [];

/** Has fn called whenever other kernels take the place of the running ones, whose memory is then gone. */
export function onReplaced(fn: () => void): void {
  endings.push(fn);
}

/** What belongs to the running kernels and ends with them: made when first asked for, and anew after init(). */
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
  return (current ??= start({}));
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

/** Starts the kernels that another thread compiled, in a memory of this thread's own and without threads. */
export function startFrom({ module, binary, shared }: Compiled): void {
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES, shared });
  replace(new LiveRuntime(module, new Heap(memory, MAX_PAGES * PAGE), binary, 1, false, {}));
}

/**
 * Starts the kernels with the given options. Optional: the first tensor starts them with the defaults. Called later, it
 * replaces them together with their memory: tensors made before, and so models, optimizers and batches, are lost, and whoever
 * uses one gets a WasmError. Keep what they hold with data() or stateDict() first.
 * @throws WasmError if the engine cannot run the binary.
 */
export function init(options: InitOptions = {}): Pick<Runtime, "binary" | "threads" | "simd256"> {
  checkOptions<InitOptions>("init", options, INIT_OPTIONS);
  const next = start(options);
  replace(next);
  const { binary, threads, simd256 } = next;
  return { binary, threads, simd256 };
}

/** Bytes in use, at most so far, and reserved by the heap. */
export function memoryStats(): MemoryStats {
  return runtime().heap.stats();
}
