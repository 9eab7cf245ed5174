// A network that learns from the page's pictures.

import { manualSeed } from "../../core/random.js";
import { noGrad } from "../../core/grad-mode.js";
import type { Tensor } from "../../core/tensor.js";
import { ImageDataset } from "../../data/index.js";
import { DataError } from "../../errors.js";
import { encodeSafetensors } from "../../io/safetensors.js";
import { inEvaluation } from "../../nn/evaluation.js";
import { exportOnnx } from "../../onnx/index.js";
import { configToJSON } from "../../pretrained/config.js";
import type { ThreadsInfo } from "../protocol.js";
import type { WirePicture } from "../pictures.js";
import type { Call } from "../rpc.js";
import type { Storage } from "../storage.js";
import type {
  Added,
  Dataset8,
  EvaluationReport,
  ExportedModel,
  ExportFormat,
  FitReport,
  FitRequest,
  Refused,
  TrainerInfo,
} from "../trainer-types.js";
import { unzipped } from "./archive.js";
import { Examples } from "./examples.js";
import { resolveFit } from "./fit-plan.js";
import { KeptPictures } from "./kept-pictures.js";
import type { Opened } from "./models.js";
import { Network } from "./network.js";
import { plainTransforms, workersFor } from "./preparation.js";
import {
  loadExamples,
  readCheckpoint,
  saveAll,
  saveCheckpoint,
  savedState,
  type Interrupted,
} from "./saved.js";
import { judge, learn, setUp } from "./training.js";

export class Trainer extends Network {
  readonly examples: Examples;
  readonly #storage: Storage;
  #epochs = 0;
  #busy = false;
  /** Whether outputs stand for other classes than they did. */
  #moved = false;
  /** The name under which it was saved, and a run that was broken off. */
  #name: string | undefined;
  #interrupted: Interrupted | undefined;

  constructor(opened: Opened, storage: Storage) {
    super(opened);
    this.#storage = storage;
    this.examples = new Examples(opened.classes, () => this.opened.preprocessing);
  }

  override info(threads: ThreadsInfo): TrainerInfo {
    const { classes, counts } = this.examples;
    const { checkpoint, plan } = this.#interrupted ?? {};
    const interrupted = checkpoint && { epoch: checkpoint.state.position.epoch - 1, epochs: plan!.epochs };
    return {
      ...super.info(threads),
      classes,
      counts,
      epochs: this.#epochs,
      ...(interrupted && { interrupted }),
    };
  }

  async add(picture: WirePicture, label: string | number): Promise<Added> {
    return { ...(await this.examples.add(picture, label)), counts: this.examples.counts };
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

  async #fit(call: Call, { checkpoint: name, resume, ...request }: FitRequest): Promise<FitReport> {
    const begin = performance.now();
    const dataset = this.examples.dataset();
    const interrupted = resume ? this.#interrupted : undefined;
    const { length } = this.examples.classes;
    const pictures = this.examples.list.map(({ id }) => id);
    const same = this.opened.model.numClasses === length && interrupted?.pictures.join() === pictures.join();
    if (interrupted && !same) {
      throw new DataError("fit: pictures or classes have changed since training was broken off; expected the same, or resume: false"); // prettier-ignore
    }
    if (resume && !interrupted) {
      throw new DataError(
        "fit: nothing to resume; expected a trainer of loadTrainer() whose training was broken off",
      );
    }
    const plan = interrupted?.plan ?? resolveFit(request, dataset, this.opened);
    const under = interrupted ? this.#name : name;
    if (!interrupted) {
      manualSeed(plan.seed);
      this.#fitHead();
      if (under !== undefined) await this.save(under);
    }
    const { model, preprocessing } = this.opened;
    const cancelled = (): boolean => call.signal.aborted;
    try {
      const { workers = workersFor(dataset) } = request;
      const setup = await setUp(model, preprocessing, dataset, { ...plan, workers }, call);
      const history = await learn(setup, plan, call, {
        from: interrupted?.checkpoint,
        keep: under === undefined ? undefined : async (checkpoint) => saveCheckpoint(this.#storage, under, { checkpoint, plan, pictures }), // prettier-ignore
      });
      this.#epochs += history.length;
      const evaluation = cancelled() ? undefined : await judge(setup.network, setup.judged);
      if (under !== undefined) await this.#finish(under);
      return { history, ...(evaluation && { evaluation }), cancelled: cancelled(), seconds: since(begin) };
    } catch (error) {
      if (cancelled() && (error as Error).name === "AbortError")
        return { history: [], cancelled: true, seconds: since(begin) };
      throw error;
    }
  }

  /** A run has ended: what it learnt takes the place of what is needed to go on with it. */
  async #finish(name: string): Promise<void> {
    this.#interrupted = undefined;
    await saveAll(this.#storage, name, this.export("safetensors"), this.examples, this.#epochs);
  }

  /** Gives the network an output for each class: fresh ones if their number has changed, or one was taken out. */
  #fitHead(): void {
    const { model } = this.opened;
    const { classes } = this.examples;
    if (model.numClasses !== classes.length || this.#moved) {
      model.resetClassifier(classes.length);
      this.#epochs = 0;
      this.#moved = false;
    }
    this.opened = { ...this.opened, classes };
  }

  /** Evaluates on pictures that were never trained on, or on all that have been added. */
  async evaluate(given: Dataset8 | undefined): Promise<EvaluationReport> {
    this.#checkTrained("evaluate");
    const { classes, preprocessing, model } = this.opened;
    const dataset = given
      ? new ImageDataset({ ...given, classes, name: "dataset" })
      : this.examples.dataset();
    return judge(model, {
      dataset,
      transforms: plainTransforms(dataset, preprocessing, workersFor(dataset)),
    });
  }

  export(format: ExportFormat): ExportedModel {
    this.#checkTrained("export");
    const { model, architecture, classes, smallImages, preprocessing } = this.opened;
    const about = { architecture, classes, ...(smallImages && { smallImages }), ...preprocessing };
    const config = configToJSON(model, about);
    if (format !== "safetensors" && format !== "onnx") {
      throw new DataError(`export: unknown format; got ${String(format)}; known: onnx, safetensors`);
    }
    const bytes =
      format === "onnx"
        ? exportOnnx(model, { preprocessing, classes, architecture })
        : encodeSafetensors(model.stateDict(), { format: "pt" });
    return { file: `model.${format}`, bytes: new Uint8Array(bytes), config };
  }

  /** Writes network and pictures into the browser's files. A network that was never trained gets its head now. */
  async save(name: string): Promise<void> {
    if (!this.#busy) this.#fitHead();
    await saveAll(this.#storage, name, this.export("safetensors"), this.examples, this.#epochs);
    this.#name = name;
    this.#interrupted = undefined;
  }

  /** Takes in what else was saved under the name that its network comes from. */
  async restore(name: string): Promise<void> {
    const state = await savedState(this.#storage, name);
    await loadExamples(this.#storage, name, state, this.examples);
    this.#epochs = state.epochs;
    this.#name = name;
    this.#interrupted = await readCheckpoint(this.#storage, name);
  }

  /** Takes in the pictures that are kept under a name, and keeps there what is added. */
  async keep(name: string): Promise<void> {
    await this.examples.open(new KeptPictures(this.#storage, name));
  }

  /** Goes on with another network, and the same pictures. */
  setModel(opened: Opened): void {
    if (this.#busy) {
      opened.model.dispose();
      throw new DataError("setModel: this trainer is training; wait for it, or cancel it");
    }
    const { model } = this.opened;
    this.opened = opened;
    this.forget();
    model.dispose();
    // A head that knows other classes, or the same in another order, is of no use for these.
    const { length } = opened.classes;
    this.#moved = length > 0 && opened.classes.join("\n") !== this.examples.classes.join("\n");
    [this.#epochs, this.#interrupted] = [0, undefined];
  }

  async removeClass(label: string | number): Promise<void> {
    await this.examples.removeClass(label);
    this.#moved = true;
  }

  /** Adds the pictures of a zip file; gives back those that cannot be read. */
  async addZip(call: Call, bytes: Uint8Array, name: string): Promise<Refused[]> {
    const files = unzipped(bytes, name);
    return this.examples.addFiles(files, (done) => call.emit({ done, total: files.length }));
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

const since = (begin: number): number => (performance.now() - begin) / 1000;
