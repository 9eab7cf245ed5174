// Groups of a network's parameters that are trained differently: learning rates by depth, and another one for the head.

import type { Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { Module, Sequential } from "../nn/index.js";
import { noDecay, type ParameterGroup } from "../optim/index.js";

/** Parts that are not just containers, in the order of the network's fields. */
function* parts(module: Module): Generator<Module> {
  for (const [, child] of module.namedChildren()) {
    if (child instanceof Sequential) yield* parts(child);
    else yield child;
  }
}

/**
 * A network's layers, first to last, as parameters: a convolution with the batch norm after it, a residual or dense block, a
 * linear layer.
 */
export function layersOf(model: Module): Tensor[][] {
  const layers: Tensor[][] = [];
  const rest = new Set<Tensor>(model.parameters());
  for (const part of parts(model)) {
    const parameters = part.parameters().filter((p) => rest.delete(p)); // a parameter that layers share belongs to the first
    const isNorm = parameters.every((p) => p.shape.length <= 1);
    if (isNorm && layers.length > 0) layers.at(-1)!.push(...parameters);
    else if (parameters.length > 0) layers.push(parameters);
  }
  if (rest.size > 0) layers.unshift([...rest]); // the network's own parameters
  return layers;
}

/** Options of parameterGroups(). */
export interface ParameterGroupOptions {
  /** Weight decay also for parameters with one axis: biases, batch norm. Default false. */
  decayAll?: boolean;
  /** A layer's learning rate relative to the next one's. Default 1. */
  layerDecay?: number;
  /** The head's learning rate relative to the optimizer's. Default 1. */
  headScale?: number;
  /** Whether a parameter, by its name, belongs to the head. Needed for headScale. */
  isHead?: (name: string) => boolean;
}

/**
 * Groups for an optimizer. With layerDecay, as in timm, a layer k layers before the last has the rate layerDecay^k. The head
 * has headScale wherever it is. Clark et al., ELECTRA (2020), arXiv 2003.10555, appendix; Bao et al., BEiT (2021),
 * arXiv 2106.08254.
 * @throws DataError unless layerDecay is in (0, 1] and headScale ≥ 0
 */
export function parameterGroups(model: Module, options: ParameterGroupOptions = {}): ParameterGroup[] {
  if (!(model instanceof Module)) throw wrongKind("parameterGroups", "model", model, "a Module");
  checkOptions<ParameterGroupOptions>("parameterGroups", options, {
    decayAll: true,
    layerDecay: true,
    headScale: true,
    isHead: true,
  });
  const { decayAll = false, layerDecay = 1, headScale = 1, isHead = () => false } = options;
  if (!(layerDecay > 0 && layerDecay <= 1)) {
    throw new DataError(`parameterGroups: bad layerDecay; got ${layerDecay}; expected a number > 0 and ≤ 1`);
  }
  if (!(headScale >= 0 && headScale < Infinity)) {
    throw new DataError(`parameterGroups: bad headScale; got ${headScale}; expected a number ≥ 0`);
  }
  const split = (parameters: readonly Tensor[], lrScale: number): ParameterGroup[] =>
    (decayAll ? [{ parameters }] : noDecay(parameters)).map((group) => ({ ...group, lrScale }));
  const head = new Set<Tensor>(model.namedParameters().flatMap(([name, p]) => (isHead(name) ? [p] : [])));
  const rest = (layer: readonly Tensor[]): Tensor[] => layer.filter((p) => !head.has(p));
  const layers = layerDecay === 1 ? [model.parameters()] : layersOf(model);
  const last = layers.length - 1;
  return [
    ...layers.flatMap((layer, i) => split(rest(layer), layerDecay ** (last - i))),
    ...split([...head], headScale),
  ].filter(({ parameters }) => parameters.length > 0);
}
