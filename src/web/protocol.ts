// What a page and its worker say to each other.

import type { Label } from "../train/index.js";
import type { Awaitable } from "./rpc.js";
import type { ModelRequest, WireFile } from "./model-request.js";
import type { WirePicture } from "./pictures.js";
import type {
  Added,
  Dataset8,
  EvaluationReport,
  ExportedModel,
  ExampleInfo,
  ExportFormat,
  FitReport,
  FitRequest,
  Refused,
  TrainerInfo,
} from "./trainer-types.js";

/** On how many threads the kernels run, and which kernels. */
export interface ThreadsInfo {
  /** How many threads share the work. */
  readonly threads: number;
  /** Why there are no more, if there could be. */
  readonly why?: string;
  /** Whether the page is cross-origin isolated, which several threads need. */
  readonly isolated: boolean;
  /** Which kernels: "relaxed" or "simd". */
  readonly binary: string;
}

/** What a classifier is. */
export interface ClassifierInfo extends ThreadsInfo {
  /** The name that createModel() knows the model by. */
  readonly architecture: string;
  /** Names of the classes; their numbers where names are not known. */
  readonly classes: readonly string[];
  /** Height, width and channels of the pictures that it sees. */
  readonly inputSize: readonly [height: number, width: number, channels: number];
  /** How many parameters it has. */
  readonly parameters: number;
}

/** Where a network looks: see gradCam(). */
export interface Explanation {
  /** The class that the map speaks for. */
  readonly index: number;
  /** Its name. */
  readonly label: string;
  /** How much each place speaks for the class, 0…1, row after row. */
  readonly map: Float32Array;
  /** Places in a row of the map. */
  readonly width: number;
  /** Rows of the map. */
  readonly height: number;
  /** The part of the picture that the map lies over, as shares of its width and height; beyond 0…1 where it has a border. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

/** Options that a worker starts its kernels with. */
export interface StartRequest {
  readonly threads?: number;
  readonly maxBytes?: number;
}

/** What a worker does for its page, by name. `handle` says which classifier or trainer is meant. */
export interface WorkerMethods {
  createClassifier(request: ModelRequest & StartRequest): Awaitable<{ handle: number; info: ClassifierInfo }>;
  classify(handle: number, pictures: readonly WirePicture[], topK: number): Awaitable<Label[][]>;
  explain(handle: number, picture: WirePicture, index: number | undefined): Awaitable<Explanation>;
  features(handle: number, picture: WirePicture): Awaitable<Float32Array>;
  createTrainer(
    request: ModelRequest & StartRequest & { readonly keep?: string },
  ): Awaitable<{ handle: number; info: TrainerInfo }>;
  setModel(handle: number, request: ModelRequest): Awaitable<TrainerInfo>;
  add(handle: number, picture: WirePicture, label: string | number): Awaitable<Added>;
  addDataset(handle: number, dataset: Dataset8): Awaitable<TrainerInfo>;
  remove(handle: number, ids: readonly number[]): Awaitable<TrainerInfo>;
  setClasses(handle: number, classes: readonly string[]): Awaitable<TrainerInfo>;
  removeClass(handle: number, label: string | number): Awaitable<TrainerInfo>;
  fit(handle: number, request: FitRequest): Awaitable<FitReport>;
  evaluate(handle: number, dataset: Dataset8 | undefined): Awaitable<EvaluationReport>;
  exportModel(handle: number, format: ExportFormat): Awaitable<ExportedModel>;
  exportDataset(handle: number): Awaitable<Uint8Array<ArrayBuffer>>;
  addZip(handle: number, zip: WireFile): Awaitable<{ refused: Refused[]; info: TrainerInfo }>;
  examples(handle: number): Awaitable<ExampleInfo[]>;
  picture(handle: number, id: number): Awaitable<Blob>;
  save(handle: number, name: string): Awaitable<TrainerInfo>;
  dispose(handle: number): Awaitable<void>;
}
