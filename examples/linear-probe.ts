// How much a trained model already knows of other classes: its features, kept as they are, and a linear classifier on them.
// Each photo passes the network once, so this is far quicker than fine-tuning (finetune.ts). Run it with:
//   npx tsx examples/linear-probe.ts --data photos
// Options, with their defaults:
//   --data <folder or name>    train/<class>/*.jpg and val/<class>/*.jpg, or <class>/*.jpg: a fifth of these is then kept to
//                              test; or a dataset's name, such as imagenette_160; --download fetches it
//   --model resnet18           any that `fovea models` lists
//   --weights <file or folder> a .pth or .safetensors file, or what training wrote; default: torchvision's, downloaded
//   --steps 300 --lr 0.01 --seed 1

import {
  AdamW,
  cat,
  cosine,
  crossEntropy,
  DataLoader,
  init,
  Linear,
  manualSeed,
  mean,
  noGrad,
  tensor,
  tidy,
  topK,
  type Dataset,
  type Tensor,
} from "fovea";
import { evalTransforms, fetchWeights, loadDataset, openModel } from "fovea/node";
import { options } from "./options.js";

const said = options({
  data: "",
  download: false,
  model: "resnet18",
  weights: "",
  steps: 300,
  lr: 0.01,
  seed: 1,
});
const { steps, lr, seed } = said;
if (!said.data) throw new Error("linear-probe: no --data; expected a folder or a dataset's name");
init();
manualSeed(seed);

const { train, val } = await loadDataset(said.data, { download: said.download, valFraction: 0.2, seed });
const weights = said.weights || (await fetchWeights(said.model));
const trained = await openModel({ model: said.model, weights });
console.log(
  `${said.model}, ${weights}, on ${train.length} images to learn from and ${val!.length} to test on`,
);

/** Means over the maps that the model's classifier sees, [images, features], and the labels. */
async function featuresOf(dataset: Dataset): Promise<{ features: Tensor; labels: Tensor<"i32"> }> {
  const { model, preparation } = trained;
  const loader = new DataLoader(dataset, {
    batchSize: 50,
    workers: 2,
    ...evalTransforms(dataset, preparation(dataset)),
  });
  const parts: Tensor[] = [];
  for await (const batch of loader.epoch()) {
    parts.push(noGrad(() => tidy(() => mean(model.forwardFeatures(batch.images), [1, 2]))));
  }
  loader.close();
  const features = cat(parts, 0);
  for (const part of parts) part.dispose();
  return { features, labels: tensor(dataset.labels) };
}

const begin = performance.now();
const learnt = await featuresOf(train);
const tested = await featuresOf(val!);
const [count, size] = learnt.features.shape as [number, number];
const seconds = (performance.now() - begin) / 1000;
console.log(`${size} features of each image, in ${seconds.toFixed(1)} s`);

const probe = new Linear(size, train.classes.length);
const optimizer = new AdamW(probe.parameters(), { lr });
const schedule = cosine({ lr, totalSteps: steps });
for (let step = 0; step < steps; step++) {
  optimizer.lr = schedule(step, []);
  const loss = tidy(() => {
    const loss = crossEntropy(probe.forward(learnt.features), learnt.labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.item();
  });
  if ((step + 1) % Math.ceil(steps / 5) === 0)
    console.log(`step ${step + 1}/${steps}  loss ${loss.toFixed(4)}`);
}

/** Share of the images whose class the probe finds. */
function accuracy({ features, labels }: { features: Tensor; labels: Tensor<"i32"> }): number {
  return noGrad(() => tidy(() => topK(probe.forward(features), labels, [1])[0]! / labels.size));
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
console.log(
  `top-1 ${percent(accuracy(tested))} of ${val!.length}; ${percent(accuracy(learnt))} of the ${count} learnt from`,
);
