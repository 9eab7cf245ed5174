// The gradients of parameters that are trained together, side by side in one block: work on all of them, such as
// summing them over machines, is work on one array.

import { keep } from "./scope.js";
import { Storage } from "./storage.js";
import { aboutToWrite, empty, Tensor } from "./tensor.js";

/** Parts start at multiples of this many floats: a cache line, so that threads writing different parts do not share one. */
const ALIGN = 16;

/** Where backward() leaves a tensor's gradient, if not in its own block. */
const homes = new WeakMap<Tensor, FlatGradients>();

/** A tensor for the gradient of this leaf, with elements not yet written; undefined if the leaf has no free place. */
export function placeOfGradient(leaf: Tensor): Tensor | undefined {
  return homes.get(leaf)?.place(leaf);
}

interface Block {
  readonly all: Tensor;
  /** Start of each parameter's part, in floats; in the parameters' order. */
  readonly offsets: ReadonlyMap<Tensor, number>;
  /** The last storage that was made over each part. */
  readonly parts: Map<Tensor, Storage>;
}

/**
 * One block for the gradients of these parameters, in their order, made when first needed. Parameters that are not trained
 * (requiresGrad false) at that time have no part in it. It exists from the first gradient until free().
 */
export class FlatGradients {
  #parameters: readonly Tensor[];
  #block: Block | undefined;

  constructor(parameters: readonly Tensor[]) {
    this.#parameters = parameters;
  }

  /**
   * From now on backward() writes these parameters' gradients here, not in separate blocks. This is not the default: at the
   * end of the forward pass, when most memory is in use, the block takes room for gradients that come much later.
   */
  claim(): void {
    for (const p of this.#parameters) homes.set(p, this);
  }

  /**
   * From now on the parts are in this order, and those of other parameters after them. Gradients stay where they are until they are next
   * computed.
   * @internal
   */
  arrange(order: readonly Tensor[]): void {
    const places = new Map(order.map((p, i) => [p, i]));
    const place = (p: Tensor): number => places.get(p) ?? order.length;
    this.#parameters = this.#parameters.toSorted((a, b) => place(a) - place(b));
    this.free();
  }

  /**
   * A tensor over the part of p, unless p has no part or something still uses it.
   * @internal
   */
  place(p: Tensor): Tensor | undefined {
    if (this.#block && !this.#block.offsets.has(p) && !this.#held()) this.free(); // it was not trained before
    const { all, offsets, parts } = (this.#block ??= this.#blockOf(this.#trained()));
    const offset = offsets.get(p);
    if (offset === undefined || (parts.get(p)?.users ?? 0) > 0) return undefined;
    const label = (): string => `gradient f32:[${p.shape.join(",")}]`;
    const storage = new Storage(p.bytes, label, { block: all.storage.retain(), offset: 4 * offset });
    parts.set(p, storage);
    return new Tensor(storage, p.shape, "f32");
  }

  /**
   * All gradients as one array, copied there if they are elsewhere, and claim(). The parts of parameters without a gradient and the
   * gaps between parts are zeros. A live view, valid until memory is next allocated. Code that fills such a part calls adopt().
   */
  flat(): Float32Array {
    this.claim();
    const having = this.#parameters.filter((p) => p.grad);
    if (having.some((p) => !this.#isHere(p))) this.#gather(having);
    const { all, offsets } = (this.#block ??= this.#blockOf(this.#trained()));
    aboutToWrite(having.map((p) => p.grad!));
    const view = all.view();
    let end = 0;
    for (const [p, offset] of offsets) {
      view.fill(0, end, offset);
      end = p.grad ? offset + p.size : offset;
    }
    return view.fill(0, end);
  }

  /**
   * The array as a tensor, and where each parameter's part begins in it, in floats.
   * @internal
   */
  get parts(): { readonly all: Tensor; readonly offsets: ReadonlyMap<Tensor, number> } {
    return (this.#block ??= this.#blockOf(this.#trained()));
  }

  /**
   * Whether the gradient of p lies in its part.
   * @internal
   */
  holds(p: Tensor): boolean {
    return p.grad !== undefined && this.#isHere(p);
  }

  /** Gives parameters without a gradient the one now in their part, by default if it is not all zeros. */
  adopt(wanted?: (p: Tensor) => boolean): void {
    if (!this.#block) return;
    const { all, offsets } = this.#block;
    for (const [p, offset] of offsets) {
      if (p.grad || p.disposed) continue;
      const values = all.view().subarray(offset, offset + p.size);
      if (wanted ? !wanted(p) : values.every((v) => v === 0)) continue;
      const grad = this.place(p);
      if (!grad) continue;
      grad.storage.settle(() => undefined); // it has its elements
      grad.storage.owner = "gradients";
      p.grad = keep(grad);
    }
  }

  /** Frees the block once it holds no gradient. The next gradient gets another block. */
  free(): void {
    this.#block?.all.dispose();
    this.#block = undefined;
  }

  /** free(), and the end of claim(). Gradients in the block stay there. */
  dispose(): void {
    this.free();
    for (const p of this.#parameters) if (homes.get(p) === this) homes.delete(p);
  }

  #trained(): Tensor[] {
    return this.#parameters.filter((p) => p.requiresGrad && !p.disposed);
  }

  #held(): boolean {
    return [...this.#block!.parts.values()].some(({ users }) => users > 0);
  }

  #isHere(p: Tensor): boolean {
    return this.#block !== undefined && this.#block.parts.get(p) === p.grad!.storage;
  }

  #blockOf(parameters: readonly Tensor[]): Block {
    const offsets = new Map<Tensor, number>();
    let end = 0;
    for (const p of parameters) {
      offsets.set(p, end);
      end += Math.ceil(p.size / ALIGN) * ALIGN;
    }
    const all = keep(empty([end], "f32", "gradients"));
    all.storage.owner = "gradients";
    return { all, offsets, parts: new Map() };
  }

  /** Moves the gradients of these, some of which are elsewhere, into a new block. */
  #gather(having: readonly Tensor[]): void {
    const wanted = new Set([...having, ...this.#trained()]);
    const block = this.#blockOf(this.#parameters.filter((p) => wanted.has(p)));
    try {
      aboutToWrite([block.all]); // after this nothing can run out of memory
    } catch (error) {
      block.all.dispose();
      throw error;
    }
    this.free();
    this.#block = block;
    for (const p of having) {
      const own = p.grad!;
      p.grad = keep(this.place(p)!).copyFrom(own);
      p.grad.storage.owner = "gradients";
      own.dispose();
    }
  }
}
