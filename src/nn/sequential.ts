import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import { flatten } from "../ops/index.js";
import { Module } from "./module.js";

/** Returns x unchanged: a placeholder for a layer that is left out. */
export class Identity extends Module {
  /** x → x itself, no copy. */
  forward(x: Tensor): Tensor {
    return x;
  }
}

/** [n, …] → [n, rest]; images in channel-first order, as PyTorch flattens them. */
export class Flatten extends Module {
  forward(x: Tensor): Tensor {
    return flatten(x);
  }
}

/**
 * Modules applied one after the other; named "0", "1", … in files, or by the keys of an object. Frees each output
 * once the next module has used it.
 */
export class Sequential extends Module {
  readonly #names: readonly string[];
  readonly #layers: Module[];

  constructor(...layers: Module[] | [Record<string, Module>]) {
    super();
    const [first] = layers;
    const named = first === undefined || first instanceof Module ? (layers as Module[]) : first;
    if (typeof named !== "object" || named === null)
      throw wrongKind("Sequential", "layers", named, "Modules");
    this.#names = Object.keys(named);
    this.#layers = Object.values(named);
    this.#layers.forEach((layer, i) => {
      if (!(layer instanceof Module))
        throw wrongKind("Sequential", `layer ${this.#names[i]}`, layer, "a Module");
    });
  }

  /** Number of layers. */
  get length(): number {
    return this.#layers.length;
  }

  /** The i-th module. */
  at(i: number): Module | undefined {
    return this.#layers.at(i);
  }

  override namedChildren(): [name: string, child: Module][] {
    return this.#layers.map((layer, i) => [this.#names[i]!, layer]);
  }

  protected override setChild(name: string, child: Module): void {
    this.#layers[this.#names.indexOf(name)] = child;
  }

  forward(x: Tensor): Tensor {
    return this.#layers.reduce((y, layer) => {
      const next = tidy(() => layer.forward(y));
      if (y !== x && next !== y) y.dispose();
      return next;
    }, x);
  }
}
