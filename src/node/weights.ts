// Files of weights.

import { publishedByFile, type Preprocessing } from "../data/index.js";
import { checkKinds } from "../errors/options.js";
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { StateDict } from "../core/state.js";
import { DataError, reason } from "../errors.js";
import { safetensorsParts } from "../io/safetensors.js";
import type { ByteSource } from "../io/source.js";
import { readState, type ReadOptions } from "../io/weights.js";
import { Classifier } from "../models/index.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { Module, type LoadReport } from "../nn/index.js";
import { preprocessingOf } from "../pretrained/config.js";
import { loadRead, type LoadStateOptions } from "../pretrained/load.js";
import { writeFileAtomic } from "./files.js";
import { readConfig } from "./model-config.js";
import { WEIGHT_FILES } from "../pretrained/sharded.js";
import { readSharded } from "./sharded.js";
import { refuseTensorflow } from "./tensorflow.js";

/** Writes a state dict as a safetensors file, atomically. */
export async function saveWeights(path: string, state: StateDict): Promise<void> {
  checkKinds("saveWeights", { path, state }, { path: "path", state: "state" });
  await writeFileAtomic(path, safetensorsParts(state, { format: "pt" }, path));
}

/** Runs fn with a file as a source; pieces are read once, into their own memory. */
export function withFile<T>(path: string, fn: (source: ByteSource) => T): T {
  const cannot = (error: unknown): never => {
    throw new DataError(`${path}: cannot be read: ${reason(error)}`);
  };
  let file = -1;
  try {
    file = openSync(path, "r");
  } catch (error) {
    cannot(error);
  }
  const read = (from: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    let at = 0;
    try {
      while (at < length) {
        const count = readSync(file, bytes, at, length - at, from + at);
        if (count === 0) throw new Error(`ends at byte ${from + at}`);
        at += count;
      }
    } catch (error) {
      cannot(error);
    }
    return bytes;
  };
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) cannot(new Error("not a file"));
    return fn({ name: path, size: stat.size, read });
  } finally {
    closeSync(file);
  }
}

/**
 * The state dict in a safetensors file, a PyTorch .pth or .pt file or one of Paddle, recognised by their first bytes (see
 * decodeWeights()), or in the several files that a *.safetensors.index.json names. Holds the tensors in memory once, and only the current one of the file.
 * @throws DataError naming the file if it is missing, damaged or refused
 */
export async function readWeights(path: string, options: ReadOptions = {}): Promise<StateDict> {
  if (typeof path !== "string") throw wrongKind("readWeights", "path", path, "a path");
  checkOptions<ReadOptions>("readWeights", options, { key: true });
  const read = async (file: string): Promise<StateDict> =>
    withFile(file, (source) => readState(source, options));
  return path.endsWith(".safetensors.index.json") ? readSharded(path, read) : read(path);
}

/** Options of loadWeights(). */
export interface LoadWeightsOptions extends ReadOptions, LoadStateOptions {}

/**
 * Loads a file of weights into a model: all or nothing. A Classifier's `preprocessing` is then that of torchvision, if it publishes
 * the file, or the one in the config.json of its folder. Names may have the prefixes of PyTorch's wrappers (`module.`),
 * DenseNet's old spelling, or be timm's (see adaptNames()).
 * @throws DataError naming the file; if something is missing, unexpected or of another shape, a few names and their number
 */
export async function loadWeights(
  model: Module,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<LoadReport> {
  if (!(model instanceof Module)) throw wrongKind("loadWeights", "model", model, "a Module");
  checkOptions<LoadWeightsOptions>("loadWeights", options, { key: true, strict: true, rename: true });
  refuseTensorflow(path, model instanceof Classifier ? model.info?.name : undefined);
  const { key, strict = true, rename } = options;
  const state = await readWeights(path, key === undefined ? {} : { key });
  const report = loadRead(model, state, path, { strict, ...(rename && { rename }) });
  const preparation = publishedByFile(path)?.preprocessing ?? (await toldBeside(path));
  const channels = model.parameters().find(({ shape }) => shape.length === 4)?.shape[2];
  if (preparation?.inputSize[2] === channels && model instanceof Classifier)
    model.preprocessing = preparation!;
  return report;
}

/** How images are prepared for weights in a folder like the hub's, if its config.json is of this kind. */
async function toldBeside(path: string): Promise<Preprocessing | undefined> {
  const config = join(dirname(path), "config.json");
  if (!WEIGHT_FILES.includes(basename(path) as never) || !existsSync(config)) return undefined;
  return readConfig(config).then(
    (read) => preprocessingOf(read.config),
    () => undefined, // another program's file: opening the folder as a model reports it
  );
}
