// A network that learns from the page's pictures.

import { manualSeed } from "../../core/random.js";
import type { Tensor } from "../../core/tensor.js";
import { noGrad } from "../../core/grad-mode.js";
import { DataLoader, ImageDataset, stratifiedSplit, type Dataset } from "../../data/index.js";
import { DataError } from "../../errors.js";
import { encodeSafetensors } from "../../io/safetensors.js";
import { inEvaluation } from "../../nn/evaluation.js";
import type { Module } from "../../nn/index.js";
import { exportOnnx } from "../../onnx/index.js";
import { createOptimizer, cosine, noDecay } from "../../optim/index.js";
import { configToJSON } from "../../pretrained/config.js";
import { ConfusionMatrix, evaluate, fit } from "../../train/index.js";
import type { ThreadsInfo } from "../protocol.js";
import type { WirePicture } from "../pictures.js";
import type { Call } from "../rpc.js";
import type {
  Added,
  Dataset8,
  EvaluationReport,
  ExportedModel,
  ExportFormat,
  FitProgress,
  FitReport,
  FitRequest,
  TrainerInfo,
} from "../trainer-types.js";
import { decoded } from "./decode.js";
import { Examples } from "./examples.js";
import { frozenFeatures } from "./frozen-features.js";
import type { Opened } from "./models.js";
import { Network } from "./network.js";
import { plainTransforms, randomTransforms } from "./preparation.js";
import { resolveFit, type FitPlan } from "./fit-plan.js";
import { trainOnly } from "./trained-part.js";

/** Milliseconds between two reports of steps. */
const REPORT_MS = 50;

type Part = { dataset: Dataset; transforms: ReturnType<typeof plainTransforms> };

export class Trainer extends Network {
  readonly #examples: Examples;
  #epochs = 0;
  #busy = false;

  constructor(opened: Opened) {
    super(opened);
    this.#examples = new Examples(opened.classes, opened.preprocessing);
  }

  override get classes(): readonly string[] {
    return this.opened.classes;
  }

  override info(threads: ThreadsInfo): TrainerInfo {
    const { classes, counts } = this.#examples;
    return { ...super.info(threads), classes, counts, epochs: this.#epochs };
  }

  async add(picture: WirePicture, label: string | number): Promise<Added> {
    const image = await decoded(picture, this.channels);
    return { ...this.#examples.add(image, label), counts: this.#examples.counts };
  }

  addDataset(dataset: Dataset8): void {
    this.#examples.addDataset(dataset);
  }

  remove(ids: readonly number[]): void {
    this.#examples.remove(ids);
  }

  setClasses(classes: readonly string[]): void {
    this.#examples.setClasses(classes);
  }

  async fit(call: Call, request: FitRequest): Promise<FitReport> {
    if (this.#busy) throw new DataError("fit: this trainer is training already; wait for it, or cancel it");
    this.#busy = true;
    try {
      return await this.#fit(call, request);
    } finally {
      this.#busy = false;
      this.forget();
    }
  }

  async #fit(call: Call, request: FitRequest): Promise<FitReport> {
    const begin = performance.now();
    const dataset = this.#examples.dataset();
    const plan = resolveFit(request, dataset, this.opened);
    const { model, preprocessing } = this.opened;
    this.#fitHead(plan.seed);
    trainOnly(model, plan.train, preprocessing.inputSize);
    const plain = plainTransforms(dataset, preprocessing);
    const [train, kept] =
      plan.validation > 0
        ? stratifiedSplit(dataset, [1 - plan.validation, plan.validation], plan.seed)
        : [dataset, undefined];
    let network: Module = model;
    let parts: Part[] = [
      { dataset: train!, transforms: plan.augment ? randomTransforms(preprocessing) : plain },
      ...(kept ? [{ dataset: kept, transforms: plain }] : []),
    ];
    if (plan.train === "head" && !plan.augment) {
      const features = await Promise.all(
        parts.map(async (part) => frozenFeatures(model, part.dataset, part.transforms, call)),
      );
      if (features.every((one) => one !== undefined)) [network, parts] = [features[0]!.model, features];
    }
    const history = await this.#learn(network, parts, plan, call);
    this.#epochs += history.length;
    const cancelled = call.signal.aborted;
    const judged = network === model ? { dataset: kept ?? train!, transforms: plain } : parts.at(-1)!;
    const evaluation = cancelled ? undefined : await this.#evaluate(network, judged);
    const seconds = (performance.now() - begin) / 1000;
    return { history, ...(evaluation && { evaluation }), cancelled, seconds };
  }

  async #learn(
    network: Module,
    [train, kept]: readonly Part[],
    plan: FitPlan,
    call: Call,
  ): Promise<FitReport["history"]> {
    const { batchSize, seed, epochs, lr } = plan;
    const loader = new DataLoader(train!.dataset, {
      batchSize,
      seed,
      shuffle: true,
      dropLast: train!.dataset.length % batchSize === 1, // batch norm can do nothing with one picture
      ...train!.transforms,
    });
    const evalLoader =
      kept && new DataLoader(kept.dataset, { batchSize: Math.max(batchSize, 32), ...kept.transforms });
    const parameters = network.parameters().filter((p) => p.requiresGrad);
    const optimizer = createOptimizer("adamw", noDecay(parameters), { lr });
    const totalSteps = epochs * loader.batches;
    let told = 0;
    try {
      return await fit(network, loader, {
        optimizer,
        epochs,
        schedule: cosine({ lr, totalSteps, warmupSteps: Math.min(20, Math.floor(totalSteps / 10)) }),
        signal: call.signal,
        ...(evalLoader && { evalLoader }),
        onStep: (report) => {
          const now = performance.now();
          if (now - told < REPORT_MS && report.step < report.steps) return;
          told = now;
          call.emit({ kind: "step", ...report } satisfies FitProgress);
        },
        onEpoch: (report) => call.emit({ kind: "epoch", ...report } satisfies FitProgress),
      });
    } finally {
      optimizer.dispose();
    }
  }

  /** Gives the network an output for each class, fresh ones if their number has changed. */
  #fitHead(seed: number): void {
    const { model } = this.opened;
    const { classes } = this.#examples;
    if (model.numClasses !== classes.length) {
      manualSeed(seed);
      model.resetClassifier(classes.length);
      this.#epochs = 0;
    }
    this.opened = { ...this.opened, classes };
  }

  async #evaluate(network: Module, { dataset, transforms }: Part): Promise<EvaluationReport> {
    const confusion = new ConfusionMatrix();
    const loader = new DataLoader(dataset, { batchSize: Math.min(32, dataset.length), ...transforms });
    const { loss, top1, count } = await evaluate(network, loader, { metrics: [confusion] });
    return { loss, accuracy: top1, count, confusion: confusion.matrix };
  }

  /** Evaluates on pictures that were never trained on, or on all that have been added. */
  async evaluate(given: Dataset8 | undefined): Promise<EvaluationReport> {
    this.#checkTrained("evaluate");
    const { classes, preprocessing, model } = this.opened;
    const dataset = given
      ? new ImageDataset({ ...given, classes, name: "dataset" })
      : this.#examples.dataset();
    return this.#evaluate(model, { dataset, transforms: plainTransforms(dataset, preprocessing) });
  }

  export(format: ExportFormat): ExportedModel {
    this.#checkTrained("export");
    const { model, architecture, classes, smallImages, preprocessing } = this.opened;
    const config = configToJSON(model, {
      architecture,
      classes,
      ...(smallImages && { smallImages }),
      ...preprocessing,
    });
    if (format !== "safetensors" && format !== "onnx") {
      throw new DataError(`export: unknown format; got ${String(format)}; known: onnx, safetensors`);
    }
    const bytes =
      format === "onnx"
        ? exportOnnx(model, { preprocessing, classes, architecture })
        : encodeSafetensors(model.stateDict(), { format: "pt" });
    return { file: `model.${format}`, bytes: new Uint8Array(bytes), config };
  }

  /** While the weights change the model is not compiled: its own forward() does. */
  protected override logits(x: Tensor): Tensor {
    this.#checkTrained("classify");
    const { model } = this.opened;
    return this.#busy ? noGrad(() => inEvaluation(model, () => model.forward(x))) : super.logits(x);
  }

  #checkTrained(op: string): void {
    const { model, classes } = this.opened;
    if (classes.length > 0 && classes.length === model.numClasses) return;
    throw new DataError(`${op}: the network does not know its classes yet; call fit() first`);
  }
}
