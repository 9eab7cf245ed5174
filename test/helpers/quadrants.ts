// A small task that a small network learns, for tests of training.

import { manualSeed, Random } from "../../src/core/random.js";
import { ImageDataset } from "../../src/data/index.js";
import {
  AdaptiveAvgPool2d,
  Conv2d,
  Dropout,
  Flatten,
  Linear,
  Module,
  ReLU,
  Sequential,
} from "../../src/nn/index.js";

/** Images whose class is the bright quadrant. */
export function quadrants(count: number, seed: number): ImageDataset {
  const random = new Random(seed);
  const labels = Array.from({ length: count }, () => random.integer(4));
  const images = new Uint8Array(count * 64);
  labels.forEach((label, n) => {
    for (let p = 0; p < 64; p++) {
      const quadrant = (p >> 5) * 2 + ((p >> 2) & 1);
      images[n * 64 + p] = random.integer(120) + (quadrant === label ? 100 : 0);
    }
  });
  return new ImageDataset({ images, labels, shape: [8, 8, 1], classes: ["nw", "ne", "sw", "se"] });
}

/** Learns it; the same weights each time. */
export function network({ dropout = 0 } = {}): Module {
  manualSeed(5);
  return new Sequential(
    new Conv2d(1, 6, 3, { padding: 1 }),
    new ReLU(),
    new AdaptiveAvgPool2d(2),
    new Flatten(),
    new Dropout(dropout),
    new Linear(24, 4),
  );
}
