// Images of noise, and a network that takes them.

import { manualSeed, Random } from "../../src/core/random.js";
import { ImageDataset } from "../../src/data/index.js";
import { Conv2d, Flatten, Linear, ReLU, Sequential, type Module } from "../../src/nn/index.js";

/** Side of the images, which have two channels. */
export const SIZE = 6;

/** Noise, with one class each of `classes`, or several. */
export function noise(count: number, classes: number, several = false): ImageDataset {
  const random = new Random(4);
  return new ImageDataset({
    images: Uint8Array.from({ length: count * SIZE * SIZE * 2 }, () => random.integer(256)),
    ...(several
      ? { targets: Float32Array.from({ length: count * classes }, () => random.integer(2)) }
      : { labels: Array.from({ length: count }, () => random.integer(classes)) }),
    shape: [SIZE, SIZE, 2],
    classes: Array.from({ length: classes }, (_, i) => String(i)),
  });
}

/** The same weights each time. */
export function noiseNetwork(size: number, classes: number): Module {
  manualSeed(7);
  return new Sequential(
    new Conv2d(2, 3, 3),
    new ReLU(),
    new Flatten(),
    new Linear(3 * (size - 2) ** 2, classes),
  );
}
