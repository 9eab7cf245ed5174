// The memory behind tensors: reference-counted blocks of the WebAssembly heap, allocated when first needed.

import { WasmError } from "../errors.js";
import type { Heap } from "../wasm/heap.js";
import type { Absorbed } from "../wasm/plan.js";
import { onReplaced, runtime } from "../wasm/runtime.js";
import type { Tensor } from "./tensor.js";

/** Functions of one element that an operation can apply as it writes. */
export type Activation =
  "relu" | "relu6" | "silu" | "hardswish" | "hardsigmoid" | "sigmoid" | "gelu" | "geluTanh";

/** What the computation of an output can take over from the next operation, so that this needs no pass of its own. */
export interface Epilogue {
  /** Leaves the mean and variance of each channel, summed about a pivot near the mean. */
  moments?: { pivot: Tensor; mean: Tensor; variance: Tensor };
  /** Adds to the elements already there. */
  sum?: boolean;
  /** Adds another storage's elements. */
  residual?: Storage;
  /** Applied last. */
  activation?: Activation;
}

/**
 * How to compute a storage's elements, later. An operation may defer its result when the next one probably absorbs it: batch
 * normalisation followed by ReLU is then one kernel. Asking for the address computes the elements first.
 */
export interface Deferred {
  /** What write() reads. It stays alive and unchanged until then. */
  readonly sources: readonly Storage[];
  /** What writing them can take over from the next operation. */
  readonly absorbs: ReadonlySet<Absorbed>;
  /** Computes the elements to this address, and does the parts of the epilogue that it absorbs. */
  write(address: number, epilogue?: Epilogue): void;
  /** The last axis of the op's output. */
  readonly channels?: number;
  /** The elements are x·scale + shift for each channel: scale, then shift. */
  readonly scaled?: { readonly coefficients: Storage };
  /** The elements are an activation's gradient: dy times its slope. */
  readonly sloped?: Sloped;
  /** Called when it is no longer needed: the elements are computed, or never will be. */
  readonly ended?: () => void;
}

/** dy times the slope of an activation, which follows from its input or its output. */
export interface Sloped {
  readonly activation: Activation;
  readonly dy: Storage;
  /** What the slope is computed from: relu's output, the other activations' input. */
  readonly of: Storage;
  /** The activation's input is x·scale + shift with these, if nothing was added to it. */
  readonly coefficients: Storage | undefined;
}

/** Owners of blocks. */
export const OWNERS = ["parameters", "gradients", "buffers", "optimizers", "averages"] as const;
export type Owner = (typeof OWNERS)[number];

const live = new Set<Storage>();

onReplaced(() => {
  for (const storage of live) storage.lose();
  live.clear();
});

/** Every storage in use. */
export function liveStorages(): ReadonlySet<Storage> {
  return live;
}

/** Where a storage is that has no block of its own: this many bytes into another one's, which it keeps alive. */
export interface Within {
  readonly block: Storage;
  readonly offset: number;
}

/** A heap block, or a part of one, with a count of its users: tensors that a program holds, and values that backward has yet to read. */
export class Storage {
  readonly heap: Heap;
  readonly bytes: number;
  /** The op that allocated it, with dtype and shape. */
  readonly label: () => string;
  readonly #within: Within | undefined;
  /** Its owner, which frees it, if not the program itself: for reports. */
  owner: Owner | undefined;
  /** Address of the elements; 0 until they are computed. */
  #address = 0;
  /** Address of the memory reserved for elements that are not computed yet; 0 if there is none. */
  #reserved = 0;
  #users = 1;
  #version = 0;
  #deferred: Deferred | undefined;
  /** Deferred results that read this storage. */
  #dependents: Set<Storage> | undefined;
  #derived: Map<string, number> | undefined;
  /** Whether its memory was freed. It then has no address, so nothing else needs to check. */
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
   * Computes deferred elements in the caller's way. Only before they have an address, which they get only when they are
   * written: after an error they wait as before.
   * @throws WasmError if there is no memory for them, or init() has replaced their memory
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

  /** Reserves memory for elements that are not computed yet, so that computing them cannot run out of it. @throws WasmError */
  reserve(): void {
    this.#refuseLost();
    if (this.#address || this.#within) return;
    this.#reserved ||= this.heap.alloc(this.bytes, this.label);
  }

  /** Byte address for code that writes all elements: deferred ones are not computed. @throws WasmError as settle() */
  overwrite(): number {
    if (this.#address === 0) this.settle(() => undefined);
    return this.#address;
  }

  /** Ends it together with its memory: from now on asking for its elements throws. */
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

  /** Whether the elements have memory, whether computed or never written. */
  get ready(): boolean {
    return this.#address !== 0;
  }

  /** How the elements will be computed, if they have not been yet. */
  get deferred(): Deferred | undefined {
    return this.#deferred;
  }

  /** Leaves the elements to be computed in this way when they are needed, instead of another way. Only before they are computed. */
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

  /** Counts writes, so that backward can detect that a saved value has changed. */
  get version(): number {
    return this.#version;
  }

  /** Prepares for a write: computes what still waits for the old elements, and drops what was derived from them. */
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
