// The weights of a compiled model, in the layouts that its plans need. They are made when first needed.

import { keep } from "../core/scope.js";
import { Storage } from "../core/storage.js";
import type { Tensor } from "../core/tensor.js";
import { reason, WasmError } from "../errors.js";
import { OWN, type Derived } from "../wasm/plan.js";

export class Constants {
  readonly #makers: ReadonlyMap<string, () => Tensor>;
  readonly #made = new Map<string, Tensor>();
  readonly #derived = new Map<string, Storage>();

  constructor(makers: ReadonlyMap<string, () => Tensor>) {
    this.#makers = makers;
  }

  /** Address of a constant in its own layout. */
  address(name: string): number {
    let t = this.#made.get(name);
    if (!t) this.#made.set(name, (t = keep(this.#make(name))));
    return t.compute();
  }

  #make(name: string): Tensor {
    try {
      return this.#makers.get(name)!();
    } catch (error) {
      throw new WasmError(`compile: ${name} cannot be made: ${reason(error)}`);
    }
  }

  /** Address of a constant in another layout. */
  derived(name: string, { key, layout, bytes, plan }: Derived): number {
    const id = `${name} ${key}`;
    let block = this.#derived.get(id);
    if (!block) {
      const known = this.#made.get(name);
      const from = known ?? keep(this.#make(name));
      block = new Storage(bytes, () => `compile: ${layout} of ${name}`);
      try {
        const address = from.compute();
        block.settle((to) => plan.run([...new Array<number>(OWN).fill(0), address, to]));
        this.#derived.set(id, block);
      } finally {
        if (!known) from.dispose(); // at once, so that the next one has its memory
        if (!this.#derived.has(id)) block.release();
      }
    }
    return block.compute();
  }

  /** Releases all constants in their own layout except these. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, t] of this.#made) {
      if (names.has(name)) continue;
      t.dispose();
      this.#made.delete(name);
    }
  }

  /** Total bytes. */
  get bytes(): number {
    const own = [...this.#made.values()].reduce((sum, t) => sum + t.storage.bytes, 0);
    return [...this.#derived.values()].reduce((sum, block) => sum + block.bytes, own);
  }

  dispose(): void {
    this.keepOnly(new Set());
    for (const block of this.#derived.values()) block.release();
    this.#derived.clear();
  }
}
