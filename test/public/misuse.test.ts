// As test/core/misuse.test.ts: models, data, training and files.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import * as fovea from "../../src/index.js";
import { DataError, ShapeError } from "../../src/index.js";
import * as node from "../../src/node.js";
import { quadrants } from "../helpers/quadrants.js";

const folder = mkdtempSync(join(tmpdir(), "fovea-"));
afterAll(() => rmSync(folder, { recursive: true }));

const any = (value: unknown): never => value as never;
const data = quadrants(4, 1);
const loader = new fovea.DataLoader(data, { batchSize: 2 });
const model = fovea.createModel("lenet5");
const optimizer = new fovea.SGD(model.parameters());

const rows: [string, () => unknown, string][] = [
  // models
  [
    "createModel",
    () => fovea.createModel("resnet18", any({ num_classes: 5 })),
    "ResNet: unknown option 'num_classes'; did you mean numClasses? known: numClasses, inChannels,",
  ],
  [
    "a model's function",
    () => fovea.lenet5(any({ in_channels: 3 })),
    "LeNet5: unknown option 'in_channels'; did you mean inChannels?",
  ],
  ["a model's class", () => new fovea.LeNet5(any({ classes: 3 })), "LeNet5: unknown option 'classes'"],
  ["googlenet", () => fovea.googlenet(any({ auxLogits: false })), "GoogLeNet: unknown option 'auxLogits'"],
  [
    "text for classes",
    () => fovea.createModel("vgg11", any({ numClasses: "5" })),
    "VGG: numClasses must be an integer ≥ 1; got a string",
  ],
  [
    "no classes",
    () => fovea.createModel("mobilenet_v2", { numClasses: 0 }),
    "MobileNetV2: numClasses must be an integer ≥ 1; got 0",
  ],
  [
    "options that are null",
    () => fovea.createModel("lenet5", any(null)),
    "LeNet5: options must be an object; got null",
  ],
  ["no name", () => fovea.createModel(any(undefined)), "unknown model"],
  [
    "kaimingNormal",
    () => fovea.kaimingNormal(fovea.ones([2, 2]), any({ mode: "fan_in" })),
    "init: mode must be fanIn or fanOut",
  ],
  [
    "kaimingUniform",
    () => fovea.kaimingUniform(fovea.ones([2, 2]), any({ nonLinearity: "relu" })),
    "did you mean nonlinearity?",
  ],
  ["xavierNormal", () => fovea.xavierNormal(any([2, 2])), "init: weight must be a tensor; got an array"],
  [
    "calculateGain",
    () => fovea.calculateGain(any("leaky_relu")),
    "calculateGain: unknown nonlinearity 'leaky_relu'; did you mean leakyRelu?",
  ],
  // data
  [
    "DataLoader",
    () => new fovea.DataLoader(data, any({ batchSize: 2, shufle: true })),
    "DataLoader: unknown option 'shufle'; did you mean shuffle?",
  ],
  [
    "num_workers",
    () => new fovea.DataLoader(data, any({ batchSize: 2, num_workers: 2 })),
    "DataLoader: unknown option 'num_workers'",
  ],
  [
    "no options",
    () => new fovea.DataLoader(data, any(undefined)),
    "DataLoader: options must be an object; got undefined",
  ],
  [
    "no dataset",
    () => new fovea.DataLoader(any([1, 2]), { batchSize: 2 }),
    "DataLoader: dataset must be a Dataset, with length, labels, classes and image(); got an array",
  ],
  [
    "text for batchSize",
    () => new fovea.DataLoader(data, any({ batchSize: "2" })),
    "DataLoader: batchSize must be an integer ≥ 1; got a string",
  ],
  [
    "a sampler that is none",
    () => new fovea.DataLoader(data, any({ batchSize: 2, sampler: [0, 1] })),
    "DataLoader: sampler must be a Sampler with indices(); got an array",
  ],
  [
    "a batchTransform that is none",
    () => new fovea.DataLoader(data, any({ batchSize: 2, batchTransform: fovea.Mixup })),
    "DataLoader: batchTransform must be a BatchTransform with apply()",
  ],
  [
    "half a normalization",
    () => new fovea.DataLoader(data, any({ batchSize: 2, normalization: { mean: [0] } })),
    "DataLoader: normalization: std must be an array of numbers; got undefined",
  ],
  ["epoch", () => loader.epoch(0, any({ start: 1 })).next(), "epoch: unknown option 'start'"],
  ["batch", () => loader.batch(any([0, 1])), "DataLoader: indices must be a Uint32Array; got an array"],
  ["batch beyond the end", () => loader.batch(Uint32Array.of(4)), "DataLoader: no sample 4 in"],
  [
    "Resize",
    () => new fovea.Resize(32, any({ interpolaton: "bicubic" })),
    "Resize: unknown option 'interpolaton'; did you mean interpolation?",
  ],
  ["Mixup", () => new fovea.Mixup(any({ alfa: 1 })), "Mixup: unknown option 'alfa'"],
  [
    "RandAugment",
    () => new fovea.RandAugment(any({ num_ops: 1 })),
    "RandAugment: unknown option 'num_ops'; did you mean numOps?",
  ],
  [
    "Compose",
    () => new fovea.Compose(any(new fovea.ToTensor())),
    "Compose: transforms must be an array of Transforms; got a ToTensor",
  ],
  [
    "Compose of classes",
    () => new fovea.Compose(any([fovea.ToTensor])),
    "Compose: transform 0 must be a Transform with apply(); got the function ToTensor",
  ],
  [
    "imagenetTrain",
    () => fovea.imagenetTrain(any({ scales: [0.2, 1] })),
    "imagenetTrain: unknown option 'scales'; did you mean scale?",
  ],
  ["imagenetEval", () => fovea.imagenetEval(any({ crop: 224 })), "imagenetEval: unknown option 'crop'"],
  [
    "cifarTrain",
    () => fovea.cifarTrain(any({ pading: 4 })),
    "cifarTrain: unknown option 'pading'; did you mean padding?",
  ],
  [
    "cifarEval",
    () => fovea.cifarEval(any({ means: [0] })),
    "cifarEval: unknown option 'means'; did you mean mean?",
  ],
  [
    "RandomSampler",
    () => new fovea.RandomSampler(data, any({ num_samples: 2 })),
    "RandomSampler: unknown option 'num_samples'; did you mean numSamples?",
  ],
  [
    "WeightedRandomSampler",
    () => new fovea.WeightedRandomSampler(any("abc"), 2),
    "WeightedRandomSampler: weights: values must be a tensor or an array of numbers; got a string",
  ],
  [
    "randomSplit",
    () => fovea.randomSplit(any(undefined), [0.5, 0.5]),
    "randomSplit: dataset must be a Dataset",
  ],
  [
    "stratifiedSplit",
    () => fovea.stratifiedSplit(data, any(0.2)),
    "stratifiedSplit: fractions: values must be",
  ],
  [
    "ImageDataset",
    () => new fovea.ImageDataset(any({ image: new Uint8Array(4) })),
    "ImageDataset: unknown option 'image'; did you mean images?",
  ],
  [
    "pixels that are none",
    () => new fovea.ImageDataset(any({ images: [1], labels: [0], shape: [1, 1, 1], classes: ["a"] })),
    "dataset: images must be a Uint8Array; got an array",
  ],
  [
    "decodeImage",
    () => fovea.decodeImage(new Uint8Array(4), any({ file: "x", exiff: 1 })),
    "decodeImage: unknown option 'exiff'; did you mean exif?",
  ],
  [
    "decodeWeights",
    () => fovea.decodeWeights(any("path")),
    "decodeWeights: bytes must be a Uint8Array; got a string",
  ],
  // training
  [
    "fit",
    () => fovea.fit(model, loader, any({ optimizer, epoch: 1 })),
    "fit: unknown option 'epoch'; did you mean epochs?",
  ],
  [
    "fit without options",
    () => fovea.fit(model, loader, any(undefined)),
    "fit: options must be an object; got undefined",
  ],
  [
    "fit without an optimizer",
    () => fovea.fit(model, loader, any({ epochs: 1 })),
    "fit: optimizer must be an Optimizer; got undefined",
  ],
  [
    "fit on a dataset",
    () => fovea.fit(model, any(data), { optimizer, epochs: 1 }),
    "fit: loader must be a DataLoader; got an ImageDataset",
  ],
  [
    "fit of nothing",
    () => fovea.fit(any("lenet5"), loader, { optimizer, epochs: 1 }),
    "fit: model must be a Module; got a string",
  ],
  [
    "fit with a function for a loss",
    () => fovea.fit(model, loader, any({ optimizer, epochs: 1, loss: fovea.crossEntropy })),
    "fit: loss must be a loss with a forward(), such as new CrossEntropyLoss(); got the function crossEntropy",
  ],
  [
    "fit with a number for a schedule",
    () => fovea.fit(model, loader, any({ optimizer, epochs: 1, schedule: 0.1 })),
    "fit: schedule must be a function; got 0.1",
  ],
  [
    "fit with clip",
    () => fovea.fit(model, loader, any({ optimizer, epochs: 1, clip: { max: 1 } })),
    "fit: clip: unknown option 'max'; known: norm, value",
  ],
  [
    "fit with text for epochs",
    () => fovea.fit(model, loader, any({ optimizer, epochs: "3" })),
    "fit: epochs must be an integer ≥ 1; got a string",
  ],
  [
    "fit on an evalLoader that is none",
    () => fovea.fit(model, loader, any({ optimizer, epochs: 1, evalLoader: data })),
    "loader must be a DataLoader; got an ImageDataset",
  ],
  [
    "evaluate",
    () => fovea.evaluate(model, loader, any({ metric: [] })),
    "evaluate: unknown option 'metric'; did you mean metrics?",
  ],
  [
    "evaluate on nothing",
    () => fovea.evaluate(model, any(undefined)),
    "evaluate: loader must be a DataLoader; got undefined",
  ],
  [
    "evaluate with one metric",
    () => fovea.evaluate(model, loader, any({ metrics: new fovea.ConfusionMatrix() })),
    "evaluate: metrics must be an array of metrics; got a ConfusionMatrix",
  ],
  [
    "findLr",
    () => fovea.findLr(model, loader, any({ optimizer, minimum: 1 })),
    "findLr: unknown option 'minimum'",
  ],
  [
    "ModelEma",
    () => new fovea.ModelEma(model, any({ decays: 0.9 })),
    "ModelEma: unknown option 'decays'; did you mean decay?",
  ],
  [
    "ModelEma of nothing",
    () => new fovea.ModelEma(any(undefined)),
    "ModelEma: model must be a Module; got undefined",
  ],
  [
    "gradCam",
    () => fovea.gradCam(any(new fovea.ReLU()), fovea.ones([1, 2, 2, 1])),
    "gradCam: model must be a network with forwardFeatures() and forwardHead(); got a ReLU",
  ],
  [
    "topClasses",
    () => fovea.topClasses(any(undefined), 1),
    "topClasses: logits must be a tensor; got undefined",
  ],
  [
    "topK",
    () => fovea.topK(fovea.ones([1, 2]), any([0]), [1]),
    "topK: labels must be a tensor; got an array",
  ],
  [
    "CalibrationError",
    () => new fovea.CalibrationError(any({ bin: 3 })),
    "CalibrationError: unknown option 'bin'; did you mean bins?",
  ],
  // fovea/node
  [
    "loadDataset",
    () => node.loadDataset("cifar10", any({ valfraction: 0.1 })),
    "loadDataset: unknown option 'valfraction'; did you mean valFraction?",
  ],
  [
    "loadDataset of nothing",
    () => node.loadDataset(any(undefined)),
    "loadDataset: nameOrFolder must be a dataset's name or a folder; got undefined",
  ],
  [
    "ImageFolder",
    () => new node.ImageFolder(folder, any({ class: [] })),
    "ImageFolder: unknown option 'class'; did you mean classes?",
  ],
  [
    "ImageFolder of nothing",
    () => new node.ImageFolder(any(undefined)),
    "ImageFolder: root must be a path; got undefined",
  ],
  [
    "ImageList",
    () => new node.ImageList(folder, join(folder, "x"), any({ multilabels: true })),
    "ImageList: unknown option 'multilabels'; did you mean multiLabel?",
  ],
  [
    "TarDataset",
    () => node.TarDataset.open(any("a.tar")),
    "TarDataset: shards must be an array of paths; got a string",
  ],
  [
    "loadWeights",
    () => node.loadWeights(model, "x", any({ stric: false })),
    "loadWeights: unknown option 'stric'; did you mean strict?",
  ],
  [
    "loadWeights the wrong way round",
    () => node.loadWeights(any("x"), any(model)),
    "loadWeights: model must be a Module; got a string",
  ],
  ["readWeights", () => node.readWeights(any(undefined)), "readWeights: path must be a path; got undefined"],
  [
    "openModel",
    () => node.openModel(any({ weight: "x" })),
    "openModel: unknown option 'weight'; did you mean weights?",
  ],
  [
    "openModel of a path",
    () => node.openModel(any("runs/x")),
    "openModel: options must be an object; got a string",
  ],
  [
    "fetchWeights",
    () => node.fetchWeights("resnet18", any({ url: "x" })),
    "fetchWeights: unknown option 'url'",
  ],
];

test.each(rows)("%s", async (_, run, message) => {
  let error: unknown;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  expect(String(error)).toContain(message);
  expect(error instanceof DataError || error instanceof ShapeError).toBe(true);
});
