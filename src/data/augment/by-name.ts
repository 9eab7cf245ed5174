// Policies of augmentation by the names that command lines give them.

import { knownNames } from "../../errors/suggest.js";
import { DataError, short } from "../../errors.js";
import type { Transform } from "../transform.js";
import { AutoAugment } from "./auto-augment.js";
import type { PolicyName } from "./policies.js";
import { RandAugment } from "./rand-augment.js";
import { TrivialAugmentWide } from "./trivial-augment.js";

const POLICIES: readonly string[] = ["imagenet", "cifar10", "svhn"] satisfies PolicyName[];

/** Names that augmentByName() knows; those of the form rand-m9-n2 by one of them. */
export const augmentNames: readonly string[] = [...POLICIES, "original", "ra", "rand-m9-n2", "ta_wide"];

/**
 * A policy by torchvision's or timm's name: "imagenet" (timm: "original"), "cifar10", "svhn": AutoAugment; "ta_wide":
 * TrivialAugmentWide; "ra": RandAugment; "rand-m9-n2": RandAugment of two operations at level 9 of 10, increasing.
 * @throws DataError listing what is known
 */
export function augmentByName(name: string): Transform {
  if (POLICIES.includes(name)) return new AutoAugment({ policy: name as PolicyName });
  if (name === "original") return new AutoAugment();
  if (name === "ta_wide") return new TrivialAugmentWide();
  if (name === "ra") return new RandAugment();
  const found = /^rand-m(10|\d)(?:-n([1-9]))?(?:-inc1)?$/.exec(name);
  if (found) {
    const [, level, ops = "2"] = found;
    return new RandAugment({ numOps: Number(ops), magnitude: Number(level), numMagnitudeBins: 11 });
  }
  throw new DataError(`augmentation: unknown policy '${short(name)}'; ${knownNames(name, augmentNames)}`);
}
