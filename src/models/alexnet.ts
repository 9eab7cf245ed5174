// AlexNet in its second form, for one processor and without response normalisation: Krizhevsky, One weird trick for
// parallelizing convolutional neural networks (2014), arXiv 1404.5997, as in torchvision; PaddleClas's form has another dropout.

import { imagenet } from "../data/preprocessing.js";
import * as nn from "../nn/index.js";
import { DownscaledDropout } from "./blocks.js";
import { Network } from "./head.js";
import { PLAIN, defineModel, type ModelOptions } from "./model.js";

/** Images of ≥ 63 pixels. */
export class AlexNet extends Network {
  protected override side = 6;

  /** paddle: PaddleClas's form, whose dropout scales in evaluation. */
  constructor(options: ModelOptions = {}, paddle = false) {
    super(options);
    const { numClasses = 1000, inChannels = 3, dropout = 0.5 } = options;
    const drop = () => new (paddle ? DownscaledDropout : nn.Dropout)(dropout);
    const pool = () => new nn.MaxPool2d(3, { stride: 2 });
    // prettier-ignore
    const features = new nn.Sequential(
      new nn.Conv2d(inChannels, 64, 11, { stride: 4, padding: 2 }), new nn.ReLU(), pool(),
      new nn.Conv2d(64, 192, 5, { padding: 2 }), new nn.ReLU(), pool(),
      new nn.Conv2d(192, 384, 3, { padding: 1 }), new nn.ReLU(),
      new nn.Conv2d(384, 256, 3, { padding: 1 }), new nn.ReLU(),
      new nn.Conv2d(256, 256, 3, { padding: 1 }), new nn.ReLU(), pool(),
    );
    // prettier-ignore
    const classifier = new nn.Sequential(
      drop(), new nn.Linear(256 * 6 * 6, 4096), new nn.ReLU(),
      drop(), new nn.Linear(4096, 4096), new nn.ReLU(),
      new nn.Linear(4096, numClasses),
    );
    this.build({ features }, { classifier });
  }
}

const traits = { series: "AlexNet", ...PLAIN, smallImages: "needs images of at least 63 pixels" };

/** AlexNet: 61.1 M parameters, for images of 224 × 224 pixels. */
export const alexnet = defineModel("alexnet", imagenet(), (o) => new AlexNet(o), traits);
/** AlexNet as PaddleClas builds it: 61.1 M parameters, for images of 224 × 224 pixels. Also known as AlexNet. */
export const paddle_alexnet = defineModel("paddle_alexnet", imagenet(), (o) => new AlexNet(o, true), { ...traits, aliases: ["AlexNet"] }); // prettier-ignore
