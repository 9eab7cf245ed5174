// Whole models: a training step (forward, loss, backward, update) and inference. Cases whose model is not registered
// are left out.

import {
  Adam,
  compile,
  createModel,
  crossEntropy,
  manualSeed,
  modelInfo,
  modelNames,
  noGrad,
  SGD,
  tensor,
  tidy,
  type Module,
  type Tensor,
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
  ...[
    "alexnet",
    "vgg16",
    "googlenet",
    "resnet18",
    "resnet50",
    "densenet121",
    "efficientnet_b0",
    "mobilenet_v2",
  ].map((model): Entry => ({ model, batch: 1, optimizer: "sgd", classes: 1000 })),
  { model: "resnet50", batch: 32, optimizer: "sgd", classes: 1000 },
  { model: "mobilenet_v2", batch: 32, optimizer: "sgd", classes: 1000 },
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

/** The network, its images, and a function that runs it on them. */
function inference(spec: ModelSpec, runner: (model: Module, x: Tensor) => Runner): Prepared {
  manualSeed(1);
  const model = createModel(spec.model, { numClasses: spec.classes });
  const { x, labels } = inputs(spec);
  const runs = runner(model.eval(), x);
  return {
    run: () => noGrad(() => tidy(() => runs.forward(x).compute())),
    dispose() {
      runs.dispose?.();
      for (const held of [model, x, labels]) held.dispose();
    },
  };
}

interface Runner {
  forward(x: Tensor): Tensor;
  dispose?(): void;
}

const eager = (model: Module): Runner => ({ forward: (x) => model.forward(x) });

function compiled(model: Module, x: Tensor): Runner {
  const own = compile(model, x.shape);
  return { forward: (x) => own.run(x), dispose: () => own.dispose() };
}

function cases(
  suite: "train" | "infer",
  entries: Entry[],
  prepare: (spec: ModelSpec) => Prepared,
  also?: (spec: ModelSpec) => NonNullable<Case["also"]>,
): Case[] {
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
        ...(also && { also: also(spec) }),
      };
    });
}

export const trainCases: Case[] = cases("train", TRAIN, trainStep);
export const inferCases: Case[] = cases(
  "infer",
  INFER,
  (spec) => inference(spec, compiled),
  (spec) => ({ "fovea-eager": () => inference(spec, eager) }),
);
