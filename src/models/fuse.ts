// Parallel branches as one convolution: Ding et al., RepVGG: Making VGG-style ConvNets Great Again (2021), arXiv 2101.03697, 3.3.
// In evaluation all of them are linear, and a smaller kernel is a larger one surrounded by zeros.

import * as nn from "../nn/index.js";
import * as init from "../nn/init.js";

/** A convolution and its normalisation, or only a normalisation. */
export type Branch = nn.Sequential | nn.BatchNorm2d;

export type FusedShape = Readonly<Record<"from" | "to" | "kernelSize" | "stride" | "groups", number>>;

/** kernel:[k,k,from/groups,to] += scale of each output channel · the branch's kernel, in the middle. */
function addKernel(kernel: Float64Array, shape: FusedShape, scale: Float64Array, conv?: nn.Conv2d): void {
  const { from, to, kernelSize, groups } = shape;
  const inside = from / groups;
  const middle = (kernelSize - 1) / 2;
  if (!conv) {
    const cell = (middle * kernelSize + middle) * inside * to;
    for (let c = 0; c < to; c++) kernel[cell + (c % inside) * to + c]! += scale[c]!; // the channel itself
    return;
  }
  const own = conv.weight.data();
  const size = conv.weight.shape[0]!;
  const margin = middle - (size - 1) / 2;
  for (let i = 0; i < own.length; i++) {
    const cell = Math.floor(i / (inside * to));
    const [row, column] = [margin + Math.floor(cell / size), margin + (cell % size)];
    kernel[(row * kernelSize + column) * inside * to + (i % (inside * to))]! += scale[i % to]! * own[i]!;
  }
}

/** A convolution equal to the sum of the branches in evaluation. Branches are [n,h,w,from] → [n,h′,w′,to]. */
export function fusedConv(branches: readonly Branch[], shape: FusedShape): nn.Conv2d {
  const { from, to, kernelSize, stride, groups } = shape;
  const kernel = new Float64Array((kernelSize * kernelSize * from * to) / groups);
  const bias = new Float64Array(to);
  for (const branch of branches) {
    const part = (name: string) => branch.getSubmodule(name);
    const [conv, bn] = branch instanceof nn.BatchNorm2d ? [undefined, branch] : [part("conv") as nn.Conv2d, part("bn") as nn.BatchNorm2d]; // prettier-ignore
    const [weight, shift, mean, variance] = [bn.weight!, bn.bias!, bn.runningMean!, bn.runningVar!].map((t) => t.data()); // prettier-ignore
    const scale = Float64Array.from(weight!, (w, c) => w / Math.sqrt(variance![c]! + bn.eps));
    addKernel(kernel, shape, scale, conv);
    for (let c = 0; c < to; c++) bias[c]! += shift![c]! - mean![c]! * scale[c]!;
  }
  const padding = (kernelSize - 1) / 2;
  const fused = init.withoutInit(() => new nn.Conv2d(from, to, kernelSize, { stride, padding, groups }));
  fused.weight.copyFrom(Float32Array.from(kernel));
  fused.bias!.copyFrom(Float32Array.from(bias));
  return fused;
}

/** A block that can be simplified without changing its output in evaluation. */
export abstract class Fusable extends nn.Module {
  /** Fusing again does nothing. */
  abstract fuse(): void;
}

/** Fuses all such blocks of a model. */
export function fuseBlocks<T extends nn.Module>(model: T): T {
  for (const module of model.modules()) if (module instanceof Fusable) module.fuse();
  return model;
}
