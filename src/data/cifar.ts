// CIFAR-10 and CIFAR-100: 60,000 pictures of 32×32. A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images,
// 2009, https://www.cs.toronto.edu/~kriz/cifar.html: in the binary version a picture is a label (CIFAR-100: coarse, then
// fine) and 1,024 bytes each of red, green and blue.

import { checkFields, checkKinds, wrongKind } from "../errors/options.js";
import { DataError } from "../errors.js";
import { ImageDataset } from "./dataset.js";
import type { NamedFile } from "./mnist.js";
import { sharedBytes } from "./shared.js";

const SIDE = 32;
const PLANE = SIDE * SIDE;

/** Names of CIFAR-10's classes, in label order. */
export const cifar10Classes: readonly string[] =
  "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

/** Names of CIFAR-100's 20 superclasses, in label order. */
export const cifar100CoarseClasses: readonly string[] = (
  "aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices " +
  "household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes " +
  "large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees " +
  "vehicles_1 vehicles_2"
).split(" ");

/** Names of CIFAR-100's classes, in label order. */
export const cifar100Classes: readonly string[] = (
  "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle " +
  "caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish " +
  "forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle " +
  "mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine " +
  "possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar " +
  "sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale " +
  "willow_tree wolf woman worm"
).split(" ");

/** Pictures of the binary version, their planes interleaved; the label is byte `labelAt` of `labelBytes`. */
function decode(
  files: readonly NamedFile[],
  labelBytes: number,
  labelAt: number,
  classes: readonly string[],
  name: string,
): ImageDataset {
  const row = labelBytes + 3 * PLANE;
  checkKinds(name, { files }, { files: "list" });
  for (const file of files) checkFields(name, "file", file, { name: "text", bytes: "bytes" });
  for (const { name, bytes } of files) {
    if (bytes.length === 0 || bytes.length % row) {
      throw new DataError(
        `${name}: not a CIFAR file; got ${bytes.length} bytes; expected a multiple of ${row}`,
      );
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / row, 0);
  const images = sharedBytes(count * 3 * PLANE);
  const labels = new Int32Array(count);
  let n = 0;
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at += row, n++) {
      const label = (labels[n] = bytes[at + labelAt]!);
      if (label >= classes.length) {
        const where = `picture ${at / row}`;
        throw new DataError(
          `${name}: label out of range; got ${label} at ${where}; expected 0…${classes.length - 1}`,
        );
      }
      const to = n * 3 * PLANE;
      for (let p = 0, from = at + labelBytes; p < PLANE; p++, from++) {
        images[to + 3 * p] = bytes[from]!;
        images[to + 3 * p + 1] = bytes[from + PLANE]!;
        images[to + 3 * p + 2] = bytes[from + 2 * PLANE]!;
      }
    }
  }
  return new ImageDataset({ name, images, labels, shape: [SIDE, SIDE, 3], classes });
}

/** CIFAR-10 from its batches. @throws DataError naming the file whose size or label is wrong */
export function decodeCifar10(batches: readonly NamedFile[], name = "cifar10"): ImageDataset {
  return decode(batches, 1, 0, cifar10Classes, name);
}

/** CIFAR-100 with its 100 (fine) or 20 (coarse) classes. @throws DataError naming the file whose size or label is wrong */
export function decodeCifar100(
  file: NamedFile,
  labels: "fine" | "coarse" = "fine",
  name = "cifar100",
): ImageDataset {
  if (labels !== "fine" && labels !== "coarse")
    throw wrongKind("decodeCifar100", "labels", labels, "fine or coarse");
  const fine = labels === "fine";
  return decode([file], 2, fine ? 1 : 0, fine ? cifar100Classes : cifar100CoarseClasses, name);
}
