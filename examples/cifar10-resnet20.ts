// Trains ResNet-20 on CIFAR-10 in twelve epochs, by the recipe cifar10-resnet20 that `fovea train` knows too. Run it with:
//   npx tsx examples/cifar10-resnet20.ts --download
// Options, with their defaults: --epochs 12 --batch-size 128 --lr 0.2 --seed 1 --out runs/cifar10-resnet20
//   --data cifar10   or a folder that holds data_batch_1.bin … test_batch.bin
//   --download       fetches the dataset (170 MB) unless it is there
//
// The network is that of K. He et al., Deep Residual Learning for Image Recognition (2015, arXiv 1512.03385), §4.2, who
// trained it for 164 epochs. One cycle of the learning rate, with a high peak, gives most of the accuracy in far fewer.

import {
  cifarNormalization,
  cifarTrain,
  ConfusionMatrix,
  createModel,
  DataLoader,
  evaluate,
  fit,
  init,
  manualSeed,
  oneCycle,
  SGD,
} from "fovea";
import { loadDataset, Progress, RunFolder } from "fovea/node";
import { options } from "./options.js";

const said = options({
  data: "cifar10",
  download: false,
  epochs: 12,
  batchSize: 128,
  lr: 0.2,
  seed: 1,
  out: "runs/cifar10-resnet20",
});
const { epochs, batchSize, lr, seed } = said;
const { binary, threads } = init();
manualSeed(seed);

const { train, val: test } = await loadDataset(said.data, { download: said.download });
const loader = new DataLoader(train, {
  batchSize,
  shuffle: true,
  seed,
  dropLast: true,
  transform: cifarTrain(),
});
const testLoader = new DataLoader(test!, { batchSize: 250, normalization: cifarNormalization });

const model = createModel("resnet20_cifar", { numClasses: train.classes.length });
const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9, nesterov: true, weightDecay: 5e-4 });
const totalSteps = epochs * loader.batches;
const schedule = oneCycle({ maxLr: lr, totalSteps, pctStart: 0.25, divFactor: 25, finalDivFactor: 1e4 });

console.log(
  `ResNet-20 on ${train.length} images, tested on ${test!.length}; kernels: ${binary}, threads: ${threads}`,
);
const run = new RunFolder(said.out);
await run.open();
await run.writeArgs({ model: "resnet20_cifar", data: said.data, epochs, batchSize, lr, seed, binary });
const progress = new Progress();
const begin = performance.now();
await fit(model, loader, {
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

const confusion = new ConfusionMatrix();
const { top1, top5 } = await evaluate(model, testLoader, { metrics: [confusion] });
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
console.log("\nclass        found");
confusion.perClass().forEach(({ recall }, i) => {
  console.log(`${train.classes[i]!.padEnd(12)} ${percent(recall).padStart(8)}`);
});
for (const { label, guess, count } of confusion.mostConfused(3)) {
  console.log(`${count} × ${train.classes[label]} taken for ${train.classes[guess]}`);
}
console.log(`\ntop-1 ${percent(top1)}, top-5 ${percent(top5)}, trained in ${seconds.toFixed(0)} s`);
console.log(`curves and weights are in ${run.path}/`);
