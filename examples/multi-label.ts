// Pictures with several classes each: which shapes are drawn in them, none, one or all five. Each class is a yes or no of
// its own, so the loss is binary cross-entropy (fit() takes it by itself where a dataset has targets), and the measure mean
// average precision. The script draws its pictures. Run it with:
//   npx tsx examples/multi-label.ts
// Options, with their defaults: --images 3000 --epochs 5 --batch-size 64 --lr 0.01 --seed 1

import {
  AdamW,
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  DataLoader,
  evaluate,
  fit,
  Flatten,
  ImageDataset,
  init,
  Linear,
  manualSeed,
  MaxPool2d,
  MeanAveragePrecision,
  noGrad,
  oneCycle,
  Random,
  ReLU,
  Sequential,
  tidy,
  type Module,
} from "fovea";
import { Progress } from "fovea/node";
import { options } from "./options.js";

const { images, epochs, batchSize, lr, seed } = options({
  images: 3000,
  epochs: 5,
  batchSize: 64,
  lr: 0.01,
  seed: 1,
});

const SIDE = 32;

/** Whether a shape of half-size 1 around the origin covers a point. */
const shapes: Record<string, (x: number, y: number) => boolean> = {
  disc: (x, y) => x * x + y * y < 1,
  ring: (x, y) => Math.abs(Math.hypot(x, y) - 0.8) < 0.25,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.85,
  triangle: (x, y) => y < 0.8 && 2 * Math.abs(x) < y + 1,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.25 && Math.max(Math.abs(x), Math.abs(y)) < 1,
};
const classes = Object.keys(shapes);

/** Pictures of shapes of any colour, size and place, which may cover each other, on a noisy ground. */
function draw(count: number, random: Random): ImageDataset {
  const pixels = Uint8Array.from({ length: count * SIDE * SIDE * 3 }, () => random.integer(60));
  const targets = new Float32Array(count * classes.length);
  for (let image = 0; image < count; image++) {
    for (const k of random.permutation(classes.length)) {
      if (random.uniform() < 0.6) continue;
      targets[image * classes.length + k] = 1;
      const covers = shapes[classes[k]!]!;
      const size = random.uniform(5, 9);
      const [left, top] = [random.uniform(size, SIDE - size), random.uniform(size, SIDE - size)];
      const colour = [0, 1, 2].map(() => 80 + random.integer(176));
      for (let at = 0; at < SIDE * SIDE; at++) {
        const [x, y] = [((at % SIDE) - left) / size, (Math.floor(at / SIDE) - top) / size];
        if (covers(x, y)) pixels.set(colour, (image * SIDE * SIDE + at) * 3);
      }
    }
  }
  return new ImageDataset({ name: "shapes", images: pixels, targets, shape: [SIDE, SIDE, 3], classes });
}

/** Convolution, batch norm and ReLU. */
function stage(from: number, to: number): Module[] {
  return [new Conv2d(from, to, 3, { padding: 1, bias: false }), new BatchNorm2d(to), new ReLU()];
}

init();
manualSeed(seed);
const random = new Random(seed);
const loader = new DataLoader(draw(images, random), { batchSize, shuffle: true, seed, dropLast: true });
const test = draw(1000, random);
const testLoader = new DataLoader(test, { batchSize: 250 });

const model = new Sequential(
  ...[...stage(3, 16), new MaxPool2d(2)],
  ...[...stage(16, 32), new MaxPool2d(2)],
  ...[...stage(32, 64), ...stage(64, 64)],
  ...[new AdaptiveAvgPool2d(1), new Flatten(), new Linear(64, classes.length)],
);
const progress = new Progress();
console.log(
  `${images} pictures to learn from, ${test.length} to test on; top-1: the likeliest shape is there`,
);
await fit(model, loader, {
  optimizer: new AdamW(model.parameters(), { lr }),
  schedule: oneCycle({ maxLr: lr, totalSteps: epochs * loader.batches }),
  epochs,
  evalLoader: testLoader,
  onStep: progress.onStep,
  onEpoch: (row) => progress.epoch(row, epochs),
});

const precision = new MeanAveragePrecision();
await evaluate(model, testLoader, { metrics: [precision] });
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`.padStart(7);
console.log("\nshape     avg. precision  precision   recall  pictures");
precision.perClass().forEach(({ ap, precision, recall, support }, k) => {
  const scores = `${percent(ap)}    ${percent(precision)}  ${percent(recall)}`;
  console.log(`${classes[k]!.padEnd(17)}${scores} ${String(support).padStart(9)}`);
});
console.log(`mAP              ${percent(precision.value)}\n`);

model.eval();
const sample = await testLoader.batch(Uint32Array.of(0, 1, 2, 3, 4, 5));
const said = noGrad(() => tidy(() => model.forward(sample.images).sigmoid())).data();
const named = (is: (k: number) => boolean): string => classes.filter((_, k) => is(k)).join(", ") || "nothing";
sample.indices.forEach((index, n) => {
  const seen = named((k) => said[n * classes.length + k]! > 0.5);
  console.log(
    `#${index}: sees ${seen}; there: ${named((k) => test.targets![index * classes.length + k] === 1)}`,
  );
});
