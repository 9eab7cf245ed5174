// A trainer in the browser's files: config.json, model.safetensors, its pictures, and where a training run was broken off.

import { encodeSafetensors, readSafetensors } from "../../io/safetensors.js";
import { bytesSource } from "../../io/source.js";
import { DataError } from "../../errors.js";
import type { Checkpoint } from "../../train/index.js";
import type { ExportedModel } from "../trainer-types.js";
import { readFile, savedNames, STATE, type Storage } from "../storage.js";
import type { Examples } from "./examples.js";
import type { FitPlan } from "./fit-plan.js";
import { KeptPictures } from "./kept-pictures.js";

/** What trainer.json holds besides what the other files do. */
export interface SavedState {
  /** Epochs that the weights were trained for. */
  readonly epochs: number;
  /** Sizes of the datasets that were added whole. */
  readonly arrays: readonly (readonly [height: number, width: number, channels: number])[];
}

/** A training run that was broken off. */
export interface Interrupted {
  readonly checkpoint: Checkpoint;
  readonly plan: FitPlan;
  /** Numbers of the pictures. */
  readonly pictures: readonly number[];
}

const KEY = "fovea.training";
const CHECKPOINT = "checkpoint.safetensors";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Writes all of a trainer. */
export async function saveAll(
  storage: Storage,
  name: string,
  model: ExportedModel,
  examples: Examples,
  epochs: number,
): Promise<void> {
  const { arrays } = examples;
  await storage.remove(name, CHECKPOINT);
  await examples.copyTo(new KeptPictures(storage, name));
  for (const [i, { images, labels }] of arrays.entries()) {
    await storage.write(name, `images-${i}`, images);
    await storage.write(name, `labels-${i}`, new Uint8Array(Int32Array.from(labels).buffer));
  }
  await saveModel(storage, name, model);
  const state: SavedState = { epochs, arrays: arrays.map(({ shape }) => shape) };
  await storage.write(name, STATE, json(state));
}

async function saveModel(storage: Storage, name: string, { bytes, config }: ExportedModel): Promise<void> {
  await storage.write(name, "model.safetensors", bytes);
  await storage.write(name, "config.json", new TextEncoder().encode(config));
}

/** What was saved of a trainer besides its network. @throws DataError if nothing was */
export async function savedState(storage: Storage, name: string): Promise<SavedState> {
  const bytes = await readFile(storage, name, STATE);
  if (bytes) return JSON.parse(new TextDecoder().decode(bytes)) as SavedState;
  const names = await savedNames(storage);
  throw new DataError(
    `load: nothing is saved as '${name}'; there ${names.length ? `are ${names.join(", ")}` : "is nothing"}`,
  );
}

/** Puts the pictures back. */
export async function loadExamples(
  storage: Storage,
  name: string,
  { arrays }: SavedState,
  examples: Examples,
): Promise<void> {
  await examples.open(new KeptPictures(storage, name));
  for (const [i, shape] of arrays.entries()) {
    const [images, labels] = [
      await readFile(storage, name, `images-${i}`),
      await readFile(storage, name, `labels-${i}`),
    ];
    if (images && labels) examples.addDataset({ images, labels: new Int32Array(labels.buffer), shape });
  }
}

export async function saveCheckpoint(
  storage: Storage,
  name: string,
  { checkpoint, plan, pictures }: Interrupted,
): Promise<void> {
  const state = JSON.stringify({ state: checkpoint.state, plan, pictures });
  await storage.write(name, CHECKPOINT, encodeSafetensors(checkpoint.tensors, { [KEY]: state }));
}

export async function readCheckpoint(storage: Storage, name: string): Promise<Interrupted | undefined> {
  const bytes = await readFile(storage, name, CHECKPOINT);
  if (!bytes) return undefined;
  const { state: tensors, metadata } = readSafetensors(bytesSource(bytes, CHECKPOINT));
  const { state, ...rest } = JSON.parse(metadata[KEY]!) as Omit<Interrupted, "checkpoint"> & {
    state: Checkpoint["state"];
  };
  return { checkpoint: { tensors, state }, ...rest };
}
