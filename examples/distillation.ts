// A small network learns from a large trained one, which tells it how alike the classes are, and from the labels; then the
// same small network learns from the labels alone. Run it with:
//   npx tsx examples/distillation.ts --weights resnet56-4bfd9763.th --download
// Options, with their defaults:
//   --weights <file or folder>  the teacher: a file of weights or what `fovea train` wrote; resnet56-4bfd9763.th is one of
//                               https://github.com/akamaster/pytorch_resnet_cifar10 (pretrained_models/)
//   --teacher resnet56_cifar --student resnet20_cifar
//   --data cifar10              or a folder that holds data_batch_1.bin … test_batch.bin
//   --download                  fetches the dataset (170 MB) unless it is there
//   --images 5000               training images, of the dataset's; 50000 are all of CIFAR-10
//   --epochs 12 --batch-size 64 --lr 0.1 --seed 1

import {
  cifarTrain,
  createModel,
  CrossEntropyLoss,
  DataLoader,
  DistillationLoss,
  evaluate,
  fit,
  init,
  manualSeed,
  oneCycle,
  randomSplit,
  SGD,
  type Loss,
} from "fovea";
import { evalTransforms, loadDataset, openModel, Progress } from "fovea/node";
import { options } from "./options.js";

const said = options({
  weights: "",
  teacher: "resnet56_cifar",
  student: "resnet20_cifar",
  data: "cifar10",
  download: false,
  images: 5000,
  epochs: 12,
  batchSize: 64,
  lr: 0.1,
  seed: 1,
});
const { epochs, batchSize, lr, seed } = said;
if (!said.weights) throw new Error("distillation: no --weights; expected a file of the teacher's");
init();

const { train, val: test } = await loadDataset(said.data, { download: said.download });
const images = Math.min(said.images, train.length);
const [part] = randomSplit(train, [images, train.length - images], seed);
const teacher = await openModel({ model: said.teacher, weights: said.weights });
const preparation = teacher.preparation(train);
const { mean, std } = preparation;
const transform = cifarTrain({ mean, std });
const loader = new DataLoader(part!, { batchSize, shuffle: true, seed, dropLast: true, transform });
const testLoader = new DataLoader(test!, { batchSize: 250, ...evalTransforms(test!, preparation) });

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** Trains a new student, the same at its beginning each time. Returns its top-1 accuracy on the test images. */
async function student(what: string, loss: Loss): Promise<number> {
  console.log(`${said.student} learns from ${what}, ${images} images:`);
  manualSeed(seed);
  const model = createModel(said.student, { numClasses: train.classes.length });
  const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9, nesterov: true, weightDecay: 5e-4 });
  const progress = new Progress();
  await fit(model, loader, {
    optimizer,
    schedule: oneCycle({ maxLr: lr, totalSteps: epochs * loader.batches }),
    epochs,
    loss,
    onStep: progress.onStep,
    onEpoch: (row) => progress.epoch(row, epochs),
  });
  const { top1 } = await evaluate(model, testLoader);
  optimizer.dispose();
  model.dispose();
  return top1;
}

const taught = await student("labels and teacher", new DistillationLoss(teacher.model));
const alone = await student("labels alone", new CrossEntropyLoss());
const { top1 } = await evaluate(teacher.model, testLoader);
console.log(`\ntop-1 of ${test!.length} test images: teacher ${percent(top1)}`);
console.log(`student taught ${percent(taught)}, student alone ${percent(alone)}`);
