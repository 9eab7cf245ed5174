// Lists of names that worker threads share: a million paths as text in one piece of memory.

import { asShared, sharedBytes } from "../../data/shared.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Most classes if their number is not given: each takes memory, even without pictures. */
export const MOST_CLASSES = 2 ** 20;

/** A list of texts, such as paths, that worker threads share without copies: `at(i)` is one of them. */
export class Names {
  /** UTF-8, name after name. */
  readonly text: Uint8Array;
  /** End of each name in the text, four bytes each. */
  readonly ends: Uint32Array;

  private constructor(text: Uint8Array, ends: Uint32Array) {
    this.text = text;
    this.ends = ends;
  }

  /** A list of these texts. */
  static from(names: readonly string[]): Names {
    const parts = names.map((name) => encoder.encode(name));
    const text = sharedBytes(parts.reduce((sum, part) => sum + part.length, 0));
    const ends = shared32(Uint32Array, names.length);
    let at = 0;
    parts.forEach((part, i) => {
      text.set(part, at);
      ends[i] = at += part.length;
    });
    return new Names(text, ends);
  }

  /** From what a structured clone leaves: fields without methods. @internal */
  static revive({ text, ends }: Pick<Names, "text" | "ends">): Names {
    return new Names(text, ends);
  }

  /** Number of texts. */
  get length(): number {
    return this.ends.length;
  }

  /** The text at an index. */
  at(i: number): string {
    return decoder.decode(this.text.slice(i === 0 ? 0 : this.ends[i - 1]!, this.ends[i]!)); // no views of shared memory
  }
}

type Array32 = Int32Array | Uint32Array;

/** Zeros of four bytes each in memory that threads share. */
export function shared32<T extends Array32>(
  type: new (buffer: ArrayBufferLike, offset: number, n: number) => T,
  n: number,
): T {
  return new type(sharedBytes(4 * n).buffer, 0, n);
}

/** These labels in memory that threads share. */
export function sharedLabels(labels: readonly number[]): Int32Array {
  const bytes = new Uint8Array(Int32Array.from(labels).buffer);
  const { buffer } = asShared(bytes);
  return new Int32Array(buffer);
}

/** Order by code point, as Python sorts; JavaScript's own is by UTF-16 unit, which differs beyond U+FFFF. */
export function byCodePoint(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const surrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000;
    return surrogate(x) === surrogate(y) ? x - y : surrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}
