// An operation's work as data: which kernels to launch, in which order, on which operands. A Planner makes a plan once for some
// shapes; it then runs any number of times, each time with other operands.
//
// While a plan is made nothing has an address yet. A place stands for one: the number of an operand times 2⁴⁰, plus a byte
// offset. So a planner computes with places as with addresses (x + 4·i), and run() fills in the operands' addresses.

import { ShapeError } from "../errors.js";
import { structWords, type Kernels, type Struct } from "./abi.js";
import {
  LINE,
  launch,
  type Ranged,
  type RangedArgs,
  type Scratched,
  type ScratchedArgs,
} from "./parallel.js";
import { runtime } from "./runtime.js";
import type { structs } from "./table.js";

const OPERAND = 2 ** 40;
/** Operands of every plan: its structs and other words, and its scratch memory. The op's own follow. */
const WORDS = 1;
const SCRATCH = 2;
export const OWN = 3;

/** The address of every operand while kernels report sizes: not 0, which means none. */
const SOMEWHERE = 65536;

/** The place of the op's operand number i. */
export function placeOf(i: number): number {
  return (OWN + i) * OPERAND;
}

/** The operand that a place is in; 0 for a plain number. */
function operandOf(value: number): number {
  return value < OPERAND / 2 || value === Infinity ? 0 : Math.round(value / OPERAND);
}

/** Numbers, some of which are places: fill() replaces these by addresses, in place. */
class Numbers<T extends number[] | Int32Array> {
  readonly values: T;
  /** For each place: its index among the numbers, its operand, its offset. */
  readonly #at: number[] = [];
  readonly #operand: number[] = [];
  readonly #offset: number[] = [];

  constructor(values: T, given: readonly number[]) {
    this.values = values;
    given.forEach((value, at) => {
      const operand = operandOf(value);
      values[at] = operand === 0 ? value : 0;
      if (operand === 0) return;
      this.#at.push(at);
      this.#operand.push(operand);
      this.#offset.push(value - operand * OPERAND);
    });
  }

  /** Whether one of them is a place in this operand. */
  mention(operand: number): boolean {
    return this.#operand.includes(operand);
  }

  fill(addresses: readonly number[]): T {
    const at = this.#at;
    for (let i = 0; i < at.length; i++) {
      const [address, offset] = [addresses[this.#operand[i]!]!, this.#offset[i]!];
      this.values[at[i]!] = offset === 0 ? address : address + offset; // an op's number may be −0
    }
    return this.values;
  }
}

const argumentsOf = (given: readonly number[]): Numbers<number[]> => new Numbers([...given], given);
const wordsOf = (given: readonly number[]): Numbers<Int32Array> =>
  new Numbers(new Int32Array(given.length), given);

/** A launch whose arguments are addresses. */
export interface Bound {
  readonly kernel: keyof Kernels;
  readonly args: readonly number[];
  readonly range: Launch["range"];
}

interface Launch {
  readonly kernel: keyof Kernels;
  readonly args: Numbers<number[]>;
  /** For kernels that do a range of units; other kernels do all their work at once. */
  readonly range: { units: number; grain: number; scratch: number; scratchBytes: number } | undefined;
}

/** The result of a planner. */
interface Made {
  name: string;
  launches: readonly Launch[];
  words: readonly number[];
  scratchBytes: number;
  derived: readonly Derived[];
  absorbs: ReadonlySet<Absorbed>;
  ways: number;
}

/** A value computed from one operand alone, which may be kept with it: its weights in another layout. */
export interface Derived {
  /** Number of the op's operand. */
  readonly of: number;
  /** For errors. */
  readonly layout: string;
  /** A full description of how to compute it: the same weight may be needed under other shapes, or in other groups. */
  readonly key: string;
  readonly bytes: number;
  /** Computes it; operands: its source and its destination. */
  readonly plan: Plan;
}

/**
 * What an op may take over from the one that follows (core/storage.ts, Epilogue); "within": in compiled models, to write its rows
 * as parts of longer ones, those of a concatenation.
 */
export type Absorbed = "moments" | "sum" | "residual" | "activation" | "within";

export class Plan {
  /** What it could also do, if it were planned that way. */
  readonly absorbs: ReadonlySet<Absorbed>;
  /** Number of ways to get the same result, including this one. */
  readonly ways: number;
  /** Operands that run() needs after the op's own. */
  readonly derived: readonly Derived[];
  readonly #launches: readonly Launch[];
  readonly #name: string;
  readonly #words: Numbers<Int32Array>;
  readonly #scratchBytes: number;

  constructor(made: Made) {
    this.#name = made.name;
    this.#launches = made.launches;
    this.#words = wordsOf(made.words);
    this.#scratchBytes = made.scratchBytes;
    this.derived = made.derived;
    this.absorbs = made.absorbs;
    this.ways = made.ways;
  }

  get launchCount(): number {
    return this.#launches.length;
  }

  /**
   * Launches the kernels on operands at these addresses, the op's own from OWN on; 0 for one that is left out. This plan fills
   * in those before. @throws WasmError out of memory
   */
  run(addresses: number[]): void {
    if (this.#scratchBytes === 0) return this.#run(addresses);
    runtime().heap.scratch(this.#scratchBytes, this.#name, (scratch) => {
      addresses[SCRATCH] = scratch;
      this.#run(addresses);
    });
  }

  /** Whether the op's operand number i itself is needed, and not only a value derived from it. */
  uses(i: number): boolean {
    const operand = OWN + i;
    return this.#words.mention(operand) || this.#launches.some(({ args }) => args.mention(operand));
  }

  /** Bytes of its structs and other words, and of its scratch memory, for bind(). */
  get room(): { words: number; scratch: number } {
    return { words: this.#words.values.length * 4, scratch: this.#scratchBytes };
  }

  /**
   * The launches on operands at these addresses, as for run(). Its words are written to `words` and stay there, its scratch
   * memory is at `scratch`.
   */
  bind(addresses: number[], words: number, scratch: number): Bound[] {
    addresses[WORDS] = words;
    addresses[SCRATCH] = scratch;
    const { values } = this.#words;
    if (values.length > 0) runtime().heap.i32(words, values.length).set(this.#words.fill(addresses));
    return this.#launches.map(({ kernel, args, range }) => ({
      kernel,
      args: [...args.fill(addresses)],
      range,
    }));
  }

  #run(addresses: number[]): void {
    const { length } = this.#words.values;
    if (length === 0) return this.#launch(addresses);
    const write = (place: number): Int32Array => {
      addresses[WORDS] = place;
      return this.#words.fill(addresses);
    };
    runtime().heap.words(length, write, this.#name, () => this.#launch(addresses));
  }

  #launch(addresses: readonly number[]): void {
    const { kernels } = runtime();
    for (const { kernel, args, range } of this.#launches) {
      const filled = args.fill(addresses);
      if (range)
        launch(kernel as Ranged, range.units, range.grain, filled, range.scratch, range.scratchBytes);
      else (kernels[kernel] as (...all: number[]) => number)(...filled);
    }
  }
}

/** Makes a plan: an op calls it in place of the kernels. */
export class Planner {
  /** The op, for errors. */
  readonly name: string;
  readonly #keeps: (operand: number) => boolean;
  readonly #operands: number;
  readonly #launches: Launch[] = [];
  /** The launches requested so far. */
  readonly #given: unknown[] = [];
  readonly #words: number[] = [];
  readonly #derived: Derived[] = [];
  readonly #absorbs = new Set<Absorbed>();
  readonly #way: number;
  #ways = 1;
  #scratch = 0;
  #mostScratch = 0;

  /** operands: their number; keeps: whether values derived from an operand may be kept with it; way: see way(). */
  constructor(name: string, operands: number, keeps: (operand: number) => boolean = () => false, way = 0) {
    this.name = name;
    this.#operands = operands;
    this.#keeps = keeps;
    this.#way = way;
  }

  /** Whether values derived from the operand at this place are kept with it. */
  keeps(place: number): boolean {
    return this.#keeps(operandOf(place) - OWN);
  }

  /** Declares what else the op can do. */
  absorbs(what: Absorbed): void {
    this.#absorbs.add(what);
  }

  /** Declares the number of ways to get the same result, of which timing finds the fastest; returns the one to plan. */
  way(count: number): number {
    this.#ways = count;
    return this.#way;
  }

  /** Has a kernel do all units of its work, shared among threads. grain: units worth another thread, about 20 µs. */
  parallel<K extends Ranged>(kernel: K, units: number, grain: number, ...args: RangedArgs<K>): void {
    this.#push(kernel, args as number[], { units, grain, scratch: -1, scratchBytes: 0 });
  }

  /** The same for a kernel that needs scratch memory, this many bytes for each thread. */
  parallelScratch<K extends Scratched>(
    kernel: K,
    units: number,
    grain: number,
    bytes: number,
    ...args: ScratchedArgs<K>
  ): void {
    if (bytes < 0) this.#refuse(bytes); // a product in the kernel exceeded 31 bits
    const scratchBytes = Math.ceil(bytes / LINE) * LINE;
    this.scratch(scratchBytes * runtime().threads, (place) => {
      const range = { units, grain, scratch: args.length, scratchBytes };
      this.#push(kernel, [...(args as number[]), place], range);
    });
  }

  /** Calls a kernel that does all its work at once. */
  call<K extends keyof Kernels>(kernel: K, ...args: Parameters<Kernels[K]>): void {
    this.#push(kernel, args as number[], undefined);
  }

  #push(kernel: keyof Kernels, args: readonly number[], range: Launch["range"]): void {
    this.#given.push(kernel, args, range?.units);
    this.#launches.push({ kernel, args: argumentsOf(args), range });
  }

  /** Plans with the same key do the same. */
  #key(layout: string): string {
    return `${layout} ${JSON.stringify([this.#given, this.#words])}`;
  }

  /** Runs use with the place of memory that its launches share; later launches may reuse it. */
  scratch(bytes: number, use: (place: number) => void): void {
    const begin = this.#scratch;
    this.#scratch = begin + runtime().heap.room(bytes);
    this.#mostScratch = Math.max(this.#mostScratch, this.#scratch);
    use(SCRATCH * OPERAND + begin);
    this.#scratch = begin;
  }

  /** The place of i32 words, which the kernels only read. @throws ShapeError for a number that does not fit */
  words(values: readonly number[]): number {
    for (const value of values) this.#checkWord(value);
    const place = WORDS * OPERAND + 4 * this.#words.length;
    this.#words.push(...values);
    return place;
  }

  /** With sizes whose product exceeds 32 bits kernels would write anywhere, and 2³⁹ would look like a place. */
  #checkWord(value: number): void {
    const operand = operandOf(value);
    const known = operand < OWN + this.#operands + this.#derived.length;
    if (!known || !(Math.abs(value - operand * OPERAND) < 2 ** 32)) this.#refuse(value);
  }

  #refuse(value: number): never {
    throw new ShapeError(`${this.name}: sizes too large; got ${value} for a kernel, which counts in 32 bits`);
  }

  /** The place of a struct of kernels/shapes.ts or kernels/arguments.ts. @throws ShapeError as words() */
  struct<K extends keyof typeof structs>(name: K, fields: Struct<K>): number {
    return this.words(structWords(name, fields));
  }

  /** Has a kernel report sizes, from structs and words whose operands have no addresses yet. */
  ask<K extends keyof Kernels>(kernel: K, ...args: Parameters<Kernels[K]>): number {
    const { kernels, heap } = runtime();
    const words = wordsOf(this.#words);
    const addresses = new Array<number>(OWN + this.#operands + this.#derived.length).fill(SOMEWHERE);
    const write = (place: number): Int32Array => {
      addresses[WORDS] = place;
      return words.fill(addresses);
    };
    return heap.words(words.values.length, write, this.name, () =>
      (kernels[kernel] as (...all: number[]) => number)(...argumentsOf(args as number[]).fill(addresses)),
    );
  }

  /**
   * Runs use with the place of an operand in another layout, which `make` plans. If the operand does not change, this layout is
   * computed once and kept with it: inference packs weights once. Training changes weights at every step, and packs them each time.
   */
  derive(
    from: number,
    layout: string,
    bytes: number,
    make: (planner: Planner, from: number, to: number) => void,
    use: (place: number) => void,
  ): void {
    const of = operandOf(from) - OWN;
    if (!this.keeps(from)) {
      return this.scratch(bytes, (to) => {
        make(this, from, to);
        use(to);
      });
    }
    const planner = new Planner(this.name, 2);
    make(planner, placeOf(0), placeOf(1));
    this.#derived.push({ of, layout, key: planner.#key(layout), bytes, plan: planner.plan() });
    use(placeOf(this.#operands + this.#derived.length - 1));
  }

  plan(): Plan {
    return new Plan({
      name: this.name,
      launches: this.#launches,
      words: this.#words,
      scratchBytes: this.#mostScratch,
      derived: this.#derived,
      absorbs: this.#absorbs,
      ways: this.#ways,
    });
  }
}
