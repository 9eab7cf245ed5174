// Applies transforms one after another.

import type { Random } from "../../core/random.js";
import { wrongKind } from "../../errors/options.js";
import type { AnyImage } from "../image.js";
import { specsOf, type Transform, type TransformSpec } from "../transform.js";
import { CenterCrop, Resize } from "./resizing.js";
import { Normalize, ToTensor } from "./to-tensor.js";

type Step = (image: AnyImage, random: Random) => AnyImage;

/** Two transforms in one pass, if there is one: the same result. */
function together(first: Transform, second: Transform | undefined): Step | undefined {
  if (first instanceof ToTensor && second instanceof Normalize) {
    return (image) => first.applyNormalized(image, second);
  }
  if (first instanceof Resize && second instanceof CenterCrop) {
    return (image) => first.applyCropped(image, second);
  }
  return undefined;
}

/** Transforms in their order. Resize does not compute pixels that CenterCrop would cut off; ToTensor and Normalize are one pass. */
export class Compose implements Transform {
  /** undefined if a transform has none. */
  readonly spec: TransformSpec | undefined;
  /** The transforms, in order. */
  readonly transforms: readonly Transform[];
  readonly part: Transform["part"];
  readonly afterPart: Transform["afterPart"];
  readonly #steps: Step[] = [];

  constructor(transforms: readonly Transform[]) {
    if (!Array.isArray(transforms))
      throw wrongKind("Compose", "transforms", transforms, "an array of Transforms");
    transforms.forEach((transform: Transform, i) => {
      if (typeof transform?.apply !== "function" || typeof transform === "function") {
        throw wrongKind("Compose", `transform ${i}`, transform, "a Transform with apply()");
      }
    });
    this.transforms = transforms;
    const specs = specsOf(transforms);
    this.spec = specs && { name: "Compose", options: { transforms: specs } };
    for (let i = 0; i < transforms.length; i++) {
      const transform = transforms[i]!;
      const both = together(transform, transforms[i + 1]);
      this.#steps.push(both ?? ((image, random) => transform.apply(image, random)));
      if (both) i++;
    }
    const [first] = transforms;
    if (first?.part && first.afterPart) {
      this.part = (size, random) => first.part!(size, random);
      this.afterPart = (part, random) =>
        this.#steps.slice(1).reduce((changed, step) => step(changed, random), first.afterPart!(part, random));
    }
  }

  /** @throws DataError as the transforms */
  apply(image: AnyImage, random: Random): AnyImage {
    return this.#steps.reduce((changed, step) => step(changed, random), image);
  }
}
