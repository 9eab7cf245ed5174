// Teaches a trained model your own classes: a folder of photos, a folder for each class. Run it with:
//   npx tsx examples/finetune.ts --data photos
// Options, with their defaults:
//   --data <folder>            train/<class>/*.jpg and val/<class>/*.jpg, or <class>/*.jpg: a fifth of these is then kept to test
//   --model resnet18           any that `fovea models` lists
//   --weights <file>           a .pth or .safetensors file
//   --pretrained <name>        downloaded, if there is no --weights: torchvision's for the model, or a repository of the
//                              Hugging Face hub such as timm/resnet18.a1_in1k; default: the model's name
//   --head-epochs 3 --epochs 3 --batch-size 32 --lr 0.02 --seed 1 --out runs/finetune
//
// The new head learns alone at first, as its random beginnings would spoil the rest; then everything does, the trained
// layers at a tenth of the head's rate. `npx fovea predict --model runs/finetune my-photo.jpg` uses the result.

import {
  cifarTrain,
  ConfusionMatrix,
  cosine,
  createModel,
  DataLoader,
  evaluate,
  fit,
  freeze,
  imagenetTrain,
  init,
  manualSeed,
  Resize,
  SGD,
  unfreeze,
  type ParameterGroup,
} from "fovea";
import {
  configOf,
  evalTransforms,
  fetchWeights,
  loadDataset,
  loadWeights,
  preparationFor,
  Progress,
  saveModel,
} from "fovea/node";
import { options } from "./options.js";

const said = options({
  data: "",
  model: "resnet18",
  weights: "",
  pretrained: "",
  headEpochs: 3,
  epochs: 3,
  batchSize: 32,
  lr: 0.02,
  seed: 1,
  out: "runs/finetune",
});
const { batchSize, lr, seed } = said;
if (!said.data) throw new Error("finetune: no --data; expected a folder that holds one for each class");
const begin = performance.now();
init();
manualSeed(seed);

const { train, val } = await loadDataset(said.data, { valFraction: 0.2, seed });
const { classes } = train;
const model = createModel(said.model, { numClasses: classes.length });
const weights = said.weights || (await fetchWeights(said.pretrained || said.model));
const { mismatched } = await loadWeights(model, weights, { strict: false });
const preparation = preparationFor(said.model, train, { trained: model.preprocessing });
const { inputSize, mean, std } = preparation;
const size = inputSize[0];
const transform =
  size > 64
    ? imagenetTrain({ size, scale: [0.35, 1], mean, std })
    : [new Resize([size, size]), cifarTrain({ size, mean, std })];
const workers = 2;
const loader = new DataLoader(train, { batchSize, shuffle: true, seed, dropLast: true, transform, workers });
const testLoader = new DataLoader(val!, { batchSize: 100, workers, ...evalTransforms(val!, preparation) });

console.log(
  `${said.model}: all of ${weights} but ${mismatched.map(({ name }) => name).join(", ") || "nothing"}`,
);
console.log(`${train.length} photos to learn from, ${val!.length} to test on: ${classes.join(", ")}\n`);

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** Trains what is not frozen, at rates that fall along a cosine. */
async function learn(
  what: string,
  parameters: readonly ParameterGroup[],
  epochs: number,
  lr: number,
): Promise<void> {
  console.log(`${what}:`);
  const optimizer = new SGD(parameters, { lr, momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
  const progress = new Progress();
  await fit(model, loader, {
    optimizer,
    epochs,
    schedule: cosine({ lr, totalSteps: epochs * loader.batches }),
    onStep: progress.onStep,
    onEpoch: (row) => progress.epoch(row, epochs),
  });
  optimizer.dispose();
}

const head = model.getSubmodule(model.head).parameters();
const body = model.parameters().filter((p) => !head.includes(p));
freeze(model);
unfreeze(model, model.head);
await learn("the head alone", [{ parameters: head }], said.headEpochs, lr);

unfreeze(model);
const groups = [{ parameters: body, lrScale: 0.1 }, { parameters: head }];
await learn("everything", groups, said.epochs, lr);
const confusion = new ConfusionMatrix();
const { top1, loss } = await evaluate(model, testLoader, { metrics: [confusion] });

console.log(`\ntested: top-1 ${percent(top1)}, loss ${loss.toFixed(4)}\n`);
const width = Math.max(...classes.map((name) => name.length), 5);
console.log(`${"class".padEnd(width)}  precision    recall        F1  photos`);
confusion.perClass().forEach(({ precision, recall, f1, support }, i) => {
  const numbers = [precision, recall, f1].map((share) => percent(share).padStart(9)).join(" ");
  console.log(`${classes[i]!.padEnd(width)}  ${numbers} ${String(support).padStart(7)}`);
});
for (const { label, guess, count } of confusion.mostConfused(3)) {
  console.log(`${count} × ${classes[label]} taken for ${classes[guess]}`);
}
for (const each of [loader, testLoader]) each.close();
await saveModel(said.out, model, configOf(said.model, preparation, { classes }));
const seconds = (performance.now() - begin) / 1000;
console.log(`\nall of it took ${seconds.toFixed(0)} s; the model is in ${said.out}/. Next:`);
console.log(`npx fovea predict --model ${said.out} <pictures>`);
