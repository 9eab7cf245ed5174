// The interface of transforms: a step from one image to the next that can be described as JSON, so that worker threads can
// make the same one.

import { checkKinds } from "../errors/options.js";
import type { Random } from "../core/random.js";
import type { AnyImage, RawImage } from "./image.js";
import type { Box } from "./transforms/geometry.js";

/** A transform's name and its options, plain JSON. */
export interface TransformSpec {
  /** The name that the transform is registered under; see registerTransform(). */
  readonly name: string;
  /** Options that makeTransform() passes to the function registered under that name. */
  readonly options: object;
}

/** One step of preprocessing. Transforms hold no state: the result depends only on image and random. */
export interface Transform {
  /** The spec from which worker threads make it. Your own transform needs none if no worker threads are used. */
  readonly spec?: TransformSpec | undefined;
  /**
   * The image after this step; the given one is not changed. `random` is the sample's own stream, the same for the same seed,
   * epoch and index in any thread.
   */
  apply(image: AnyImage, random: Random): AnyImage;
  /**
   * For a transform that begins by cutting out a part, which decoders then need not go beyond: apply(image, random) is
   * afterPart(crop(image, part(image, random)), random), with both drawing from the same stream in this order.
   */
  readonly part?: ((size: PictureSize, random: Random) => Box) | undefined;
  /** See part. */
  readonly afterPart?: ((part: RawImage, random: Random) => AnyImage) | undefined;
}

/** Rows and columns of a picture, upright. */
export type PictureSize = Pick<RawImage, "height" | "width">;

/** The specs of all of these; undefined if one has none. */
export function specsOf(
  transforms: readonly { readonly spec?: TransformSpec | undefined }[],
): TransformSpec[] | undefined {
  const specs = transforms.flatMap(({ spec }) => spec ?? []);
  return specs.length === transforms.length ? specs : undefined;
}

/** Transforms by their registered names (registerTransform). */
export const registeredTransforms = new Map<string, (options: never) => Transform>();

/** Makes a transform known by name, so that it can be made from its spec. */
export function registerTransform<Options extends object>(
  name: string,
  make: (options: Options) => Transform,
): void {
  checkKinds("registerTransform", { name, make }, { name: "text", make: "function" });
  registeredTransforms.set(name, make);
}
