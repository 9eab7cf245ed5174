// A network that learns in a page, in a worker.

import { checkOptions, wrongKind } from "../errors/options.js";
import { PageNetwork, startRequest, type CallSettings } from "./classifier.js";
import { linkTo } from "./connect.js";
import {
  MODEL_OPTIONS,
  modelRequest,
  wireFile,
  type FileSource,
  type LoadProgress,
  type ModelOptions,
  type ModelRequest,
} from "./model-request.js";
import { wirePicture, type PagePicture } from "./pictures.js";
import { browserStorage, checkName, savedNames } from "./storage.js";
import type {
  Added,
  Dataset8,
  EvaluationReport,
  ExportedModel,
  ExportFormat,
  ExampleInfo,
  FitProgress,
  FitReport,
  FitRequest,
  Refused,
  TrainerInfo,
  ZipProgress,
} from "./trainer-types.js";

/** Options of createTrainer(). The classes may be named later: add() makes them. */
export interface TrainerOptions extends ModelOptions {
  /**
   * Keeps the pictures in the browser (its origin private file system) under this name, each as it is added, and begins with those
   * that are there; `classes` are then those of a name that is new. The network is kept by save() and fit({ checkpoint }).
   */
  readonly keep?: string;
}

/** Options of setModel(). */
export type SetModelOptions = Omit<ModelOptions, "threads" | "maxBytes" | "worker">;

/** Options of addZip(). */
export interface AddZipOptions extends CallSettings {
  /** Called with how many of the pictures are done. */
  readonly onProgress?: (progress: ZipProgress) => void;
}

/** Options of fit(). */
export interface PageFitOptions extends FitRequest {
  /** Ends training after the step under way; what was learnt stays. */
  readonly signal?: AbortSignal;
  /** Called after steps (at most twenty times a second) and epochs. */
  readonly onProgress?: (progress: FitProgress) => void;
}

/** Options of what takes a dataset. */
export interface DatasetOptions {
  /** Gives the pixels away to the worker instead of copying them, for which the page would wait; they are gone here then. Default false. */
  readonly transfer?: boolean;
}

/** What of a dataset is given away. @throws DataError for something else than one */
function given(op: string, dataset: Dataset8, options: DatasetOptions): Transferable[] {
  checkOptions<DatasetOptions>(op, options, { transfer: true });
  const { images } = (dataset ?? {}) as Partial<Dataset8>;
  if (!(images instanceof Uint8Array)) throw wrongKind(op, "images", images, "a Uint8Array");
  return options.transfer && images.buffer instanceof ArrayBuffer ? [images.buffer] : [];
}

/** A trainer of a page: see createTrainer(). */
export class PageTrainer extends PageNetwork<TrainerInfo> {
  /**
   * Adds a picture to learn from. label: its class's number, or its name, which may be a new one. Large pictures are kept smaller:
   * their short side is then 480 pixels, or twice what the network looks at.
   * @throws DataError if it is not a picture, there is no such class, or the browser has no room to keep it
   */
  async add(picture: PagePicture, label: string | number, options: CallSettings = {}): Promise<Added> {
    checkOptions<CallSettings>("add", options, { signal: true });
    const { picture: wire, transfer } = await wirePicture("add", picture);
    const added = await this.live.call("add", [this.handle, wire, label], {
      transfer,
      signal: options.signal,
    });
    const { classes } = this.current;
    const grown = typeof label === "string" && !classes.includes(label) ? [...classes, label] : classes;
    this.current = { ...this.current, classes: grown, counts: added.counts };
    return added;
  }

  /** Adds many pictures of one size at once, as MNIST's. @throws DataError if counts differ or a label is out of range */
  async addDataset(dataset: Dataset8, options: DatasetOptions = {}): Promise<TrainerInfo> {
    const transfer = given("addDataset", dataset, options);
    return (this.current = await this.live.call("addDataset", [this.handle, dataset], { transfer }));
  }

  /** Takes pictures out again. */
  async remove(...ids: readonly number[]): Promise<TrainerInfo> {
    return (this.current = await this.live.call("remove", [this.handle, ids]));
  }

  /** Names the classes anew, in their order. @throws DataError if there are pictures of more classes, or two have one name */
  async setClasses(classes: readonly string[]): Promise<TrainerInfo> {
    return (this.current = await this.live.call("setClasses", [this.handle, classes]));
  }

  /**
   * Takes a class out, by its name or number, with its pictures. The network keeps its answers until the next fit(), which gives it
   * a fresh head. @throws DataError if there is no such class, or addDataset() brought pictures of it
   */
  async removeClass(label: string | number): Promise<TrainerInfo> {
    return (this.current = await this.live.call("removeClass", [this.handle, label]));
  }

  /**
   * Goes on with another network and the same pictures, as createTrainer() would with a fresh one.
   * @throws DataError while fit() runs, and as createTrainer(); the network stays what it was then
   */
  async setModel(options: SetModelOptions): Promise<TrainerInfo> {
    const { threads: _, maxBytes: __, worker: ___, ...names } = MODEL_OPTIONS;
    checkOptions<SetModelOptions>("setModel", options, names);
    const onEvent = options.onProgress as ((progress: LoadProgress) => void) | undefined;
    const request = modelRequest("setModel", options);
    return (this.current = await this.live.call("setModel", [this.handle, request], {
      signal: options.signal,
      onEvent,
    }));
  }

  /**
   * Learns from the pictures, and goes on from what was learnt before as long as there are as many classes. Cancelled by the signal it
   * comes back all the same, with what was done.
   * @throws DataError for pictures of fewer than two classes, or an option outside its range; NonFiniteLossError (a DataError) if
   * the learning rate is too high
   */
  async fit(options: PageFitOptions = {}): Promise<FitReport> {
    const { signal, onProgress, ...request } = options;
    if (request.checkpoint !== undefined) checkName("fit", request.checkpoint);
    const report = await this.live.call("fit", [this.handle, request], { signal, onEvent: onProgress });
    const { interrupted: _, ...rest } = this.current;
    this.current = { ...rest, epochs: rest.epochs + report.history.length };
    return report;
  }

  /** The pictures that were added one by one, and their classes. */
  async examples(): Promise<ExampleInfo[]> {
    return this.live.call("examples", [this.handle]);
  }

  /** One of these as a file, JPEG or PNG, to be shown. @throws DataError if there is no picture of that number */
  async picture(id: number): Promise<Blob> {
    return this.live.call("picture", [this.handle, id]);
  }

  /** All pictures as a zip file with a folder for each class, which `fovea train --data` takes once it is unpacked. */
  async exportDataset(): Promise<Blob> {
    return new Blob([await this.live.call("exportDataset", [this.handle])], { type: "application/zip" });
  }

  /**
   * Adds the pictures of such a file; classes of new names come after those that there are. Returns the files that cannot be read.
   * @throws DataError if it is not a zip file with pictures in folders
   */
  async addZip(zip: FileSource, options: AddZipOptions = {}): Promise<readonly Refused[]> {
    checkOptions<AddZipOptions>("addZip", options, { signal: true, onProgress: true });
    const file = wireFile("addZip", "zip", zip);
    const { refused, info } = await this.live.call("addZip", [this.handle, file], {
      signal: options.signal,
      onEvent: options.onProgress,
    });
    this.current = info;
    return refused;
  }

  /**
   * Keeps network and pictures in the browser (its origin private file system) under a name, for loadTrainer(). Pictures that are
   * added later are kept under the first name at once.
   * @throws DataError if the browser keeps no files for the page, or has no room
   */
  async save(name: string): Promise<void> {
    checkName("save", name);
    this.current = await this.live.call("save", [this.handle, name]);
  }

  /** How well it does: on pictures that it has not learnt from, or on all that were added. @throws DataError before fit() */
  async evaluate(dataset?: Dataset8, options: DatasetOptions = {}): Promise<EvaluationReport> {
    const transfer = dataset ? given("evaluate", dataset, options) : [];
    return this.live.call("evaluate", [this.handle, dataset], { transfer });
  }

  /**
   * The network as files that fovea, timm and PyTorch load (safetensors), or ONNX's runtimes.
   * @throws DataError for another format, and before fit()
   */
  async export(options: { readonly format?: ExportFormat } = {}): Promise<ExportedModel> {
    checkOptions<{ format?: ExportFormat }>("export", options, { format: true });
    return this.live.call("exportModel", [this.handle, options.format ?? "safetensors"]);
  }
}

/**
 * A network to be trained in a worker: with fresh weights, or those of elsewhere, whose head gives way to one for the new classes.
 * @throws as createClassifier()
 */
export async function createTrainer(options: TrainerOptions): Promise<PageTrainer> {
  checkOptions<TrainerOptions>("createTrainer", options, { ...MODEL_OPTIONS, keep: true });
  const { keep } = options;
  if (keep !== undefined) checkName("createTrainer: keep", keep);
  const request = modelRequest("createTrainer", options);
  return start("createTrainer", { ...request, ...(keep !== undefined && { keep }) }, options);
}

/** Options of loadTrainer(). */
export type LoadTrainerOptions = Pick<ModelOptions, "threads" | "maxBytes" | "worker" | "signal">;

/**
 * A trainer that was saved in this browser, by save() or fit({ checkpoint }), with its network and its pictures. Where a training run
 * was broken off its `info.interrupted` says so, and fit({ resume: true }) goes on with it.
 * @throws DataError if nothing is saved under that name; WasmError as createTrainer()
 */
export async function loadTrainer(name: string, options: LoadTrainerOptions = {}): Promise<PageTrainer> {
  checkName("loadTrainer", name);
  checkOptions<LoadTrainerOptions>("loadTrainer", options, {
    threads: true,
    maxBytes: true,
    worker: true,
    signal: true,
  });
  return start("loadTrainer", { model: { kind: "saved", name } }, options);
}

/** Names of the trainers that are saved in this browser. @throws DataError if it keeps no files for the page */
export async function savedTrainers(): Promise<string[]> {
  return savedNames(browserStorage);
}

/** Deletes what is saved under a name. @throws DataError if the browser keeps no files for the page */
export async function deleteTrainer(name: string): Promise<void> {
  checkName("deleteTrainer", name);
  await browserStorage.remove(name);
}

async function start(
  op: string,
  asked: ModelRequest & { readonly keep?: string },
  options: LoadTrainerOptions & Pick<ModelOptions, "onProgress">,
): Promise<PageTrainer> {
  const link = linkTo(op, options.worker);
  try {
    const onEvent = options.onProgress as ((progress: LoadProgress) => void) | undefined;
    const request = { ...asked, ...startRequest(options) };
    const { handle, info } = await link.connection.call("createTrainer", [request], {
      signal: options.signal,
      onEvent,
    });
    return new PageTrainer(link, handle, info);
  } catch (error) {
    link.release();
    throw error;
  }
}
