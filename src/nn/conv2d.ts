import { empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { conv2d, type Conv2dOptions, type Pair } from "../ops/index.js";
import { CONV2D } from "../ops/option-names.js";
import { checkPair, checkSize, copied } from "./check.js";
import { kaimingUniform, type Initialiser } from "./init.js";
import { biasOf } from "./linear.js";
import { Module, Parameter } from "./module.js";

/** Options of Conv2d. */
export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Default true. */
  bias?: boolean;
  /** Default: kaimingUniform with a = √5. */
  weightInit?: Initialiser;
  /** Default: U(−1/√fanIn, 1/√fanIn). */
  biasInit?: Initialiser;
}

/**
 * 2-D convolution: [n, h, w, inChannels] → [n, oh, ow, outChannels]. weight is [kh, kw, inChannels/groups, outChannels]
 * in memory and [outChannels, inChannels/groups, kh, kw] in files. Initialised as in PyTorch.
 * @throws ShapeError unless groups divides both channel counts
 */
export class Conv2d extends Module {
  /** [kh, kw, inChannels/groups, outChannels] in memory, PyTorch's layout in files. */
  readonly weight: Parameter;
  /** [outChannels]; undefined without `bias`. */
  readonly bias: Parameter | undefined;
  /** Stride, padding, dilation and groups, as conv2d() takes them. */
  readonly options: Conv2dOptions;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dLayerOptions = {}) {
    super();
    checkOptions<Conv2dLayerOptions>("Conv2d", options, {
      ...CONV2D,
      bias: true,
      weightInit: true,
      biasInit: true,
    });
    checkSize("Conv2d", "inChannels", inChannels);
    checkSize("Conv2d", "outChannels", outChannels);
    checkPair("Conv2d", "kernelSize", kernelSize);
    const {
      bias = true,
      weightInit = (w) => kaimingUniform(w, { a: Math.sqrt(5) }),
      biasInit,
      ...rest
    } = options;
    const { groups = 1 } = rest;
    const [kh, kw] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        `Conv2d: groups must divide the channels; ` +
          `got inChannels ${inChannels} outChannels ${outChannels} groups ${groups}`,
      );
    }
    const weight = empty([kh, kw, inChannels / groups, outChannels], "f32", "Conv2d");
    weightInit(weight);
    this.weight = new Parameter(weight, { fileAxes: [3, 2, 0, 1] });
    this.bias = bias ? biasOf(outChannels, this.weight, biasInit) : undefined;
    this.options = copied(rest);
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options);
  }
}
