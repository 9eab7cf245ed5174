// Recipes: values for the options of a training run. Those we have tried ourselves are small JSON files.

import cifar10Resnet20 from "./recipes/cifar10-resnet20.json";
import finetune from "./recipes/finetune.json";
import mnistLenet5 from "./recipes/mnist-lenet5.json";
import { imagenetRecipes } from "./recipes/imagenet.js";

/** Values of `fovea train`'s options, by the name that --recipe takes. */
export const recipes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "cifar10-resnet20": cifar10Resnet20,
  finetune,
  "mnist-lenet5": mnistLenet5,
  ...imagenetRecipes,
};
