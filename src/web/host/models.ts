// Models for the worker: by name, from a folder, from the Hugging Face hub, or from files.

import type { StateDict } from "../../core/state.js";
import { imagenetClasses, publishedByFile, type Preprocessing } from "../../data/index.js";
import { DataError, reason, short } from "../../errors.js";
import { decodeWeights } from "../../io/weights.js";
import { createModel, modelInfo, preparationOf, type Classifier } from "../../models/index.js";
import { configFromJSON, preprocessingOf, type ModelConfig } from "../../pretrained/config.js";
import { createWith, loadRead, loadStarting } from "../../pretrained/load.js";
import { describedAt, Repository } from "../../pretrained/repository.js";
import { INDEX_FILE, readShards, shardsOf, WEIGHT_FILES } from "../../pretrained/sharded.js";
import type { ModelRequest, WireFile, WireModel } from "../model-request.js";
import type { Call } from "../rpc.js";
import { readFile, type Storage } from "../storage.js";
import { bytesOf, download } from "./downloads.js";
import { savedState } from "./saved.js";

/** A model in use. */
export interface Opened {
  readonly model: Classifier;
  readonly architecture: string;
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly smallImages: boolean;
  /** Whether its weights were learnt. */
  readonly trained: boolean;
}

/** What was found where a model is asked for: weights, and what is known about them. */
interface Found {
  readonly state: StateDict;
  readonly file: string;
  readonly config?: { config: ModelConfig; numClasses: number };
}

/** The file of weights that fovea writes. */
const [FILE] = WEIGHT_FILES;

function parsed(bytes: Uint8Array, file: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new DataError(`${file}: not JSON: ${reason(error)}`);
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new DataError(`${file}: no JSON object; expected {…}`);
}

/** hashOf: the SHA-256 that a file must have; only of a hub, which gives them. */
async function inFolder(
  url: string,
  call: Call,
  files: readonly (typeof WEIGHT_FILES)[number][] = WEIGHT_FILES,
  hashOf: (file: string) => string | undefined = () => undefined,
): Promise<Found> {
  const at = `${url}config.json`;
  const config = await download(at, call);
  if (!config) throw new DataError(`${at}: nothing there; expected a folder with config.json and ${FILE}`);
  const read = configFromJSON(parsed(config, at), at);
  const shard = async (name: string): Promise<StateDict> => {
    const bytes = await download(url + name, call, { sha256: hashOf(name) });
    if (!bytes) throw new DataError(`${url}${name}: nothing there; ${url}${INDEX_FILE} names it`);
    return decodeWeights(bytes, url + name);
  };
  for (const name of files) {
    const file = url + name;
    const sha256 = name === INDEX_FILE ? undefined : hashOf(name);
    const bytes = await download(file, call, { sha256 });
    if (!bytes) continue;
    if (name !== INDEX_FILE) return { state: decodeWeights(bytes, file), file, config: read };
    const index = shardsOf(parsed(bytes, file), file);
    const state = await readShards(index, file, (one) => url + one, shard);
    return { state, file, config: read };
  }
  throw new DataError(`${url}: no ${files.join(", ")} there; expected the weights beside config.json`);
}

/** A repository of the hub: its files at the commit that the revision is now, weights checked by their SHA-256. */
async function inRepository(
  { hub, repository, revision }: Extract<WireModel, { kind: "hub" }>,
  call: Call,
): Promise<Found> {
  const url = describedAt(hub, repository, revision);
  const bytes = await download(url, call, { fresh: true });
  if (!bytes) throw new DataError(`${url}: nothing there; expected a repository of the hub`);
  const about = new Repository(parsed(bytes, url), hub, repository, revision, url);
  const weights = about.weights("load");
  return inFolder(about.files, call, [weights], (file) => about.sha256("load", file));
}

const jsonOf = async (config: WireFile | { json: object }, call: Call): Promise<Record<string, unknown>> => {
  if ("json" in config) return config.json as Record<string, unknown>;
  const { bytes, name } = await bytesOf(config, call);
  return parsed(bytes, name === "weights" ? "config.json" : name);
};

async function inStorage(storage: Storage, name: string): Promise<Found> {
  await savedState(storage, name); // which throws where there is nothing
  const [config, weights] = [
    await readFile(storage, name, "config.json"),
    await readFile(storage, name, FILE),
  ];
  if (!config || !weights)
    throw new DataError(`load: what is saved as '${name}' lacks its network; expected ${FILE}`);
  const file = `${name}/${FILE}`;
  return { state: decodeWeights(weights, file), file, config: configFromJSON(parsed(config, name), name) };
}

/** What a request names; undefined for a model's name without weights. */
async function find(model: WireModel, call: Call, storage: Storage): Promise<Found | undefined> {
  if (model.kind === "saved") return inStorage(storage, model.name);
  if (model.kind === "folder") return inFolder(model.url, call);
  if (model.kind === "hub") return inRepository(model, call);
  if (model.kind === "files") {
    const config = configFromJSON(await jsonOf(model.config, call), "config.json");
    const { bytes, name } = await bytesOf(model.weights, call);
    return { state: decodeWeights(bytes, name), file: name, config };
  }
  if (!model.weights) return undefined;
  const { bytes, name } = await bytesOf(model.weights, call);
  return { state: decodeWeights(bytes, name), file: name };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

function checkClasses(classes: readonly string[], count: number): void {
  if (classes.length === count) return;
  throw new DataError(`createClassifier: ${classes.length} names of classes; the model has ${count}`);
}

/** A trained model, in evaluation mode. @throws DataError if there is no model, or its weights are another model's */
export async function openTrained(request: ModelRequest, call: Call, storage: Storage): Promise<Opened> {
  const found = await find(request.model, call, storage);
  if (!found) {
    const name = short((request.model as { name: string }).name);
    modelInfo((request.model as { name: string }).name); // which throws where there is no such name
    throw new DataError(
      `createClassifier: ${name} needs weights; give weights, or as model a folder, files or a repository such as timm/resnet18.a1_in1k`,
    );
  }
  const { state, file, config } = found;
  const architecture = config?.config.architecture ?? (request.model as { name: string }).name;
  const smallImages =
    config?.config.smallImages ?? (request.model as { smallImages?: boolean }).smallImages ?? false;
  const { model, numClasses, inChannels } = createWith(architecture, state, file, smallImages);
  const classes =
    request.classes ??
    config?.config.classes ??
    (numClasses === imagenetClasses.length ? imagenetClasses : numbers(numClasses));
  checkClasses(classes, numClasses);
  const usual = preparationOf(architecture);
  const [height, width] = usual.inputSize;
  const preprocessing = request.preprocessing ??
    (config ? preprocessingOf(config.config) : publishedByFile(file)?.preprocessing) ?? {
      ...usual,
      inputSize: [height, width, inChannels] as const,
    };
  model.preprocessing = preprocessing;
  return { model, architecture, classes, preprocessing, smallImages, trained: true };
}

/** A model to be trained: with fresh weights, or those of elsewhere but for a head of other classes. @throws DataError as openTrained() */
export async function openForTraining(request: ModelRequest, call: Call, storage: Storage): Promise<Opened> {
  const found = await find(request.model, call, storage);
  const own = request.model as { name: string; smallImages?: boolean };
  const architecture = found?.config?.config.architecture ?? modelInfo(own.name).name;
  const smallImages = found?.config?.config.smallImages ?? own.smallImages ?? false;
  const known = found?.config?.config.classes;
  const classes = request.classes ?? (request.model.kind === "saved" ? known : undefined) ?? [];
  const preprocessing =
    request.preprocessing ??
    (found?.config
      ? preprocessingOf(found.config.config)
      : found && publishedByFile(found.file)?.preprocessing) ??
    preparationOf(architecture);
  const model = createModel(architecture, {
    numClasses: Math.max(1, classes.length),
    inChannels: preprocessing.inputSize[2],
    smallImages,
  });
  try {
    if (found) {
      const same = known !== undefined && known.join("\n") === classes.join("\n"); // otherwise the head is another one
      if (same) loadRead(model, found.state, found.file);
      else loadStarting(model, found.state, found.file);
    }
  } catch (error) {
    model.dispose();
    throw error;
  }
  model.preprocessing = preprocessing;
  return { model, architecture, classes, preprocessing, smallImages, trained: found !== undefined };
}
