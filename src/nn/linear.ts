import { empty, type Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import { linear } from "../ops/index.js";
import { biasUniform, kaimingUniform, type Initialiser } from "./init.js";
import { Module, Parameter } from "./module.js";

/** Options of Linear. */
export interface LinearOptions {
  /** Default true. */
  bias?: boolean;
  /** Default: kaimingUniform with a = √5. */
  weightInit?: Initialiser;
  /** Default: U(−1/√fanIn, 1/√fanIn). */
  biasInit?: Initialiser;
}

/** The bias of a layer with this weight. */
export function biasOf(size: number, weight: Parameter, biasInit?: Initialiser): Parameter {
  const bias = empty([size], "f32", "bias");
  if (biasInit) biasInit(bias);
  else biasUniform(bias, weight);
  return new Parameter(bias);
}

/** y = x·weightᵀ + bias: [n, inFeatures] → [n, outFeatures]. Initialised as in PyTorch, unless specified otherwise. */
export class Linear extends Module {
  /** [outFeatures, inFeatures]. */
  readonly weight: Parameter;
  /** [outFeatures]; undefined without `bias`. */
  readonly bias: Parameter | undefined;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkOptions<LinearOptions>("Linear", options, { bias: true, weightInit: true, biasInit: true });
    const { bias = true, weightInit = (w) => kaimingUniform(w, { a: Math.sqrt(5) }), biasInit } = options;
    const weight = empty([outFeatures, inFeatures], "f32", "Linear");
    weightInit(weight);
    this.weight = new Parameter(weight);
    this.bias = bias ? biasOf(outFeatures, this.weight, biasInit) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
