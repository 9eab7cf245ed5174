// Which model a page asks for: what its options mean, and what is sent to the worker.

import type { Preprocessing } from "../data/index.js";
import { DataError } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";

/** A file: bytes, a Blob or a File that somebody picked, or an address. */
export type FileSource = string | URL | Blob | Uint8Array | ArrayBuffer;

/** The files of a model: what saveModel() writes, and what a trainer exports. */
export interface ModelFiles {
  /** config.json. A text may be its contents or its address. */
  readonly config?: FileSource | Readonly<Record<string, unknown>>;
  /** Safetensors, PyTorch's .pth or Paddle's .pdparams. */
  readonly weights: FileSource;
}

/** Bytes that have been downloaded so far. */
export interface LoadProgress {
  /** The file's name. */
  readonly file: string;
  /** Bytes that have come. */
  readonly received: number;
  /** Bytes in all, if the server says. */
  readonly total?: number;
  /** Whether it comes from the browser's cache. */
  readonly cached: boolean;
}

/** What createClassifier() and createTrainer() have in common. */
export interface ModelOptions {
  /**
   * A model's name ("mobilenet_v3_small"), the address of a folder with config.json and model.safetensors ("./pets/"), a repository of
   * the Hugging Face hub in timm's layout ("timm/resnet18.a1_in1k", perhaps with "@revision"), or files.
   */
  readonly model: string | URL | ModelFiles;
  /** For a model's name: its weights. */
  readonly weights?: FileSource;
  /**
   * Names of the classes, in the order of the model's outputs. Default: what config.json says; of a trainer none, add() makes them, and
   * a trainer goes on with a head that was trained if config.json names the same ones.
   */
  readonly classes?: readonly string[];
  /** How pictures are prepared. Default: what config.json says, otherwise as usual for the architecture. */
  readonly preprocessing?: Preprocessing;
  /** Whether the network is made for pictures of about 32 pixels. For a model's name. Default false. */
  readonly smallImages?: boolean;
  /** Another address for the hub: a mirror, which serves its API (/api/models/…) too. Default "https://huggingface.co". */
  readonly hub?: string;
  /** How many threads compute. Default: one for each core, at most 16, where the page is cross-origin isolated; otherwise one. */
  readonly threads?: number;
  /** Most bytes that the network may take. Default: 4 GiB. */
  readonly maxBytes?: number;
  /**
   * The worker that computes, for bundlers that do not know `new Worker(new URL(…, import.meta.url))`: its file holds
   * `import "fovea/web/worker"`. One worker may serve several. Default: one of the library's own.
   */
  readonly worker?: Worker | (() => Worker);
  /** Gives up loading. */
  readonly signal?: AbortSignal;
  /** Told of downloads. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

export const MODEL_OPTIONS: Names<ModelOptions> = {
  model: true,
  weights: true,
  classes: true,
  preprocessing: true,
  smallImages: true,
  hub: true,
  threads: true,
  maxBytes: true,
  worker: true,
  signal: true,
  onProgress: true,
};

/** Where a file comes from, as it is sent to the worker: addresses are absolute. */
export type WireFile = { readonly url: string } | { readonly blob: Blob } | { readonly bytes: Uint8Array };

/** Where a model comes from, as it is sent to the worker. */
export type WireModel =
  | {
      readonly kind: "name";
      readonly name: string;
      readonly weights?: WireFile;
      readonly smallImages?: boolean;
    }
  | { readonly kind: "saved"; readonly name: string }
  | { readonly kind: "folder"; readonly url: string }
  | { readonly kind: "hub"; readonly repository: string; readonly revision: string; readonly hub: string }
  | {
      readonly kind: "files";
      readonly config: WireFile | { readonly json: object };
      readonly weights: WireFile;
    };

/** What is sent to the worker about a model. */
export interface ModelRequest {
  readonly model: WireModel;
  readonly classes?: readonly string[];
  readonly preprocessing?: Preprocessing;
}

const absolute = (url: string | URL): string =>
  new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;

export function wireFile(op: string, name: string, file: FileSource): WireFile {
  if (typeof file === "string" || file instanceof URL) return { url: absolute(file) };
  if (file instanceof Blob) return { blob: file };
  if (file instanceof ArrayBuffer) return { bytes: new Uint8Array(file) };
  // A view of a larger buffer would take all of it along.
  if (file instanceof Uint8Array)
    return { bytes: file.length < file.buffer.byteLength ? file.slice() : file };
  throw wrongKind(op, name, file, "an address, a File, a Blob or bytes");
}

const ADDRESS = /^(\.{0,2}\/|[a-z][\w+.-]*:)|\/$/i;
const REPOSITORY = /^([\w.-]+\/[\w.-]+)(?:@([^@]+))?$/;

function wireModel(op: string, { model, weights, smallImages, hub }: ModelOptions): WireModel {
  if (model instanceof URL || (typeof model === "string" && ADDRESS.test(model))) {
    const url = absolute(model);
    return { kind: "folder", url: url.endsWith("/") ? url : `${url}/` };
  }
  if (typeof model === "string") {
    const [, repository, revision = "main"] = REPOSITORY.exec(model) ?? [];
    if (repository !== undefined)
      return { kind: "hub", repository, revision, hub: hub ?? "https://huggingface.co" };
    return {
      kind: "name",
      name: model,
      ...(weights !== undefined && { weights: wireFile(op, "weights", weights) }),
      ...(smallImages !== undefined && { smallImages }),
    };
  }
  if (typeof model !== "object" || model === null) {
    throw wrongKind(op, "model", model, "a model's name, an address, a repository or files");
  }
  checkOptions<ModelFiles>(`${op}: model`, model, { config: true, weights: true });
  const { config } = model;
  if (config === undefined) {
    throw new DataError(
      `${op}: model has no config; expected config.json, or the model's name and its weights`,
    );
  }
  const isText = typeof config === "string" && /^\s*\{/.test(config);
  const isFile = typeof config === "string" || [URL, Blob, ArrayBuffer, Uint8Array].some((kind) => config instanceof kind); // prettier-ignore
  return {
    kind: "files",
    config: isText
      ? { bytes: new TextEncoder().encode(config) }
      : isFile
        ? wireFile(op, "config", config as FileSource)
        : { json: config },
    weights: wireFile(op, "weights", model.weights),
  };
}

/** What is sent to the worker of these options. @throws DataError for what makes no sense */
export function modelRequest(op: string, options: ModelOptions): ModelRequest {
  const { classes, preprocessing } = options;
  return {
    model: wireModel(op, options),
    ...(classes && { classes: [...classes] }),
    ...(preprocessing && { preprocessing }),
  };
}
