// Whole models: a training step (forward, loss, backward, update) and inference. Cases whose model is not registered
// are left out.

import {
  Adam,
  createModel,
  crossEntropy,
  manualSeed,
  modelInfo,
  modelNames,
  noGrad,
  SGD,
  tensor,
  tidy,
} from "../../src/index.js";
import { randomFloats, randomLabels, type Case, type ModelSpec, type Prepared } from "../workload.js";

type Entry = Pick<ModelSpec, "model" | "batch" | "optimizer" | "classes">;

const TRAIN: Entry[] = [
  { model: "lenet5", batch: 64, optimizer: "adam", classes: 10 },
  { model: "resnet20_cifar", batch: 128, optimizer: "sgd", classes: 10 },
  { model: "resnet18", batch: 8, optimizer: "sgd", classes: 1000 },
];
const INFER: Entry[] = [
  { model: "lenet5", batch: 1, optimizer: "adam", classes: 10 },
  { model: "resnet20_cifar", batch: 1, optimizer: "sgd", classes: 10 },
  { model: "resnet18", batch: 1, optimizer: "sgd", classes: 1000 },
  { model: "mobilenet_v2", batch: 1, optimizer: "sgd", classes: 1000 },
];

function inputs({ batch, inputSize, classes }: ModelSpec) {
  const [h, w, c] = inputSize;
  const x = tensor(randomFloats(batch * h * w * c, 1), [batch, h, w, c]);
  return { x, labels: tensor(randomLabels(batch, classes, 2), [batch]) };
}

function trainStep(spec: ModelSpec): Prepared {
  manualSeed(1);
  const model = createModel(spec.model, { numClasses: spec.classes });
  const parameters = model.parameters();
  const optimizer =
    spec.optimizer === "adam" ? new Adam(parameters) : new SGD(parameters, { lr: 0.01, momentum: 0.9 });
  const { x, labels } = inputs(spec);
  model.train();
  return {
    run: () =>
      tidy(() => {
        optimizer.zeroGrad();
        const loss = crossEntropy(model.forward(x), labels);
        loss.backward();
        optimizer.step();
        return loss.item();
      }),
    dispose() {
      for (const held of [model, optimizer, x, labels]) held.dispose();
    },
  };
}

function inference(spec: ModelSpec): Prepared {
  manualSeed(1);
  const model = createModel(spec.model, { numClasses: spec.classes });
  const { x, labels } = inputs(spec);
  model.eval();
  return {
    run: () => noGrad(() => tidy(() => model.forward(x).compute())),
    dispose() {
      for (const held of [model, x, labels]) held.dispose();
    },
  };
}

function cases(suite: "train" | "infer", entries: Entry[], prepare: (spec: ModelSpec) => Prepared): Case[] {
  const known = modelNames();
  return entries
    .filter(({ model }) => known.includes(model))
    .map((entry) => {
      const spec = { ...entry, inputSize: modelInfo(entry.model).inputSize };
      return {
        suite,
        name: `${entry.model}-b${entry.batch}`,
        workload: { kind: suite, ...spec },
        prepare: () => prepare(spec),
      };
    });
}

export const trainCases: Case[] = cases("train", TRAIN, trainStep);
export const inferCases: Case[] = cases("infer", INFER, inference);
