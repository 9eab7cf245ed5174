import type { Tensor } from "../core/tensor.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { Adam, type AdamState } from "./adam.js";
import { BLOCK, BLOCK_GRAIN, blockSums, norm } from "./norm.js";
import { number, positive, readOptions, type OptionsOf } from "./options.js";
import type { ParameterGroup, Rates } from "./optimizer.js";

/** Options of LAMB. @useDeclaredType */
export type LAMBOptions = OptionsOf<typeof LAMB.options>;

/**
 * LAMB: each parameter moves by lr·‖p‖ along u = Adam's step + weightDecay·p, whatever the length of u.
 * You et al., Large Batch Optimization for Deep Learning (2019), arXiv 1904.00962; as timm defines it: eps defaults to
 * 1e-6, weightDecay to 0.01, and parameters without weight decay move by lr·u. @throws DataError for an option outside its range
 */
export class LAMB extends Adam {
  /** @hidden */
  static override readonly options = {
    ...Adam.options,
    /** Default 1e-6. */
    eps: number(1e-6),
    /** Default 0.01. */
    weightDecay: number(0.01),
    /** All gradients together are shortened to this length, for the step only. Default 1; Infinity leaves them unchanged. */
    maxGradNorm: positive(1),
  };

  /** Largest length of all gradients together. */
  readonly maxGradNorm: number;
  /** Factor of the gradients in this step. */
  #gain = 1;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: LAMBOptions = {}) {
    super(parameters, options);
    this.maxGradNorm = readOptions(new.target.name, new.target.options, options).maxGradNorm;
  }

  protected override readonly sums = 2;

  protected override look(): void {
    const grads = this.parameters.flatMap((p) => p.grad ?? []);
    this.#gain = this.maxGradNorm === Infinity ? 1 : 1 / Math.max(1, norm(grads) / this.maxGradNorm);
  }

  protected override update(p: Tensor, grad: Tensor, memory: AdamState, { lr, weightDecay }: Rates): void {
    const [beta1, beta2] = this.betas;
    const [correction1, correction2] = this.corrections(memory);
    const fields = {
      p: p.compute(),
      grad: grad.compute(),
      m: memory.ptr("m"),
      v: memory.ptr("v"),
      n: p.size,
      block: BLOCK,
      partials: 0,
      gain: this.#gain,
      lr: 0,
      l2: 0,
      beta1,
      beta2,
      eps: this.eps,
      decay: weightDecay,
      correction1,
      correction2,
      now: 0,
    };
    const [length, stride] = blockSums(p.size, 2, (partials, blocks) =>
      withStruct("Adam", { ...fields, partials }, (shape) =>
        parallel("lambMoments", blocks, BLOCK_GRAIN, shape),
      ),
    ).map(Math.sqrt) as [number, number];
    const trust = weightDecay !== 0 && length > 0 && stride > 0 ? length / stride : 1;
    withStruct("Adam", { ...fields, lr: lr * trust }, (shape) =>
      parallel("lambUpdate", p.size, GRAIN, shape),
    );
  }
}
