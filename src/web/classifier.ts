// A trained network for a page, which computes in a worker.

import { dispose } from "../core/dispose.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import type { Label } from "../train/index.js";
import { linkTo, type Link } from "./connect.js";
import { MODEL_OPTIONS, modelRequest, type LoadProgress, type ModelOptions } from "./model-request.js";
import { wirePicture, type PagePicture } from "./pictures.js";
import type { ClassifierInfo, Explanation, StartRequest } from "./protocol.js";

/** Options of a call that may be given up. */
export interface CallSettings {
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** Options of classify(). */
export interface PageClassifyOptions extends CallSettings {
  /** How many classes, the likeliest first. Default 5, or all if there are fewer. */
  readonly topK?: number;
}

/** Options of classifyMany(). */
export interface ClassifyManyOptions extends PageClassifyOptions {
  /** Told how many pictures are done. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What of the options the kernels are started with. */
export function startRequest({
  threads,
  maxBytes,
}: Pick<ModelOptions, "threads" | "maxBytes">): StartRequest {
  return { ...(threads !== undefined && { threads }), ...(maxBytes !== undefined && { maxBytes }) };
}

/** What a classifier and a trainer of a page can do: they hold a network that is in the worker. */
export class PageNetwork<Info extends ClassifierInfo> {
  protected readonly link: Link;
  protected readonly handle: number;
  protected current: Info;
  #disposed = false;

  /** @internal */
  constructor(link: Link, handle: number, info: Info) {
    this.link = link;
    this.handle = handle;
    this.current = info;
  }

  /** What it is: architecture, classes, threads and why there are no more. */
  get info(): Info {
    return this.current;
  }

  /**
   * What is in a picture: the likeliest classes, the likeliest first.
   * @throws DataError if it is not a picture or cannot be decoded; the signal's reason
   */
  async classify(picture: PagePicture, options: PageClassifyOptions = {}): Promise<Label[]> {
    checkOptions<PageClassifyOptions>("classify", options, { topK: true, signal: true });
    const { topK = 5, signal } = options;
    const sent = await wirePicture("classify", picture);
    const [labels] = await this.live.call("classify", [this.handle, [sent.picture], topK], { transfer: sent.transfer, signal }); // prettier-ignore
    return labels!;
  }

  /** classify() of several pictures, faster than one by one. @throws as classify() */
  async classifyMany(pictures: Iterable<PagePicture>, options: ClassifyManyOptions = {}): Promise<Label[][]> {
    checkOptions<ClassifyManyOptions>("classifyMany", options, {
      topK: true,
      signal: true,
      onProgress: true,
    });
    const { topK = 5, signal, onProgress } = options;
    const sent = await Promise.all([...pictures].map(async (one) => wirePicture("classifyMany", one)));
    const wire = sent.map(({ picture }) => picture);
    const transfer = sent.flatMap((one) => one.transfer);
    return this.live.call("classify", [this.handle, wire, topK], { transfer, signal, onEvent: onProgress });
  }

  /**
   * Where the network looks: a map of how much each place speaks for a class, by default the likeliest (see gradCam()).
   * @throws DataError as classify(), and for a class that there is not
   */
  async explain(picture: PagePicture, index?: number, options: CallSettings = {}): Promise<Explanation> {
    checkOptions<CallSettings>("explain", options, { signal: true });
    if (index !== undefined && !Number.isInteger(index))
      throw wrongKind("explain", "index", index, "an integer");
    const { picture: wire, transfer } = await wirePicture("explain", picture);
    return this.live.call("explain", [this.handle, wire, index], { transfer, signal: options.signal });
  }

  /** What the network makes of a picture before it decides: one number for each of its features. Pictures that are alike have alike ones. */
  async features(picture: PagePicture, options: CallSettings = {}): Promise<Float32Array> {
    checkOptions<CallSettings>("features", options, { signal: true });
    const { picture: wire, transfer } = await wirePicture("features", picture);
    return this.live.call("features", [this.handle, wire], { transfer, signal: options.signal });
  }

  /** Frees the network, and ends the worker if the library started it and nobody else uses it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.link.connection.call("dispose", [this.handle]).catch(() => undefined); // it may be gone already
    this.link.release();
  }

  /** For `using`: dispose() at the end of the block. */
  [dispose](): void {
    this.dispose();
  }

  /** The connection. @throws DataError after dispose() */
  protected get live(): Link["connection"] {
    if (this.#disposed) throw new DataError("fovea/web: used after dispose()");
    return this.link.connection;
  }
}

/** A classifier of a page: see createClassifier(). */
export class PageClassifier extends PageNetwork<ClassifierInfo> {}

/** Options of createClassifier(). */
export type ClassifierOptions = ModelOptions;

/**
 * A trained network in a worker: the page never waits for it. Downloads are kept in the browser's cache, and work without a network
 * from then on.
 * @throws DataError if the model or its weights cannot be had, or are not what they should be; WasmError if the worker cannot be
 * loaded, or the browser cannot run the kernels
 */
export async function createClassifier(options: ClassifierOptions): Promise<PageClassifier> {
  checkOptions<ModelOptions>("createClassifier", options, MODEL_OPTIONS);
  const request = { ...modelRequest("createClassifier", options), ...startRequest(options) };
  const link = linkTo("createClassifier", options.worker);
  try {
    const onEvent = options.onProgress as ((progress: LoadProgress) => void) | undefined;
    const { signal } = options;
    const { handle, info } = await link.connection.call("createClassifier", [request], { signal, onEvent });
    return new PageClassifier(link, handle, info);
  } catch (error) {
    link.release();
    throw error;
  }
}
