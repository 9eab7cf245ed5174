// Parts of the Inception networks: layers side by side, and auxiliary classifiers, which run only in training.

import { tidy } from "../core/scope.js";
import type { Tensor } from "../core/tensor.js";
import * as nn from "../nn/index.js";
import { adaptiveAvgPool2d, avgPool2d, type Pair } from "../ops/index.js";
import type { ConvNormOptions } from "./blocks.js";
import { fitting } from "./classifier.js";
import { lastPath, Network } from "./head.js";
import { Branches, type Layers } from "./layers.js";

/** Makes the convolutions of a network, with the layers after each. */
export type MakeConv = (from: number, to: number, size: Pair, options?: ConvNormOptions) => nn.Module;

/** Width, kernel and options of a convolution. */
export type ConvRow = readonly [to: number, size: Pair, options?: ConvNormOptions];

/** Half the size, without padding. */
export const DOWN = { stride: 2, padding: 0 };

/** Convolutions one after the other. */
export function chain(conv: MakeConv, from: number, ...rows: ConvRow[]): nn.Module[] {
  return rows.map(([to, size, options], i) => conv(i ? rows[i - 1]![0] : from, to, size, options));
}

/** A row of three pixels beside a column. */
export const cross = (conv: MakeConv, from: number, to: number): nn.Module =>
  new Branches({ a: conv(from, to, [1, 3]), b: conv(from, to, [3, 1]) });

/** Means of 5×5 pixels, 3 apart, at least side·side of them; for smaller maps, means of side·side parts. */
export function spacedMeans(x: Tensor, side: number): Tensor {
  const [, h, w] = x.shape as [number, number, number, number];
  return Math.min(h, w) < 3 * side + 2 ? adaptiveAvgPool2d(x, side) : avgPool2d(x, 5, { stride: 3 });
}

/** The layer before an auxiliary classifier, and the weight of its loss. */
export type Auxiliary = readonly [after: string, weight: number];

/** A network with auxiliary classifiers, which run only in training: see outputsOf(). */
export abstract class AuxiliaryNetwork extends Network {
  #auxiliary: Readonly<Record<string, Auxiliary>> = {};

  /** auxiliary: the classifiers among the features, by name. */
  protected override build(features: Layers, end: Layers, auxiliary: Record<string, Auxiliary> = {}): void {
    super.build(features, end);
    this.#auxiliary = auxiliary;
    const names = Object.keys(features).filter((name) => features[name] && name in auxiliary);
    this.heads = [...this.heads, ...names.map((name) => `${name}.${lastPath(features[name]!)}`)];
  }

  /** seen: gets every layer's output, which is otherwise freed. */
  #run(x: Tensor, seen?: Map<string, Tensor>): Tensor {
    let y = x;
    for (const [name, layer] of this.body.namedChildren()) {
      if (name in this.#auxiliary) continue;
      const next = tidy(() => layer.forward(y));
      if (seen) seen.set(name, next);
      else if (y !== x && y !== next) y.dispose();
      y = next;
    }
    return y;
  }

  override forwardFeatures(x: Tensor): Tensor {
    return this.#run(x);
  }

  override forward(x: Tensor): Tensor {
    const wanted = Object.entries(this.#auxiliary);
    if (!this.training || !wanted.length) return super.forward(x);
    const seen = new Map<string, Tensor>();
    const y = fitting(this, x, (images) => this.forwardHead(this.#run(images, seen)));
    const logits = (name: string, after: string): Tensor => this.getSubmodule(name).forward(seen.get(after)!);
    return nn.withAuxiliary(y, wanted.map(([name, [after, weight]]) => ({ weight, logits: logits(name, after) }))); // prettier-ignore
  }
}
