// MNIST: 70,000 handwritten digits of 28×28. LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/

import { checkFields, checkKinds } from "../errors/options.js";
import { DataError } from "../errors.js";
import { ImageDataset } from "./dataset.js";
import { decodeIdx } from "./idx.js";

/** Names of Fashion-MNIST's classes, in label order. H. Xiao et al., 2017, https://github.com/zalandoresearch/fashion-mnist */
export const fashionMnistClasses: readonly string[] =
  "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(",");

/** A file's contents and its name in errors. */
export interface NamedFile {
  /** The name in error messages. */
  name: string;
  /** The contents. */
  bytes: Uint8Array;
}

/** A dataset from an image and a label file. @throws DataError naming the file that is not what it should be */
export function decodeMnist(
  images: NamedFile,
  labels: NamedFile,
  names: readonly string[] = [..."0123456789"],
): ImageDataset {
  for (const file of [images, labels])
    checkFields("decodeMnist", "file", file, { name: "text", bytes: "bytes" });
  checkKinds("decodeMnist", { names }, { names: "list" });
  const pixels = decodeIdx(images.bytes, images.name);
  const classes = decodeIdx(labels.bytes, labels.name);
  if (pixels.shape.length !== 3) {
    throw new DataError(`${images.name}: expected images [n,h,w]; got [${pixels.shape.join(",")}]`);
  }
  if (classes.shape.length !== 1) {
    throw new DataError(`${labels.name}: expected labels [n]; got [${classes.shape.join(",")}]`);
  }
  if (pixels.shape[0] !== classes.shape[0]) {
    throw new DataError(
      `${labels.name}: ${classes.shape[0]} labels; expected ${pixels.shape[0]}, the images of ${images.name}`,
    );
  }
  return new ImageDataset({
    name: labels.name,
    images: pixels.data,
    labels: classes.data,
    shape: [pixels.shape[1]!, pixels.shape[2]!, 1],
    classes: names,
  });
}
