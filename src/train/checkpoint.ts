// The whole state of a training run, outside the heap: everything to save so that a resumed run gives the same bits as one that
// never stopped.

import { defaultRandom, type RandomState } from "../core/random.js";
import type { StateDict } from "../core/state.js";
import { DataError, show } from "../errors.js";
import { checkFields, wrongKind } from "../errors/options.js";
import { Module } from "../nn/index.js";
import { Optimizer } from "../optim/index.js";
import type { ModelEma } from "./ema.js";
import type { TrainingPosition } from "./position.js";

/** Changes whenever the contents of a checkpoint do. */
const FORMAT = 2;

/** The parts that a training run changes. */
export interface TrainingParts {
  /** The network. */
  model: Module;
  /** The optimizer that changes it. */
  optimizer: Optimizer;
  /** The average of its weights, if any. */
  ema?: ModelEma;
  /** The running kernels, by the name that init() returned. Other kernels give other bits. */
  binary: string;
}

/** A checkpoint: plain data except for the tensors, whose names begin with model., optimizer. or ema. */
export interface Checkpoint {
  /** Weights, the optimizer's state, averages. */
  tensors: StateDict;
  /** Everything else: the position, random streams, counters. */
  state: CheckpointState;
}

/** The contents of a checkpoint besides tensors. */
export interface CheckpointState {
  /** Version of the format. */
  format: number;
  /** Which kernels computed. */
  binary: string;
  /** The position in training. */
  position: TrainingPosition;
  /** State of the stream that manualSeed() starts. */
  random: RandomState;
  /** The optimizer's class, rate, steps and numbers. */
  optimizer: {
    /** Name of its class. */
    name: string;
    /** Learning rate. */
    lr: number;
    /** Steps taken. */
    steps: number;
    /** Its state besides tensors. */
    numbers: Record<string, number>;
  };
  /** Includes the average's options: with others it would continue differently. */
  ema:
    | {
        /** Updates so far. */
        updates: number;
        /** Share of the average that an update keeps. */
        decay: number;
        /** Whether the first updates keep less. */
        warmup: boolean;
      }
    | undefined;
  /** Anything else that the caller needs: arguments, classes. */
  about: Record<string, unknown>;
}

const PARTS = ["model", "optimizer", "ema"] as const;

function checkedParts(op: string, parts: TrainingParts): TrainingParts {
  checkFields(op, "parts", parts, { model: "object", optimizer: "object", binary: "text" });
  const { model, optimizer } = parts;
  if (!(model instanceof Module)) throw wrongKind(op, "model", model, "a Module");
  if (!(optimizer instanceof Optimizer)) throw wrongKind(op, "optimizer", optimizer, "an Optimizer");
  return parts;
}

/** The current state of the training run. `position` as fit() passes it to onPosition. */
export function captureCheckpoint(
  parts: TrainingParts,
  position: TrainingPosition,
  about: Record<string, unknown> = {},
): Checkpoint {
  const { model, optimizer, ema, binary } = checkedParts("captureCheckpoint", parts);
  checkFields("captureCheckpoint", "position", position, {
    epoch: "number",
    step: "number",
    history: "list",
  });
  const { steps, numbers, tensors: buffers } = optimizer.stateDict();
  const averaged = ema?.stateDict();
  const tensors: StateDict = new Map();
  const put = (part: (typeof PARTS)[number], state: StateDict): void => {
    for (const [name, tensor] of state) tensors.set(`${part}.${name}`, tensor);
  };
  put("model", model.stateDict());
  put("optimizer", buffers);
  if (averaged) put("ema", averaged.tensors);
  const state: CheckpointState = {
    format: FORMAT,
    binary,
    position: structuredClone(position),
    random: defaultRandom().state,
    optimizer: { name: optimizer.constructor.name, lr: optimizer.lr, steps, numbers },
    ema: ema && averaged && { updates: averaged.updates, decay: ema.decay, warmup: ema.warmup },
    about,
  };
  return { tensors, state };
}

/**
 * Restores the state of a training run from a checkpoint; `source` names it in errors. Returns the position for fit().
 * @throws DataError if its format, model, optimizer or binary differs; then nothing has changed except, perhaps, weights
 */
export function restoreCheckpoint(
  parts: TrainingParts,
  checkpoint: Checkpoint,
  source = "checkpoint",
): TrainingPosition {
  const { model, optimizer, ema, binary } = checkedParts("restoreCheckpoint", parts);
  checkFields("restoreCheckpoint", "checkpoint", checkpoint, { tensors: "state", state: "object" });
  const { tensors, state } = checkpoint;
  const expect = (what: string, got: unknown, expected: unknown): void => {
    if (got !== expected) throw new DataError(`${source}: ${what}; got ${got}, expected ${expected}`);
  };
  if (state.format !== FORMAT) {
    throw new DataError(
      `${source}: written by another version of fovea, which may compute other bits; got format ${show(state.format)}, expected ` +
        `${FORMAT}; finish the run with the version that began it, or begin a new one from its weights`,
    );
  }
  expect("made by another optimizer", state.optimizer.name, optimizer.constructor.name);
  expect("made by other kernels", state.binary, binary);
  expect("with or without averaged weights", state.ema !== undefined, ema !== undefined);
  expect("averaged with another decay", state.ema?.decay, ema?.decay);
  expect("averaged with or without warm-up", state.ema?.warmup, ema?.warmup);
  const part = (name: (typeof PARTS)[number]): StateDict =>
    new Map(
      [...tensors].flatMap(([key, tensor]) =>
        key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), tensor] as const] : [],
      ),
    );
  const { lr, steps, numbers } = state.optimizer;
  model.loadStateDict(part("model"), { source });
  optimizer.loadStateDict({ steps, numbers, tensors: part("optimizer") });
  if (ema && state.ema) ema.loadStateDict({ updates: state.ema.updates, tensors: part("ema") });
  optimizer.lr = lr; // until the next step sets it: the epoch's report shows it
  defaultRandom().restore(state.random);
  return structuredClone(state.position);
}
