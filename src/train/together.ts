// What processes that train together exchange in a step: the sum of their gradients, bucket by bucket while backward goes on, and
// then what they count.

import type { FlatGradients } from "../core/flat-gradients.js";
import { gatherNumbers, sumNumbers, type Group, type PendingSum } from "../core/group.js";
import { defaultRandom, Random } from "../core/random.js";
import { keep } from "../core/scope.js";
import { tensor, type AnyTensor, type Tensor } from "../core/tensor.js";
import { turn } from "../core/turn.js";
import type { Module } from "../nn/index.js";

/**
 * Gradients that are summed at once. The first parameters, whose gradients come last, are in the smallest bucket, as nothing hides its sum;
 * each further one has twice as many floats, up to as many as a network needs for its full speed.
 */
const SMALLEST_BUCKET = 2 ** 16;
const LARGEST_BUCKET = 2 ** 20;
/** Looks at what is under way before the process sleeps between them, as others need the processors then. */
const EAGER_LOOKS = 1000;

/** The first element of each bucket of a number of floats. Buckets divide into equal parts, on cache lines, except for the last. */
export function bucketsOf(floats: number, processes: number): number[] {
  const unit = 16 * processes;
  const begins: number[] = [];
  let size = SMALLEST_BUCKET;
  for (
    let at = 0;
    at < floats;
    at += Math.ceil(size / unit) * unit, size = Math.min(2 * size, LARGEST_BUCKET)
  ) {
    begins.push(at);
  }
  return begins;
}

/** Sums the gradients of a step over the processes. Buckets are begun from the last parameters to the first, everywhere in this order. */
export class GradientSums {
  readonly #group: Group;
  readonly #gradients: FlatGradients;
  /** The first element of each bucket. */
  #begins: number[] = [];
  /** How many parameters' gradients are not complete, for each bucket that is not begun. */
  #missing: number[] = [];
  #begun: PendingSum[] = [];
  /** Whether gradients are in their place, so that buckets may be begun before the step's end. */
  #early = false;
  /** Milliseconds in which this process had nothing to do but wait for the sum, over all steps. */
  waitedMs = 0;

  constructor(group: Group, gradients: FlatGradients) {
    this.#group = group;
    this.#gradients = gradients;
  }

  /** The buckets that hold elements of p. */
  #bucketsOf(p: Tensor, offset: number): { first: number; last: number } {
    const bucketOf = (element: number): number => this.#begins.findLastIndex((begin) => begin <= element);
    return { first: bucketOf(offset), last: bucketOf(offset + p.size - 1) };
  }

  /** From here on, gradients that complete() names are final. */
  begin(): void {
    const { all, offsets } = this.#gradients.parts;
    this.#begins = bucketsOf(all.size, this.#group.size);
    this.#missing = this.#begins.map(() => 0);
    for (const [p, offset] of offsets) {
      const { first, last } = this.#bucketsOf(p, offset);
      for (let i = first; i <= last; i++) this.#missing[i]!++;
    }
    this.#early = true;
  }

  /**
   * A parameter whose gradient is complete: begins the buckets that then are. Moves on those that were begun, as many libraries move
   * nothing between calls: it should be called every few milliseconds.
   */
  complete(p: Tensor | undefined): void {
    const offset = p && this.#gradients.parts.offsets.get(p);
    if (p && offset !== undefined) {
      if (!this.#gradients.holds(p)) this.#early = false; // somebody holds the last step's: it has a place of its own
      const { first, last } = this.#bucketsOf(p, offset);
      for (let i = first; i <= last; i++) this.#missing[i]!--;
    }
    while (this.#early && this.#missing.length > 0 && this.#missing.at(-1) === 0) this.#beginLast();
    this.#begun.at(-1)?.advance();
  }

  #beginLast(): void {
    this.#missing.pop();
    const { all } = this.#gradients.parts;
    const at = this.#missing.length;
    const end = this.#begins[at + 1] ?? all.size;
    this.#begun.push(this.#group.startAllReduce(all, this.#begins[at]!, end));
  }

  async #wait(): Promise<void> {
    for (let looks = 0; this.#begun.length > 0; looks++) {
      if (this.#begun.at(-1)!.advance()) this.#begun = [];
      else if (looks < EAGER_LOOKS) await turn();
      else await new Promise((resume) => setTimeout(resume, 1));
    }
  }

  /** Sums what is left, and waits until all sums are there. */
  async finish(): Promise<void> {
    const begin = performance.now();
    if (this.#missing.length === 0 && this.#begun.length === 0) this.begin(); // no batch of this process came that far
    if (!this.#early) await this.#wait(); // gradients are about to be gathered elsewhere
    this.#gradients.flat();
    while (this.#missing.length > 0) this.#beginLast();
    await this.#wait();
    this.#early = false;
    this.waitedMs += performance.now() - begin;
  }
}

/** Whether any process says so. */
export function anySays(group: Group, own: boolean): boolean {
  return sumNumbers(group, [Number(own)])[0]! > 0;
}

/**
 * Gives parameters a gradient that have one in another process, so that all optimizers do the same. `having`: how many have one, in
 * each process.
 */
export function adoptTogether(group: Group, gradients: FlatGradients, having: ArrayLike<number>): void {
  const parameters = [...gradients.parts.offsets.keys()];
  if (Array.from(having).every((n) => n === parameters.length)) return;
  const masks = group.allGather(Uint8Array.from(parameters, (p) => Number(p.grad !== undefined)));
  const wanted = new Set(parameters.filter((_, i) => masks.some((mask) => mask[i])));
  gradients.adopt((p) => wanted.has(p));
}

/**
 * Running statistics and other buffers: after each step all processes have the means of what they make of them, weighted by their images,
 * and the largest of their counters. The state of rank 0 then is that of all whenever a checkpoint is taken.
 */
export class Buffers {
  readonly #group: Group;
  readonly #floats: Tensor[];
  readonly #counters: AnyTensor[];
  /** As they were after the last step, one after the other. Means are taken of the changes: what does not change keeps its bits. */
  #last: Float32Array;

  constructor(group: Group, model: Module) {
    const buffers = model.namedBuffers().map(([, buffer]) => buffer);
    this.#group = group;
    this.#floats = buffers.filter((b): b is typeof b & Tensor => b.dtype === "f32");
    this.#counters = buffers.filter((b) => b.dtype !== "f32");
    this.#last = this.#values();
  }

  #values(): Float32Array {
    return Float32Array.from(this.#floats.flatMap((b) => [...b.view()]));
  }

  /** `share`: of the step's images, those of this process. */
  average(share: number): void {
    if (this.#last.length > 0) {
      const last = this.#last;
      const sum = tensor(
        this.#values().map((value, i) => (value - last[i]!) * share),
        [last.length],
      );
      try {
        this.#group.allReduce(keep(sum));
        const change = sum.view();
        this.#last = last.map((value, i) => value + change[i]!);
      } finally {
        sum.dispose();
      }
      let at = 0;
      for (const buffer of this.#floats) buffer.copyFrom(this.#last.subarray(at, (at += buffer.size)));
    }
    if (this.#counters.length === 0) return;
    const theirs = gatherNumbers(
      this.#group,
      this.#counters.flatMap((b) => [...b.view()]),
    );
    const most = Array.from(theirs[0]!, (_, i) =>
      theirs.reduce((max, each) => Math.max(max, each[i]!), -Infinity),
    );
    for (const counter of this.#counters) counter.copyFrom(most.splice(0, counter.size));
  }
}

/** Lets each process draw its own numbers within a step, and all go on from the same place. */
export class OwnNumbers {
  readonly #rank: number;
  #after: ReturnType<typeof defaultRandom>["state"] | undefined;

  constructor({ rank }: Group) {
    this.#rank = rank;
  }

  begin(): void {
    if (this.#after) return;
    const random = defaultRandom();
    const seed = random.bits();
    this.#after = random.state;
    random.restore(new Random(this.#rank * 2 ** 32 + seed).state);
  }

  end(): void {
    this.begin();
    defaultRandom().restore(this.#after!);
    this.#after = undefined;
  }
}
