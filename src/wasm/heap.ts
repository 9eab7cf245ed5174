// The allocator of the one WebAssembly memory that holds every tensor. It is here and not in the kernels, which
// never allocate. It takes the first block that fits in the smallest size class, and merges neighbouring free blocks at once, so that
// a training loop settles into reusing the same blocks.

import { WasmError } from "../errors.js";

/** Blocks start and end on multiples of this: a cache line. */
const ALIGN = 64;
/** Bytes after every allocation that kernels may read (never write): the width of their widest tile. */
const TAIL = 64;
/**
 * Processors take a load for the same address as an earlier store if the lowest 12 bits agree, and wait. Blocks of this
 * size and more start SHIFT bytes (modulo ALIAS) apart, so that kernels that walk several of them at the same pace
 * do not run into it.
 */
const LARGE = 32 * 1024;
const ALIAS = 4096;
const SHIFT = 1344;
/**
 * Address of kernel arguments that are too many to pass, in i32 words. Below are the kernels' own constants
 * (kernels/math.ts), and nothing at 0, so 0 can mean "none".
 */
const WORDS = 4096;
const MOST_WORDS = 4096;
/** Blocks start here. */
const FIRST = WORDS + 4 * MOST_WORDS;
const PAGE = 65536;
/** memory.grow requests at least this much, so that calls are rare. */
const GROW = 16 * 2 ** 20;

/** The heap's contents; bytes include the rounding of every block. */
export interface MemoryStats {
  /** Bytes of live blocks. */
  bytesInUse: number;
  /** The largest bytesInUse so far. */
  peakBytes: number;
  /** Live blocks. */
  blocks: number;
  /** Size of the WebAssembly memory. */
  reservedBytes: number;
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

function binOf(size: number): number {
  const log = 31 - Math.clz32(size / ALIGN);
  return log * 4 + ((Math.floor(size / ALIGN) >>> Math.max(0, log - 2)) & 3);
}

/** A view of floats in a memory that another thread's heap manages. */
export function floatsAt(memory: WebAssembly.Memory, address: number, length: number): Float32Array {
  return new Float32Array(memory.buffer, address, length);
}

/** A block of the memory; free ones of a size class are linked in the order in which they became free. */
class Block {
  readonly address: number;
  readonly size: number;
  before: Block | undefined = undefined;
  after: Block | undefined = undefined;

  constructor(address: number, size: number) {
    this.address = address;
    this.size = size;
  }
}

/** A list of free blocks. */
class Bin {
  first: Block | undefined = undefined;
  #last: Block | undefined = undefined;

  append(block: Block): void {
    block.before = this.#last;
    if (this.#last) this.#last.after = block;
    else this.first = block;
    this.#last = block;
  }

  remove({ before, after }: Block): void {
    if (before) before.after = after;
    else this.first = after;
    if (after) after.before = before;
    else this.#last = before;
  }
}

export class Heap {
  /** Bytes of live blocks. */
  bytesInUse = 0;
  peakBytes = 0;
  readonly memory: WebAssembly.Memory;
  readonly #limit: number;
  readonly #live = new Map<number, number>(); // address → size
  readonly #starts = new Map<number, Block>(); // free ones by address
  readonly #ends = new Map<number, Block>(); // and by the address after their last byte
  readonly #bins = Array.from({ length: 128 }, () => new Bin());
  #words: Int32Array;
  #wordsInUse = 0;

  constructor(memory: WebAssembly.Memory, limitBytes: number) {
    this.memory = memory;
    this.#limit = limitBytes;
    this.#words = new Int32Array(memory.buffer, WORDS, MOST_WORDS);
    this.#insert(FIRST, memory.buffer.byteLength - FIRST);
  }

  /**
   * Address of a new block of at least `bytes` bytes, contents undefined.
   * @throws WasmError naming what(), the bytes requested and in use, when the memory cannot grow to hold it.
   */
  alloc(bytes: number, what: () => string): number {
    const size = this.room(bytes);
    const address = this.#take(size) ?? (this.#grow(size) ? this.#take(size) : undefined);
    if (address === undefined) {
      throw new WasmError(
        `${what()}: out of memory; requested ${bytes.toLocaleString("en")} bytes, ` +
          `in use ${this.bytesInUse.toLocaleString("en")} of at most ${this.#limit.toLocaleString("en")}`,
      );
    }
    this.#live.set(address, size);
    this.bytesInUse += size;
    if (this.bytesInUse > this.peakBytes) this.peakBytes = this.bytesInUse;
    return address;
  }

  /** Bytes from a block of `bytes` bytes to the next, if it follows directly. */
  room(bytes: number): number {
    return bytes < LARGE ? roundUp(bytes + TAIL, ALIGN) : roundUp(bytes + TAIL, ALIAS) + SHIFT;
  }

  /** Frees a block. @throws WasmError if no block starts at the address (freed twice, or never allocated). */
  free(address: number): void {
    const size = this.#live.get(address);
    if (size === undefined) throw new WasmError(`free: no block at address ${address}`);
    this.#live.delete(address);
    this.bytesInUse -= size;
    this.#insert(address, size);
  }

  /** Runs fn with the address of a block that lives for the call. */
  scratch<T>(bytes: number, what: string, fn: (address: number) => T): T {
    const address = this.alloc(bytes, () => `${what} (scratch)`);
    try {
      return fn(address);
    } finally {
      this.free(address);
    }
  }

  /**
   * Runs fn with the address of i32 words, which are there during the call; fn must not change them. valuesAt returns the words
   * for an address, for words that point at others.
   */
  words<T>(
    count: number,
    valuesAt: (address: number) => ArrayLike<number>,
    what: string,
    fn: (address: number) => T,
  ): T {
    const begin = this.#wordsInUse;
    const end = begin + count;
    if (end > MOST_WORDS) {
      return this.scratch(count * 4, what, (address) => {
        this.i32(address, count).set(valuesAt(address));
        return fn(address);
      });
    }
    const values = valuesAt(WORDS + 4 * begin);
    if (this.#words.buffer !== this.memory.buffer) {
      this.#words = new Int32Array(this.memory.buffer, WORDS, MOST_WORDS);
    }
    for (let i = 0; i < count; i++) this.#words[begin + i] = values[i]!;
    this.#wordsInUse = end;
    try {
      return fn(WORDS + 4 * begin);
    } finally {
      this.#wordsInUse = begin;
    }
  }

  /** Whether other threads may use the memory. */
  get shared(): boolean {
    return !(this.memory.buffer instanceof ArrayBuffer);
  }

  /** Live views of the memory; any later allocation may make them stale. */
  f32(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer as ArrayBuffer, address, length);
  }
  i32(address: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer as ArrayBuffer, address, length);
  }
  f64(address: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.memory.buffer as ArrayBuffer, address, length);
  }
  u8(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  stats(): MemoryStats {
    return {
      bytesInUse: this.bytesInUse,
      peakBytes: this.peakBytes,
      blocks: this.#live.size,
      reservedBytes: this.memory.buffer.byteLength,
    };
  }

  #take(size: number): number | undefined {
    for (let bin = binOf(size); bin < this.#bins.length; bin++) {
      for (let block = this.#bins[bin]!.first; block; block = block.after) {
        if (block.size < size) continue;
        this.#remove(block);
        if (block.size > size) this.#insert(block.address + size, block.size - size);
        return block.address;
      }
    }
    return undefined;
  }

  #grow(size: number): boolean {
    const end = this.memory.buffer.byteLength;
    const last = this.#ends.get(end);
    const missing = size - (last?.size ?? 0);
    for (const ask of [Math.max(missing, GROW, end / 4), missing]) {
      const pages = Math.ceil(ask / PAGE);
      if (end + pages * PAGE > this.#limit) continue;
      try {
        this.memory.grow(pages);
      } catch {
        continue; // the engine refuses: try a smaller request, then report the caller's error
      }
      this.#insert(end, pages * PAGE);
      return true;
    }
    return false;
  }

  /** Adds a free block, merged with its free neighbours. */
  #insert(address: number, size: number): void {
    const before = this.#ends.get(address);
    if (before !== undefined) {
      this.#remove(before);
      address = before.address;
      size += before.size;
    }
    const after = this.#starts.get(address + size);
    if (after !== undefined) {
      this.#remove(after);
      size += after.size;
    }
    const block = new Block(address, size);
    this.#starts.set(address, block);
    this.#ends.set(address + size, block);
    this.#bins[binOf(size)]!.append(block);
  }

  #remove(block: Block): void {
    this.#starts.delete(block.address);
    this.#ends.delete(block.address + block.size);
    this.#bins[binOf(block.size)]!.remove(block);
  }
}
