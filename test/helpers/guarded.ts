// Memory for kernels with guards around every array: what a kernel must not write stays as it was, what it must write
// is written. Guards hold NaN, so that a value read from beyond an array and used shows in the output.

import { expect } from "vitest";
import { runtime } from "../../src/wasm/runtime.js";
import { structWords, type Struct } from "../../src/wasm/abi.js";
import { structs } from "../../src/wasm/table.js";
import { draw, type Draw } from "./random.js";

/** A NaN that no kernel produces. */
const SENTINEL = 0x7fc5a5a5;
/** Words before and after every array. 15 before, so that arrays start on no more than 4 bytes. */
const BEFORE = 15;
const AFTER = 17;

const F32 = 1;
const I32 = 2;

interface Region {
  what: string;
  block: number;
  words: number;
  /** The block before the kernel ran. */
  snapshot: Uint8Array;
  /** 1 for bytes that the kernel may write. */
  open: Uint8Array;
  /** F32 or I32 for words that the kernel must write, by what they then hold. */
  must: Uint8Array;
  /** Whether there are such words. */
  filled: boolean;
}

/** Numbers drawn before: every call of every kernel draws the same ones for its first array, its second and so on. */
const drawn = new Map<string, Float32Array>();

/** draw() of an array's numbers. */
function numbers(kind: Draw, name: string, n: number): ArrayLike<number> {
  if (kind === "distinct") return draw(kind, name, n);
  const key = `${kind} ${name}`;
  let known = drawn.get(key);
  if (!known || known.length < n) drawn.set(key, (known = Float32Array.from(draw(kind, name, 2 * n))));
  return known.subarray(0, n);
}

export class Guarded {
  readonly #regions: Region[] = [];
  readonly #checks: boolean;

  /** checks: whether check() is going to be called. Otherwise nothing is noted for it. */
  constructor({ checks = true } = {}) {
    this.#checks = checks;
  }

  /** n random numbers that the kernel only reads. */
  input(n: number, kind: Draw = "normal"): number {
    return this.inputOf(numbers(kind, `input ${this.#regions.length}`, n));
  }

  inputOf(values: ArrayLike<number>): number {
    const { block, address } = this.#region("an input", values.length);
    runtime().heap.f32(address, values.length).set(values);
    return this.#seal(block, address);
  }

  /** Integers that the kernel only reads. */
  ints(values: readonly number[]): number {
    const { block, address } = this.#region("an input of integers", values.length);
    runtime().heap.i32(address, values.length).set(values);
    return this.#seal(block, address);
  }

  bytes(values: readonly number[]): number {
    const { block, address } = this.#region("an input of bytes", Math.ceil(values.length / 4));
    runtime().heap.u8(address, values.length).set(values);
    return this.#seal(block, address);
  }

  /** A struct of kernels/shapes.ts; fields not given are 0, groups 1. */
  struct<K extends keyof typeof structs>(name: K, fields: Partial<Struct<K>>): number {
    const zeros = Object.fromEntries(
      Object.keys(structs[name]).map((field) => [
        field,
        /^(groups|kernelHeight|kernelWidth|segmentBlocks)$/.test(field) ? 1 : 0,
      ]),
    );
    return this.ints(structWords(name, { ...zeros, ...fields } as Struct<K>));
  }

  /** n words that the kernel must fill, with numbers that are not NaN. */
  output(n: number, type: "f32" | "i32" = "f32"): number {
    return this.matrix(1, n, n, type);
  }

  /** rows × columns words to fill, rows `stride` apart; what lies between is guarded. */
  matrix(rows: number, columns: number, stride: number, type: "f32" | "i32" = "f32"): number {
    const words = rows === 0 ? 0 : (rows - 1) * stride + columns;
    const { region, block, address } = this.#region("an output", words);
    region.filled = words > 0;
    for (let r = 0; r < rows; r++) {
      const first = BEFORE + r * stride;
      region.open.fill(1, first * 4, (first + columns) * 4);
      region.must.fill(type === "f32" ? F32 : I32, first, first + columns);
    }
    return this.#seal(block, address);
  }

  /**
   * Arrays of rows of `columns` words to fill, `gap` guarded words after each array. Rows are padded to whole vectors, in
   * which the kernel may leave anything.
   */
  padded(arrays: number, rows: number, columns: number, gap: number): number {
    const stride = Math.ceil(columns / 4) * 4;
    const { region, block, address } = this.#region("a padded output", arrays * (rows * stride + gap));
    for (let a = 0; a < arrays; a++) {
      for (let r = 0; r < rows; r++) {
        const first = BEFORE + a * (rows * stride + gap) + r * stride;
        region.open.fill(1, first * 4, (first + stride) * 4);
        region.must.fill(F32, first, first + columns);
        region.filled = true;
      }
    }
    return this.#seal(block, address);
  }

  /** n random numbers that the kernel updates in place. */
  inout(n: number, kind: Draw = "normal"): number {
    const address = this.output(n);
    runtime()
      .heap.f32(address, n)
      .set(numbers(kind, `inout ${this.#regions.length}`, n));
    return address;
  }

  /** n bytes that the kernel may write. */
  outputBytes(n: number): number {
    const { region, block, address } = this.#region("an output of bytes", Math.ceil(n / 4));
    region.open.fill(1, BEFORE * 4, BEFORE * 4 + n);
    return this.#seal(block, address);
  }

  /** n bytes that the kernel must fill. */
  filledBytes(n: number): number {
    const address = this.outputBytes(n);
    const region = this.#regions.at(-1)!;
    region.must.fill(I32, BEFORE, BEFORE + (n >> 2));
    region.filled = n >> 2 > 0;
    return address;
  }

  scratch(bytes: number): number {
    return this.outputBytes(Math.ceil(bytes / 4) * 4);
  }

  /** Asserts that nothing else was written, and all that had to be. Frees the arrays. */
  check(): void {
    if (!this.#checks) throw new Error("Guarded: made without checks");
    const { heap } = runtime();
    for (const { what, block, words, snapshot, open, must, filled } of this.#regions) {
      const now = heap.u8(block, words * 4);
      // A loop, not findIndex(): scratch memory has hundreds of thousands of bytes.
      let wrong = -1;
      for (let i = 0; i < now.length; i++) {
        if (open[i] === 0 && now[i] !== snapshot[i]) {
          wrong = i;
          break;
        }
      }
      if (wrong >= 0) {
        const word = Math.floor(wrong / 4) - BEFORE;
        expect.fail(`${what} of ${words - BEFORE - AFTER} words: word ${word} is not the kernel's to write`);
      }
      const bits = heap.i32(block, words);
      const floats = heap.f32(block, words);
      let missing = -1;
      for (let word = 0; filled && word < words && missing < 0; word++) {
        const type = must[word];
        if ((type === I32 && bits[word] === SENTINEL) || (type === F32 && Number.isNaN(floats[word])))
          missing = word;
      }
      if (missing >= 0) {
        const left = bits[missing] === SENTINEL ? "was not written" : "is NaN";
        expect.fail(`${what} of ${words - BEFORE - AFTER} words: word ${missing - BEFORE} ${left}`);
      }
    }
    this.free();
  }

  /** What the arrays that must be filled hold. */
  results(): Uint8Array[] {
    const filled = this.#regions.filter((region) => region.filled);
    return filled.map(({ block, words }) => runtime().heap.u8(block, words * 4).slice()); // prettier-ignore
  }

  free(): void {
    for (const { block } of this.#regions) runtime().heap.free(block);
    this.#regions.length = 0;
  }

  #region(what: string, n: number): { region: Region; block: number; address: number } {
    const { heap } = runtime();
    const words = BEFORE + n + AFTER;
    const block = heap.alloc(words * 4, () => what);
    heap.i32(block, words).fill(SENTINEL);
    const region = {
      what: `array ${this.#regions.length} (${what})`,
      block,
      words,
      snapshot: new Uint8Array(),
      open: new Uint8Array(this.#checks ? words * 4 : 0),
      must: new Uint8Array(this.#checks ? words : 0),
      filled: false,
    };
    this.#regions.push(region);
    return { region, block, address: block + BEFORE * 4 };
  }

  #seal(block: number, address: number): number {
    const region = this.#regions.at(-1)!;
    if (this.#checks) region.snapshot = runtime().heap.u8(block, region.words * 4).slice(); // prettier-ignore
    return address;
  }
}
