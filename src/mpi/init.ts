// Processes that mpirun, mpiexec or srun started, as a Group.

import type { Group, PendingSum } from "../core/group.js";
import { aboutToWrite, Tensor, type AnyTensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { launched } from "./launcher.js";
import { loadMpi, MpiError, type MpiLibrary } from "./library.js";
import { isThere, Sums } from "./sum.js";

/** The processes of an MPI job. */
export interface Mpi extends Group {
  /** What the library calls itself; undefined where this process is alone and needs none. */
  readonly library: string | undefined;
  /** Waits for all processes. */
  barrier(): void;
  /** Waits for all processes asleep, so that those that still compute have the processors. */
  rest(): Promise<void>;
  /** Ends the whole job at once with this exit code: of the others, too. */
  abort(code: number): never;
  /** To be awaited last by every process; rests until all are there. */
  finalize(): Promise<void>;
}

/** More bytes than this go in several messages: counts are C's int. */
const MOST_BYTES = 2 ** 30;
/** Milliseconds between looks whether all processes have come to the end. */
const NAP_MS = 20;

let started: Promise<Mpi> | undefined;

/**
 * Joins the processes that mpirun, mpiexec or srun started; a process that was started alone is a group of one, which needs neither
 * MPI nor koffi. Later calls return the same group.
 * @throws MpiError if koffi or MPI are not there, or the library is of an unknown kind, or sees another number of processes
 */
export function initMpi(): Promise<Mpi> {
  return (started ??= start());
}

async function start(): Promise<Mpi> {
  const by = launched();
  if (!by) return alone;
  const mpi = await loadMpi(by.library);
  const provided = new Int32Array(1);
  mpi.call("Init_thread", null, null, mpi.funneled, provided); // other threads never call it
  mpi.call("Comm_set_errhandler", mpi.world, mpi.errorsReturn);
  if (provided[0]! < mpi.funneled) {
    throw new MpiError(`mpi: ${mpi.version} lets a process have no threads; expected MPI_THREAD_FUNNELED`);
  }
  const out = new Int32Array(1);
  const ask = (name: "Comm_rank" | "Comm_size"): number => {
    mpi.call(name, mpi.world, out);
    return out[0]!;
  };
  const size = ask("Comm_size");
  if (size !== by.size) {
    throw new MpiError(
      `mpi: ${by.name} started ${by.size} processes, of which ${mpi.version} sees ${size}; expected the MPI that ${by.name} ` +
        `belongs to (FOVEA_MPI_LIBRARY names its file${by.name === "srun" ? "; srun --mpi=list shows what Slurm supports" : ""})`,
    );
  }
  return new Processes(mpi, ask("Comm_rank"), size);
}

/** A process that nobody started others beside. */
const alone: Mpi = {
  rank: 0,
  size: 1,
  library: undefined,
  allReduce: (tensor) => void checkTensor(tensor),
  startAllReduce: () => ({ advance: () => true }),
  allGather: (bytes) => [bytes.slice()],
  broadcast: () => {},
  barrier: () => {},
  rest: () => Promise.resolve(),
  abort: (code) => process.exit(code),
  finalize: () => Promise.resolve(),
};

class Processes implements Mpi {
  readonly #mpi: MpiLibrary;
  readonly #sums: Sums;
  readonly rank: number;
  readonly size: number;
  readonly library: string;

  constructor(mpi: MpiLibrary, rank: number, size: number) {
    this.#mpi = mpi;
    this.rank = rank;
    this.size = size;
    this.library = mpi.version;
    const duplicate = (): bigint => {
      const handle = new BigInt64Array(1);
      mpi.call("Comm_dup", mpi.world, handle);
      return handle[0]!;
    };
    this.#sums = new Sums(mpi, { parts: duplicate(), sums: duplicate() }, rank, size);
  }

  allReduce(tensor: Tensor): void {
    checkTensor(tensor);
    const sizes = this.#numbers(tensor.size);
    const other = sizes.findIndex((size) => size !== sizes[0]);
    if (other >= 0) {
      throw new ShapeError(
        `allReduce: tensors of ${sizes[0]} elements on rank 0 and ${sizes[other]} on rank ${other}; expected the same everywhere`,
      );
    }
    const sum = this.startAllReduce(tensor, 0, tensor.size);
    while (!sum.advance());
  }

  startAllReduce(tensor: Tensor, begin: number, end: number): PendingSum {
    return this.#sums.start(tensor, begin, end);
  }

  allGather(bytes: Uint8Array): Uint8Array[] {
    const { world, byte, call } = this.#mpi;
    const lengths = this.#numbers(bytes.length);
    const counts = Int32Array.from(lengths);
    const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b));
    const total = ends.at(-1)!;
    if (total > MOST_BYTES) {
      throw new MpiError(`allGather: ${total} bytes altogether; expected at most ${MOST_BYTES}`);
    }
    const begins = Int32Array.from(ends, (end, i) => end - lengths[i]!);
    const all = new Uint8Array(total);
    call("Allgatherv", bytes, bytes.length, byte, all, counts, begins, byte, world);
    return ends.map((end, i) => all.subarray(begins[i], end));
  }

  broadcast(data: AnyTensor | ArrayBufferView): void {
    if (data instanceof Tensor) aboutToWrite([data]);
    const { buffer, byteOffset, byteLength } = data instanceof Tensor ? data.view() : data;
    for (let done = 0; done < byteLength; done += MOST_BYTES) {
      const count = Math.min(MOST_BYTES, byteLength - done);
      const part = new Uint8Array(buffer, byteOffset + done, count);
      this.#mpi.call("Bcast", part, count, this.#mpi.byte, 0, this.#mpi.world);
    }
  }

  barrier(): void {
    this.#mpi.call("Barrier", this.#mpi.world);
  }

  abort(code: number): never {
    this.#mpi.call("Abort", this.#mpi.world, code);
    process.exit(code);
  }

  async rest(): Promise<void> {
    const request = new BigInt64Array(1);
    this.#mpi.call("Ibarrier", this.#mpi.world, request);
    while (!isThere(this.#mpi, request)) await new Promise((resume) => setTimeout(resume, NAP_MS));
  }

  async finalize(): Promise<void> {
    await this.rest();
    this.#mpi.call("Finalize");
  }

  /** A number of each process. */
  #numbers(own: number): number[] {
    const { world, byte, call } = this.#mpi;
    const all = new Float64Array(this.size);
    call("Allgather", Float64Array.of(own), 8, byte, all, 8, byte, world);
    return [...all];
  }
}

function checkTensor(tensor: Tensor): void {
  if (tensor instanceof Tensor && tensor.dtype === "f32") return;
  throw wrongKind("allReduce", "tensor", tensor, "a tensor of f32");
}
