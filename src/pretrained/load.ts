// Loads the tensors of a weight file into a model: under its names, or as the start of training.

import { listed, type StateDict, type StateTensor } from "../core/state.js";
import { DataError } from "../errors.js";
import { adaptNames } from "../io/weight-names.js";
import { createModel, type Classifier } from "../models/index.js";
import type { BatchNorm2d, LoadReport, Module } from "../nn/index.js";
import { refuseOthers, weightsOfOther } from "./whose.js";

/** A file's state dict under a model's names. @throws DataError naming the file if two tensors get the same name */
export function adaptedTo(
  model: Module,
  state: StateDict,
  path: string,
  rename?: (name: string) => string | undefined,
): StateDict {
  const all = { removeDuplicate: false };
  const own = [...model.namedParameters(all), ...model.namedBuffers(all)].map(([name]) => name);
  const eps = (norm: string): number | undefined =>
    own.includes(`${norm}.running_var`) ? (model.getSubmodule(norm) as BatchNorm2d).eps : undefined;
  return adaptNames(state, own, rename, path, eps);
}

export interface LoadStateOptions {
  /** Whether everything must be present and fit. false loads what fits, as for a head with other classes. Default true. */
  strict?: boolean;
  /** The model's name for a name in the file; undefined leaves the tensor out. */
  rename?: (name: string) => string | undefined;
}

/** Loads a file's contents: all or nothing. @throws DataError naming the file, and the model that its weights belong to if it is another */
export function loadRead(
  model: Module,
  state: StateDict,
  path: string,
  { strict = true, rename }: LoadStateOptions = {},
): LoadReport {
  refuseOthers(model, state, path);
  try {
    return model.loadStateDict(adaptedTo(model, state, path, rename), { strict, source: path });
  } catch (error) {
    throw (error instanceof DataError && weightsOfOther(model, state, path)) || error;
  }
}

/**
 * A convolution's weights [out, in, h, w] for images with another number of channels, with sums of about the same size: for grey
 * the sum of the channels' weights, otherwise the channels repeated, as in timm's adapt_input_conv().
 */
export function forChannels({ shape, data }: StateTensor, channels: number): StateTensor {
  const [out, own, h, w] = shape as [number, number, number, number];
  const area = h * w;
  const result = new Float32Array(out * channels * area);
  const from = (o: number, c: number, i: number): number => Number(data[(o * own + c) * area + i]);
  for (let o = 0, at = 0; o < out; o++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++, at++) {
        if (channels > 1) result[at] = (from(o, c % own, i) * own) / channels;
        else for (let k = 0; k < own; k++) result[at] = result[at]! + from(o, k, i);
      }
    }
  }
  return { dtype: "F32", shape: [out, channels, h, w], data: result };
}

/** Loads the first convolution's weights if only their input channels differ, and returns its name. */
function loadFirst(
  model: Classifier,
  state: StateDict,
  file: string,
  rename: (name: string) => string | undefined,
): string | undefined {
  const [name, first] = model.namedParameters().find(([, { shape }]) => shape.length === 4) ?? [];
  if (name === undefined) return undefined;
  const own = adaptedTo(model, state, file, rename).get(name);
  const [out, channels, ...window] = first!.fileShape;
  if (own?.shape.length !== 4 || own.shape.join() !== [out, own.shape[1], ...window].join()) return undefined;
  model.loadStateDict(new Map([[name, forChannels(own, channels!)]]), { strict: false, source: file });
  return name;
}

/**
 * Loads weights to start from, except for a classifier of other classes, or (featuresOnly) one that was never trained. Weights of
 * the first convolution are adapted to other numbers of channels.
 * @throws DataError naming the file if anything else does not fit
 */
export function loadStarting(
  model: Classifier,
  state: StateDict,
  file: string,
  { featuresOnly = false }: { featuresOnly?: boolean } = {},
): void {
  const isFree = (name: string): boolean =>
    model.isHead(name) || (featuresOnly && /^classifier\./.test(name));
  const rename = (name: string): string | undefined => (featuresOnly && isFree(name) ? undefined : name);
  const { missing, mismatched } = loadRead(model, state, file, { strict: false, rename });
  const lacking = [...missing, ...mismatched.map(({ name }) => name)].filter((name) => !isFree(name));
  if (lacking.length === 0) return;
  if (lacking.length === 1 && loadFirst(model, state, file, rename) === lacking[0]) return;
  throw (
    weightsOfOther(model, state, file) ??
    new DataError(
      `${file}: weights of another model; got none that fit ${listed(lacking)}; expected all but the classifier's`,
    )
  );
}

/**
 * A model, known by name, with a file's weights and their number of classes and channels.
 * @throws DataError naming the file if it holds another model's weights
 */
export function createWith(
  architecture: string,
  state: StateDict,
  file: string,
  smallImages = false,
): { model: Classifier; numClasses: number; inChannels: number } {
  const options = { smallImages, initialise: false };
  let model = createModel(architecture, options);
  try {
    const adapted = adaptedTo(model, state, file);
    const numClasses = adapted.get(`${model.head}.weight`)?.shape[0] ?? model.numClasses;
    // Files have their tensors in any order: Python's safetensors sorts them by name, a depthwise convolution maybe first.
    const first = model.namedParameters().find(([, { shape }]) => shape.length === 4)?.[0] ?? "";
    const inChannels = adapted.get(first)?.shape[1] ?? 3;
    model.dispose();
    model = createModel(architecture, { ...options, numClasses, inChannels });
    loadRead(model, state, file);
    return { model: model.eval(), numClasses, inChannels };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
