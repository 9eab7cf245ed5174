import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../errors/options.js";
import { mul } from "../ops/index.js";
import { ReLU, Sigmoid } from "./activation.js";
import { Conv2d, type Conv2dLayerOptions } from "./conv2d.js";
import { Module, type ModuleClass } from "./module.js";
import { AdaptiveAvgPool2d } from "./pool.js";

/** Options of SqueezeExcitation. */
export interface SqueezeExcitationOptions {
  /** The activation between the two convolutions. Default ReLU. */
  activation?: ModuleClass;
  /** The activation that makes the channels' weights. Default Sigmoid. */
  scaleActivation?: ModuleClass;
  /** Options of the two convolutions. */
  conv?: Conv2dLayerOptions;
}

/**
 * Weighs the channels of [n, h, w, c] according to their means. Hu, Shen and Sun, Squeeze-and-Excitation Networks (2017),
 * arXiv 1709.01507.
 */
export class SqueezeExcitation extends Module {
  /** 1×1 convolution from the channels to the squeezed ones. */
  readonly fc1: Conv2d;
  /** 1×1 convolution back. */
  readonly fc2: Conv2d;
  /** Between the two convolutions. */
  readonly activation: Module;
  /** After the second; its output weighs the channels. */
  readonly scaleActivation: Module;
  readonly #avgpool = new AdaptiveAvgPool2d(1);

  constructor(channels: number, squeezeChannels: number, options: SqueezeExcitationOptions = {}) {
    super();
    checkOptions<SqueezeExcitationOptions>("SqueezeExcitation", options, {
      activation: true,
      scaleActivation: true,
      conv: true,
    });
    const { activation: Activation = ReLU, scaleActivation: ScaleActivation = Sigmoid, conv } = options;
    this.fc1 = new Conv2d(channels, squeezeChannels, 1, conv);
    this.fc2 = new Conv2d(squeezeChannels, channels, 1, conv);
    this.activation = new Activation();
    this.scaleActivation = new ScaleActivation();
  }

  forward(x: Tensor): Tensor {
    const squeezed = this.activation.forward(this.fc1.forward(this.#avgpool.forward(x)));
    return mul(x, this.scaleActivation.forward(this.fc2.forward(squeezed)));
  }
}
