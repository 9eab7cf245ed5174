import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import { interpolate, type InterpolateOptions } from "../ops/index.js";
import { INTERPOLATE } from "../ops/option-names.js";
import { checkPair, copied } from "./check.js";
import { Module } from "./module.js";

/** Enlarges images by whole factors, repeating each pixel. */
export class Upsample extends Module {
  /** As interpolate() takes them. */
  readonly options: InterpolateOptions;

  /** @throws ShapeError unless scaleFactor is an integer ≥ 1 or two */
  constructor(options: InterpolateOptions) {
    super();
    checkOptions<InterpolateOptions>("Upsample", options, INTERPOLATE);
    checkPair("Upsample", "scaleFactor", options.scaleFactor);
    this.options = copied(options);
  }

  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }
}
