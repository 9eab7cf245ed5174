// What fit() does by default, and how pictures are changed at random.

import { describe, expect, it } from "vitest";
import { imagenet, ImageDataset, Random, type Preprocessing, type RawImage } from "../../src/index.js";
import { resolveFit } from "../../src/web/host/fit-plan.js";
import type { Opened } from "../../src/web/host/models.js";
import { randomTransforms } from "../../src/web/host/preparation.js";
import type { FitRequest } from "../../src/web/trainer-types.js";

/** Pictures of one pixel, this many of each class. */
function pictures(...counts: number[]): ImageDataset {
  const labels = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  const images = new Uint8Array(3 * labels.length);
  return new ImageDataset({
    images,
    labels,
    shape: [1, 1, 3],
    classes: counts.map(String),
    name: "pictures",
  });
}

const plan = (counts: number[], request: FitRequest = {}, trained = true) =>
  resolveFit(request, pictures(...counts), { trained, preprocessing: imagenet() } as unknown as Opened);

describe("by default fit()", () => {
  it("makes enough steps of a few pictures, in batches of 16", () => {
    const few = plan([30, 30, 30], { train: "lastStage" });
    expect(few).toMatchObject({ epochs: 12, batchSize: 16, lr: 0.001, augment: true, validation: 0.2 }); // 60 steps of 72
    expect(plan([30, 30, 30], { train: "all" })).toMatchObject({ epochs: 72, lr: 0.0003 });
    expect(plan([30, 30, 30])).toMatchObject({ train: "head", epochs: 60, augment: false });
    expect(plan([3, 3])).toMatchObject({ epochs: 100, batchSize: 6, validation: 0 }); // the most
  });

  it("smooths labels and averages weights of a few pictures alone", () => {
    expect(plan([400, 400])).toMatchObject({ labelSmoothing: 0.1, averageDecay: 0.98, epochs: 10 });
    expect(plan([800, 800])).toMatchObject({ labelSmoothing: 0, averageDecay: 0, epochs: 10, batchSize: 32 });
  });

  it("draws classes equally often where one has more than twice the pictures of another", () => {
    expect(plan([20, 40]).balanced).toBe(false);
    expect(plan([20, 41]).balanced).toBe(true);
    expect(plan([20, 0, 30]).balanced).toBe(false); // a class without pictures is not drawn
  });

  it("does what it is asked for", () => {
    const asked = { epochs: 3, batchSize: 7, lr: 0.01, train: "all", augment: false, validation: 0, seed: 5 } as const; // prettier-ignore
    expect(plan([30, 30], asked)).toMatchObject(asked);
  });
});

describe("random changes", () => {
  const small: Preprocessing = { ...imagenet(64, 64), inputSize: [64, 64, 3] };
  const { transform } = randomTransforms(small);
  const changed = (
    width: number,
    height: number,
  ): { width: number; height: number; data: ArrayLike<number> } => {
    // Red grows from left to right.
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i % 3 ? 0 : (255 * (Math.floor(i / 3) % width)) / width)); // prettier-ignore
    const image: RawImage = { data, width, height, channels: 3 };
    return (transform as { apply(image: RawImage, random: Random): never }).apply(image, new Random(7));
  };

  it.each([
    [32, 32],
    [64, 64],
    [640, 480],
    [20, 90],
  ])("make a picture of the network's size of %i×%i", (width, height) => {
    expect(changed(width, height)).toMatchObject({ width: 64, height: 64 });
  });

  it("show much of a large picture to a network of small ones, not a corner of it", () => {
    const { data } = changed(640, 480);
    const red = Array.from({ length: 64 }, (_, x) => data[3 * x]!);
    const share = (Math.max(...red) - Math.min(...red)) * small.std[0]!;
    expect(share).toBeGreaterThan(0.4); // 64 pixels of 640 would be 0.1
  });
});
