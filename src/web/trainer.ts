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
import { browserStorage, checkName } from "./storage.js";
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
  TrainerInfo,
} from "./trainer-types.js";

/** Options of createTrainer(). The classes may be named later: add() makes them. */
export type TrainerOptions = ModelOptions;

/** Options of fit(). */
export interface PageFitOptions extends FitRequest {
  /** Ends training after the step under way; what was learnt stays. */
  readonly signal?: AbortSignal;
  /** Told of steps (at most twenty a second) and epochs. */
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
   * Adds a picture to learn from, of a class by its name, which is new if there is none such, or its number. No more of it is
   * kept than the network needs.
   * @throws DataError if the picture is none, or there is no such class
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

  /** One of these as a file, JPEG or PNG, to be shown. @throws DataError if there is none of that number */
  async picture(id: number): Promise<Blob> {
    const bytes = await this.live.call("picture", [this.handle, id]);
    return new Blob([bytes], { type: bytes[0] === 0x89 ? "image/png" : "image/jpeg" });
  }

  /** All pictures as a zip file with a folder for each class, which `fovea train --data` takes once it is unpacked. */
  async exportDataset(): Promise<Blob> {
    return new Blob([await this.live.call("exportDataset", [this.handle])], { type: "application/zip" });
  }

  /** Adds the pictures of such a file; classes of new names come after those there are. @throws DataError if it is none */
  async addZip(zip: FileSource): Promise<TrainerInfo> {
    const file = wireFile("addZip", "zip", zip);
    return (this.current = await this.live.call("addZip", [this.handle, file]));
  }

  /**
   * Keeps network and pictures in the browser (its origin private file system) under a name, for loadTrainer().
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
  checkOptions<ModelOptions>("createTrainer", options, MODEL_OPTIONS);
  return start("createTrainer", modelRequest("createTrainer", options), options);
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
  return browserStorage.list();
}

/** Deletes what is saved under a name. @throws DataError if the browser keeps no files for the page */
export async function deleteTrainer(name: string): Promise<void> {
  checkName("deleteTrainer", name);
  await browserStorage.remove(name);
}

async function start(
  op: string,
  asked: ModelRequest,
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
