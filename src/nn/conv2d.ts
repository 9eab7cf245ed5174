import { empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { conv2d, type Conv2dOptions, type Pair } from "../ops/index.js";
import { biasUniform, kaimingUniform } from "./init.js";
import { Module, Parameter } from "./module.js";

export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Default true. */
  bias?: boolean;
}

/**
 * 2-D convolution: [n, h, w, inChannels] → [n, oh, ow, outChannels]. weight is [kh, kw, inChannels/groups, outChannels]
 * in memory and [outChannels, inChannels/groups, kh, kw] in files. Initialised as PyTorch does.
 * @throws ShapeError unless groups divides both channel counts
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly options: Conv2dOptions;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dLayerOptions = {}) {
    super();
    const { bias = true, ...rest } = options;
    const { groups = 1 } = rest;
    const [kh, kw] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        `Conv2d: groups must divide the channels; ` +
          `got inChannels ${inChannels} outChannels ${outChannels} groups ${groups}`,
      );
    }
    const weight = empty([kh, kw, inChannels / groups, outChannels], "f32", "Conv2d");
    this.weight = new Parameter(kaimingUniform(weight, { a: Math.sqrt(5) }), { fileAxes: [3, 2, 0, 1] });
    this.bias = bias
      ? new Parameter(biasUniform(empty([outChannels], "f32", "Conv2d"), this.weight))
      : undefined;
    this.options = rest;
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options);
  }
}
