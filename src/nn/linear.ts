import { empty, type Tensor } from "../core/tensor.js";
import { linear } from "../ops/index.js";
import { biasUniform, kaimingUniform } from "./init.js";
import { Module, Parameter } from "./module.js";

export interface LinearOptions {
  /** Default true. */
  bias?: boolean;
}

/** y = x·weightᵀ + bias: [n, inFeatures] → [n, outFeatures]. Initialised as PyTorch does: kaimingUniform with a = √5. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super();
    const weight = kaimingUniform(empty([outFeatures, inFeatures], "f32", "Linear"), { a: Math.sqrt(5) });
    this.weight = new Parameter(weight);
    this.bias = bias
      ? new Parameter(biasUniform(empty([outFeatures], "f32", "Linear"), this.weight))
      : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
