// Augmentation policies by their names on the command line.

import type { Kind } from "../../errors/kinds.js";
import { knownNames } from "../../errors/suggest.js";
import { DataError, short } from "../../errors.js";
import type { Transform } from "../transform.js";
import { AutoAugment } from "./auto-augment.js";
import { policies, type PolicyName } from "./policies.js";
import { RandAugment } from "./rand-augment.js";
import { TrivialAugmentWide } from "./trivial-augment.js";

const NAMED: Readonly<Record<string, () => Transform>> = {
  ...Object.fromEntries(
    Object.keys(policies).map((policy) => [policy, () => new AutoAugment({ policy: policy as PolicyName })]),
  ),
  original: () => new AutoAugment(),
  ra: () => new RandAugment(),
  ta_wide: () => new TrivialAugmentWide(),
};

/** Names that augmentByName() knows, with one example of the form rand-m9-n2. */
export const augmentNames: readonly string[] = [...Object.keys(NAMED), "rand-m9-n2"];

/** The policy for a name, if any. */
function makerOf(name: string): (() => Transform) | undefined {
  if (Object.hasOwn(NAMED, name)) return NAMED[name];
  const found = /^rand-m(10|\d)(?:-n([1-9]))?(?:-inc1)?$/.exec(name);
  if (!found) return undefined;
  const [, level, ops = "2"] = found;
  return () => new RandAugment({ numOps: Number(ops), magnitude: Number(level), numMagnitudeBins: 11 });
}

/** A policy's name. */
export const policy: Kind<string> = {
  expected: `${augmentNames.slice(0, -1).join(", ")}, or as ${augmentNames.at(-1)!}`,
  metavar: "<policy>",
  names: () => augmentNames,
  accepts: (v): v is string => typeof v === "string" && makerOf(v) !== undefined,
  parse: (name) => (makerOf(name) ? name : undefined),
};

/**
 * A policy by torchvision's or timm's name: "imagenet" (timm: "original"), "cifar10", "svhn": AutoAugment; "ta_wide":
 * TrivialAugmentWide; "ra": RandAugment; "rand-m9-n2": RandAugment of two operations at level 9 of 10, increasing.
 * @throws DataError listing the known names
 */
export function augmentByName(name: string): Transform {
  const make = makerOf(name);
  if (make) return make();
  throw new DataError(`augmentation: unknown policy '${short(name)}'; ${knownNames(name, augmentNames)}`);
}
