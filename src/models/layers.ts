// Combinations of layers. Their names are those in files.

import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { adaptiveAvgPool2d, add, cat, mul, relu } from "../ops/index.js";

/** undefined: the layer is left out. */
export type Layers = Readonly<Record<string, nn.Module | undefined>>;

/** One after the other. */
export const sequence = (layers: Layers): nn.Sequential =>
  new nn.Sequential(Object.fromEntries(Object.entries(layers).filter(([, layer]) => layer)) as Record<string, nn.Module>); // prettier-ignore

export const times = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));

/** n layers of one kind, one after the other. */
export const repeat = (n: number, make: (i: number) => nn.Module): nn.Sequential =>
  new nn.Sequential(...times(n, make));

/** A network's layers without their names. */
export const unnamed = (layers: nn.Module): nn.Module[] => layers.namedChildren().map(([, layer]) => layer);

/** Layers side by side, with their output channels concatenated. */
export class Branches extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    return tidy(() => cat(unnamed(this).map((branch) => branch.forward(x))));
  }
}

type Place = [name: string, layer: nn.Module, parent: nn.Module, own: string];

const placesIn = (parent: nn.Module, prefix = ""): Place[] =>
  parent.namedChildren().flatMap(([own, layer]): Place[] => {
    const inside = layer.namedChildren();
    const whole = inside.length === 0 || inside.some(([name]) => name === "conv");
    return whole ? [[prefix + own, layer, parent, own]] : placesIn(layer, prefix + own);
  });

/** Layers whose names in files join the names on their path: "branch3x3_" and "1" become "branch3x3_1". */
export class Flat extends nn.Module {
  readonly #inside: nn.Module;

  constructor(inside: nn.Module) {
    super();
    this.#inside = inside;
  }

  override namedChildren(): [name: string, child: nn.Module][] {
    return placesIn(this.#inside).map(([name, layer]) => [name, layer]);
  }

  protected override setChild(name: string, child: nn.Module): void {
    const [, , parent, own] = placesIn(this.#inside).find(([known]) => known === name)!;
    parent.setSubmodule(own, child);
  }

  forward(x: Tensor): Tensor {
    return this.#inside.forward(x);
  }
}

/** Layers side by side, with names joined from their paths. */
export const flatBranches = (branches: Record<string, nn.Module>): Flat => new Flat(new Branches(branches));

/** Weighs channels by its layers' output for their means: Hu et al. (2017), arXiv 1709.01507. */
export class Gate extends nn.Sequential {
  override forward(x: Tensor): Tensor {
    return mul(x, super.forward(adaptiveAvgPool2d(x, 1)));
  }
}

/** A function as a layer. */
export class Apply extends nn.Module {
  readonly #fn: (x: Tensor) => Tensor;

  constructor(fn: (x: Tensor) => Tensor) {
    super();
    this.#fn = fn;
  }

  forward(x: Tensor): Tensor {
    return this.#fn(x);
  }
}

export interface ResidualOptions {
  /** Whether to add the input to the layers' output. Default true. */
  adds?: boolean;
  /** Layers of the shortcut. */
  shortcut?: Layers;
  /** Whether the sum is activated. */
  relu?: boolean;
  /** Probability of leaving the layers out in training. */
  drop?: number;
}

/** Layers, and a shortcut around them: He et al. (2015), arXiv 1512.03385. Huang et al. (2016), arXiv 1603.09382, left layers out. */
export class Residual extends nn.Module {
  readonly #layers: nn.Sequential;
  readonly #shortcut: nn.Sequential;
  #depth: nn.Module | undefined;
  readonly #options: ResidualOptions;

  constructor(layers: Layers, options: ResidualOptions = {}) {
    super();
    const { adds = true, shortcut = {}, drop = 0 } = options;
    this.#layers = sequence(layers);
    this.#shortcut = sequence(shortcut);
    this.#depth = adds && drop ? new nn.StochasticDepth(drop) : undefined;
    this.#options = options;
  }

  override namedChildren(): [name: string, child: nn.Module][] {
    const depth: [string, nn.Module][] = this.#depth ? [["stochasticDepth", this.#depth]] : [];
    return [...this.#layers.namedChildren(), ...this.#shortcut.namedChildren(), ...depth];
  }

  protected override setChild(name: string, child: nn.Module): void {
    const inside = this.#layers.namedChildren().some(([known]) => known === name);
    if (name === "stochasticDepth") this.#depth = child;
    else (inside ? this.#layers : this.#shortcut).setSubmodule(name, child);
  }

  forward(x: Tensor): Tensor {
    return this.beside(x, x);
  }

  /** The layers' output for x, plus the shortcut's for the given input. */
  beside(x: Tensor, past: Tensor): Tensor {
    const y = this.#layers.forward(x);
    const { adds = true, relu: activated = false } = this.#options;
    if (!adds) return y;
    const sum = add(this.#depth?.forward(y) ?? y, this.#shortcut.forward(past));
    return activated ? relu(sum) : sum;
  }
}
