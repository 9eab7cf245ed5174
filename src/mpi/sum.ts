// Sums over processes in the order of their ranks: each process gets one part of everybody's elements, adds them up, and hands the
// sum to all. As much travels as in a ring: twice (n − 1)/n of the elements out of each process. MPI's own sums have an order that
// depends on library, size and network.

import { addRows, type PendingSum } from "../core/group.js";
import { keep } from "../core/scope.js";
import { aboutToWrite, empty, type Tensor } from "../core/tensor.js";
import type { MpiLibrary } from "./library.js";

// Elements are sent from, and received, where they lie: the heap does not move when it grows (test/mpi/memory.test.ts).

/** Two communicators: transfers of one kind are then begun in the same order everywhere, however they end. */
export interface Channels {
  readonly parts: bigint;
  readonly sums: bigint;
}

/** The sums under way in this process, which are all advanced in the order in which they were begun. */
export class Sums {
  readonly #mpi: MpiLibrary;
  readonly #channels: Channels;
  readonly #rank: number;
  readonly #size: number;
  readonly #pending: Sum[] = [];

  constructor(mpi: MpiLibrary, channels: Channels, rank: number, size: number) {
    this.#mpi = mpi;
    this.#channels = channels;
    this.#rank = rank;
    this.#size = size;
  }

  start(tensor: Tensor, begin: number, end: number): PendingSum {
    const sum = new Sum(this.#mpi, this.#channels, {
      tensor,
      begin,
      end,
      rank: this.#rank,
      size: this.#size,
    });
    this.#pending.push(sum);
    return {
      advance: () => {
        this.#advance();
        return sum.done;
      },
    };
  }

  #advance(): void {
    // Where one still waits for parts, those begun later must not hand out sums: other processes may have them in another order.
    for (const sum of this.#pending) if (!sum.advance()) break;
    while (this.#pending[0]?.done) this.#pending.shift();
  }
}

interface What {
  readonly tensor: Tensor;
  readonly begin: number;
  readonly end: number;
  readonly rank: number;
  readonly size: number;
}

class Sum {
  readonly #mpi: MpiLibrary;
  readonly #channels: Channels;
  readonly #what: What;
  /** Where the sum comes to lie: the tensor itself, or a copy that divides into equal parts. */
  readonly #work: Tensor;
  readonly #at: number;
  /** Elements of a part. */
  readonly #count: number;
  /** This process's part of everybody's elements, while they are coming in. */
  #rows: Tensor | undefined;
  readonly #request = new BigInt64Array(1);
  done = false;

  constructor(mpi: MpiLibrary, channels: Channels, what: What) {
    const { tensor, begin, end, size } = what;
    const n = end - begin;
    this.#mpi = mpi;
    this.#channels = channels;
    this.#what = what;
    this.#count = Math.ceil(n / size);
    const whole = this.#count * size;
    aboutToWrite([tensor]);
    this.#work = whole === n ? tensor : keep(empty([whole], "f32", "allReduce"));
    this.#at = whole === n ? begin : 0;
    this.#rows = keep(empty([size, this.#count], "f32", "allReduce"));
    void this.#rows.compute();
    if (this.#work !== tensor) {
      const copy = this.#work.view(); // before the other view: memory may grow
      copy.set(tensor.view().subarray(begin, end));
      copy.fill(0, n);
    }
    const { byte, call } = mpi;
    const bytes = 4 * this.#count;
    call(
      "Ialltoall",
      this.#view(),
      bytes,
      byte,
      this.#rows.view(),
      bytes,
      byte,
      channels.parts,
      this.#request,
    );
  }

  #view(): Float32Array {
    return this.#work.view().subarray(this.#at, this.#at + this.#count * this.#what.size);
  }

  /** Returns whether the parts are there, so that the next sum may go on. */
  advance(): boolean {
    if (this.done) return true;
    const { call, byte, inPlace } = this.#mpi;
    if (this.#rows) {
      if (!isThere(this.#mpi, this.#request)) return false;
      addRows(this.#rows, this.#work, this.#at + this.#what.rank * this.#count);
      this.#rows.dispose();
      this.#rows = undefined;
      const bytes = 4 * this.#count;
      call("Iallgather", inPlace, bytes, byte, this.#view(), bytes, byte, this.#channels.sums, this.#request);
    }
    if (isThere(this.#mpi, this.#request)) this.#finish();
    return true;
  }

  #finish(): void {
    const { tensor, begin, end } = this.#what;
    this.done = true;
    if (this.#work === tensor) return;
    tensor.view().set(this.#work.view().subarray(0, end - begin), begin);
    this.#work.dispose();
  }
}

const flag = new Int32Array(1);
/** Larger than the status of any library. */
const status = new Uint8Array(64);

/** Whether a transfer has ended; lets the library move it on. */
export function isThere(mpi: MpiLibrary, request: BigInt64Array): boolean {
  mpi.call("Test", request, flag, status);
  return flag[0] !== 0;
}
