import type { Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import { GRAIN, parallel, withStruct } from "../wasm/parallel.js";
import { checkRange, number, option, readOptions, type OptionsOf } from "./options.js";
import { Optimizer, type Beginning, type Memory, type ParameterGroup, type Rates } from "./optimizer.js";

/** Options of Adam and AdamW. @useDeclaredType */
export type AdamOptions = OptionsOf<typeof Adam.options>;

type Betas = readonly [number, number];

/** State of Adam and its relatives for a parameter; only some use steps and growth. */
export type AdamState = Memory<"m" | "v", "power1" | "power2" | "steps" | "growth">;

/** The divisors of a step, and `now`: the weight of the gradient itself beside the mean. */
export interface AdamStep {
  readonly eps: number;
  readonly correction1: number;
  readonly correction2: number;
  readonly now: number;
}

/** Names in errors are like "Adam: betas". */
function checkBetas(what: string, betas: Betas | undefined): void {
  if (!Array.isArray(betas) || betas.length !== 2) {
    const [name, option] = what.split(": ") as [string, string];
    throw wrongKind(name, option, betas, "two numbers");
  }
  betas.forEach((beta: number, i) => checkRange(`${what}[${i}]`, beta, 0, 1));
}

/** The row of Adam's betas. */
export const BETAS = option<Betas>([0.9, 0.999], checkBetas);

/** A parameter's moments, and β₁ᵗ and β₂ᵗ as running products (Math.pow may differ between engines). */
const BEGINNING = { tensors: { m: 0, v: 0 }, numbers: { power1: 1, power2: 1 } };

/** Adam: Kingma and Ba (2014), arXiv 1412.6980. @throws DataError for an option outside its range */
export class Adam extends Optimizer<"m" | "v", "power1" | "power2" | "steps" | "growth"> {
  /** @hidden */
  static readonly options = {
    /** Default 0.001. */
    lr: number(0.001),
    /** Default [0.9, 0.999]. */
    betas: BETAS,
    /** Default 1e-8. */
    eps: number(1e-8),
    /** Adam: L2 penalty added to the gradient, default 0. AdamW: decay of the weights themselves, default 0.01. */
    weightDecay: number(0),
  };

  /** How much of the averages of the gradient and its square a step keeps. */
  readonly betas: readonly [number, number];
  /** Added to the root of the average square. */
  readonly eps: number;

  constructor(parameters: readonly (Tensor | ParameterGroup)[], options: AdamOptions = {}) {
    const { lr, betas, eps, weightDecay } = readOptions(new.target.name, new.target.options, options);
    super(parameters, lr, weightDecay);
    this.betas = betas;
    this.eps = eps;
  }

  /** How weightDecay acts: through the gradient (l2) or on the weight itself (decay). */
  protected decay(weightDecay: number): { l2: number; decay: number } {
    return { l2: weightDecay, decay: 0 };
  }

  /** 1 − β₁ᵗ and 1 − β₂ᵗ of the next step. */
  protected corrections({ numbers }: AdamState): [number, number] {
    numbers.power1 *= this.betas[0];
    numbers.power2 *= this.betas[1];
    return [1 - numbers.power1, 1 - numbers.power2];
  }

  /** The next step's divisors. */
  protected stepOf(memory: AdamState): AdamStep {
    const [correction1, correction2] = this.corrections(memory);
    return { eps: this.eps, correction1, correction2, now: 0 };
  }

  protected override beginning(): Beginning {
    return BEGINNING;
  }

  protected override update(p: Tensor, grad: Tensor, memory: AdamState, { lr, weightDecay }: Rates): void {
    const [beta1, beta2] = this.betas;
    const { l2, decay } = this.decay(weightDecay);
    const moments = { p: p.compute(), grad: grad.compute(), m: memory.ptr("m"), v: memory.ptr("v") };
    const factors = { lr, beta1, beta2, l2, decay, ...this.stepOf(memory) };
    const lambs = { gain: 1, n: p.size, block: 0, partials: 0 };
    withStruct("Adam", { ...moments, ...factors, ...lambs }, (shape) =>
      parallel("adam", p.size, GRAIN, shape),
    );
  }
}

/** Adam with decoupled weight decay: Loshchilov and Hutter (2017), arXiv 1711.05101. weightDecay defaults to 0.01. */
export class AdamW extends Adam {
  /** @hidden */
  static override readonly options = { ...Adam.options, weightDecay: number(0.01) };

  protected override decay(weightDecay: number): { l2: number; decay: number } {
    return { l2: 0, decay: weightDecay };
  }
}
