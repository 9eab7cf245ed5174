// Models by name.

import { DataError } from "../errors.js";
import type { Module } from "../nn/index.js";

export interface ModelOptions {
  /** Number of classes that the model tells apart. */
  numClasses?: number;
  /** Channels of the input images. */
  inChannels?: number;
}

export interface ModelInfo {
  readonly name: string;
  /** Height, width and channels of the images it is made for. */
  readonly inputSize: readonly [height: number, width: number, channels: number];
  create(options?: ModelOptions): Module;
}

const registry = new Map<string, ModelInfo>();

/** Makes a model known by name. Returns its constructor. */
export function registerModel<T extends Module>(
  name: string,
  inputSize: ModelInfo["inputSize"],
  create: (options?: ModelOptions) => T,
): (options?: ModelOptions) => T {
  if (registry.has(name)) throw new Error(`registerModel: '${name}' is registered twice`);
  registry.set(name, { name, inputSize, create });
  return create;
}

/** What is known about a model. @throws DataError listing the known names */
export function modelInfo(name: string): ModelInfo {
  const info = registry.get(name);
  if (!info) throw new DataError(`createModel: unknown model '${name}'; known: ${modelNames().join(", ")}`);
  return info;
}

/** A new model with fresh weights, drawn from the stream that manualSeed() starts. @throws DataError listing the known names */
export function createModel(name: string, options?: ModelOptions): Module {
  return modelInfo(name).create(options);
}

/** Every registered name, sorted. */
export function modelNames(): string[] {
  return [...registry.keys()].sort();
}
