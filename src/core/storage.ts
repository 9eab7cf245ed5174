// The memory behind tensors: reference-counted blocks of the WebAssembly heap, allocated when first needed.

import { WasmError } from "../errors.js";
import type { Heap } from "../wasm/heap.js";
import type { Absorbed } from "../wasm/plan.js";
import { onReplaced, runtime } from "../wasm/runtime.js";
import type { Tensor } from "./tensor.js";

/** Functions of one element that an operation can apply as it writes. */
export type Activation =
  "relu" | "relu6" | "silu" | "hardswish" | "hardsigmoid" | "sigmoid" | "gelu" | "geluTanh";

/** What the computation of an output can take over from the operation that follows, so that this needs no pass of its own. */
export interface Epilogue {
  /** Leaves the mean and variance of each channel, summed about a pivot near the mean. */
  moments?: { pivot: Tensor; mean: Tensor; variance: Tensor };
  /** Adds to what lies there. */
  sum?: boolean;
  /** Adds another storage's elements. */
  residual?: Storage;
  /** Applied last. */
  activation?: Activation;
}

/**
 * How to compute a storage's elements, later. An operation may leave its result so when the next one probably absorbs it: batch
 * normalisation followed by ReLU then is one kernel. Whoever asks for the address gets the elements computed first.
 */
export interface Deferred {
  /** What write() reads. It stays alive and unchanged until then. */
  readonly sources: readonly Storage[];
  /** What writing them can take over from the next operation. */
  readonly absorbs: ReadonlySet<Absorbed>;
  /** Computes the elements to this address, and does of the epilogue what it absorbs. */
  write(address: number, epilogue?: Epilogue): void;
  /** The last axis of the op's output. */
  readonly channels?: number;
  /** The elements are x·scale + shift for each channel: scale, then shift. */
  readonly scaled?: { readonly coefficients: Storage };
  /** The elements are an activation's gradient: dy times its slope. */
  readonly sloped?: Sloped;
  /** Called when nobody needs it any more: the elements are there, or never will be. */
  readonly ended?: () => void;
}

/** dy times the slope of an activation, which is known from its input or its output. */
export interface Sloped {
  readonly activation: Activation;
  readonly dy: Storage;
  /** What the slope is read from: relu's output, the other activations' input. */
  readonly of: Storage;
  /** The activation's input is x·scale + shift with these, if nothing was added to it. */
  readonly coefficients: Storage | undefined;
}

/** What a block may belong to. */
export const OWNERS = ["parameters", "gradients", "buffers", "optimizers", "averages"] as const;
export type Owner = (typeof OWNERS)[number];

const live = new Set<Storage>();

onReplaced(() => {
  for (const storage of live) storage.lose();
  live.clear();
});

/** Every storage that somebody still uses. */
export function liveStorages(): ReadonlySet<Storage> {
  return live;
}

/** Where a storage lies that is no block of its own: this many bytes into another's, of which it is a user. */
export interface Within {
  readonly block: Storage;
  readonly offset: number;
}

/** A heap block, or a part of one, with a count of its users: tensors that a program holds, and what backward has yet to read. */
export class Storage {
  readonly heap: Heap;
  readonly bytes: number;
  /** The op that allocated it, with dtype and shape. */
  readonly label: () => string;
  readonly #within: Within | undefined;
  /** What frees it, if not the program itself: for reports. */
  owner: Owner | undefined;
  /** Of the elements; 0 until they are there. */
  #address = 0;
  /** Of the memory that is kept for elements that are not there yet; 0 if none is. */
  #reserved = 0;
  #users = 1;
  #version = 0;
  #deferred: Deferred | undefined;
  /** Deferred results that read this storage. */
  #dependents: Set<Storage> | undefined;
  #derived: Map<string, number> | undefined;
  /** Whether its memory is gone. It then has no address, so that nothing else need ask. */
  #lost = false;

  constructor(bytes: number, label: () => string, within?: Within) {
    this.bytes = bytes;
    this.label = label;
    this.#within = within;
    this.heap = runtime().heap;
    live.add(this);
  }

  /** Byte address of the elements; computes them if they were deferred. */
  compute(): number {
    if (this.#address === 0) this.settle((address) => this.#deferred?.write(address));
    return this.#address;
  }

  /**
   * Computes the elements that were deferred in a way of the caller's. Only before they have an address, and they get it only
   * when they are written: after an error they wait as before.
   * @throws WasmError if there is no memory for them, or init() has replaced the memory they lay in
   */
  settle(write: (address: number) => void): void {
    this.#refuseLost();
    const within = this.#within;
    const address = within
      ? within.block.compute() + within.offset
      : this.#reserved || this.heap.alloc(this.bytes, this.label);
    try {
      write(address);
    } catch (error) {
      if (!within && !this.#reserved) this.heap.free(address);
      throw error;
    }
    this.#address = address;
    this.#reserved = 0;
    this.#forget();
  }

  /** Has memory for elements that are not there yet: computing them then cannot run out of it. @throws WasmError */
  reserve(): void {
    this.#refuseLost();
    if (this.#address || this.#within) return;
    this.#reserved ||= this.heap.alloc(this.bytes, this.label);
  }

  /** Byte address for somebody who writes all elements: those that were deferred are not computed. @throws WasmError as settle() */
  overwrite(): number {
    if (this.#address === 0) this.settle(() => undefined);
    return this.#address;
  }

  /** Ends it together with the memory it lies in: from now on whoever asks for its elements gets an error. */
  lose(): void {
    this.#lost = true;
    this.#address = 0;
    this.#reserved = 0;
    this.#derived = undefined;
    this.#deferred?.ended?.();
  }

  #refuseLost(): void {
    if (!this.#lost) return;
    throw new WasmError(
      `${this.label()}: made before init() replaced the kernels and their memory; ` +
        "make tensors, models and optimizers after init()",
    );
  }

  get users(): number {
    return this.#users;
  }

  retain(): this {
    this.#users++;
    return this;
  }

  release(): void {
    if (--this.#users === 0) {
      live.delete(this);
      this.#forget();
      this.#dropDerived();
      if (this.#within) this.#within.block.release();
      else if (this.#address || this.#reserved) this.heap.free(this.#address || this.#reserved);
    }
  }

  /** Whether the elements are there, computed or never written. */
  get ready(): boolean {
    return this.#address !== 0;
  }

  /** How the elements will be computed, if they have not been yet. */
  get deferred(): Deferred | undefined {
    return this.#deferred;
  }

  /** Leaves the elements to be computed when they are asked for, in this way instead of another. Only before they are there. */
  defer(deferred: Deferred): void {
    this.#forget();
    this.#deferred = deferred;
    for (const source of deferred.sources) {
      source.retain();
      (source.#dependents ??= new Set()).add(this);
    }
  }

  #forget(): void {
    const deferred = this.#deferred;
    this.#deferred = undefined;
    for (const source of deferred?.sources ?? []) {
      source.#dependents?.delete(this);
      source.release();
    }
    deferred?.ended?.();
  }

  /** Counts writes, so that backward can tell that a saved value has changed. */
  get version(): number {
    return this.#version;
  }

  /** Says that the elements are about to be written. */
  touch(): void {
    for (const dependent of [...(this.#dependents ?? [])]) void dependent.compute();
    this.#version++;
    this.#dropDerived();
  }

  /**
   * Address of something computed from the elements, kept until they are written or freed; fill writes it. key: what it is, in
   * full; name: for errors.
   */
  derived(key: string, name: string, bytes: number, fill: (address: number) => void): number {
    this.#refuseLost();
    this.#derived ??= new Map();
    let address = this.#derived.get(key);
    if (address === undefined) {
      address = this.heap.alloc(bytes, () => `${name} of ${this.label()}`);
      try {
        fill(address);
      } catch (error) {
        this.heap.free(address);
        throw error;
      }
      this.#derived.set(key, address);
    }
    return address;
  }

  #dropDerived(): void {
    for (const address of this.#derived?.values() ?? []) this.heap.free(address);
    this.#derived = undefined;
  }
}
