// State dicts that Paddle saved with paddle.save() (.pdparams): one pickle with numpy's arrays in it
// (https://github.com/PaddlePaddle/Paddle/blob/v3.3.1/python/paddle/framework/io.py), whose bytes stay in the file until they are read.
// Names and orientation become PyTorch's here; names of modules that differ by network are those of paddle-names.ts.

import type { StateDict, StateTensor } from "../core/state.js";
import { sizeOf } from "../core/shape.js";
import { DataError, short } from "../errors.js";
import { ELEMENT_TYPES } from "./element-types.js";
import { findState } from "./find-state.js";
import { bytesOf, GLOBALS, NumpyArray } from "./numpy-objects.js";
import { Unpickler, type Host } from "./pickle.js";
import type { ByteSource } from "./source.js";
import { SPARE_BYTES } from "./torch.js";

function persistent(): never {
  throw new DataError("a persistent id; expected none");
}

/** Whether a file that begins with these bytes (one character each) is a pickle, and so Paddle's if it is not PyTorch's. */
export function isPickle(head: string): boolean {
  return /^\x80[\x02-\x05]/.test(head);
}

const isArray = (value: unknown): value is NumpyArray =>
  value instanceof NumpyArray && value.data !== undefined;

/** Prefixes in a file with a teacher and its student. */
const NETWORKS = ["Student.", "Teacher."];
/** Tables that networks compute themselves: positions in windows. */
const MADE_ANEW = /(^|\.)(relative_position_index|relative_coords_table|attention_bias_idxs|attn_mask)$/;
const PIECES = "UnpackBigParamInfor@@";

/** PyTorch's name of a tensor. */
const nameOf = (name: string): string =>
  name.replace(/\.{2,}/g, ".").replace(/(^|\.)_mean$/, "$1running_mean").replace(/(^|\.)_variance$/, "$1running_var"); // prettier-ignore

/** Whether Paddle stores a tensor with its axes the other way round: a linear layer's matrix. */
const isTurned = (name: string, { length }: readonly number[]): boolean =>
  length === 2 && /(^|\.)weight$/.test(name);

/** A safetensors file's state dict, in PyTorch's names and orientation if paddle.save() wrote it, which its running statistics tell. */
export function ofSafetensors(state: StateDict): StateDict {
  if (![...state.keys()].some((name) => /(^|\.)_variance$/.test(name))) return state;
  return new Map(
    [...state].map(([given, tensor]) => {
      const name = nameOf(given);
      return [name, isTurned(name, tensor.shape) ? turned(tensor) : tensor];
    }),
  );
}

function turned({ dtype, shape, data }: StateTensor): StateTensor {
  const [rows, columns] = shape as [number, number];
  const to = data.slice();
  for (let i = 0; i < to.length; i++) to[i] = data[(i % rows) * columns + Math.floor(i / rows)]!;
  return { dtype, shape: [columns, rows], data: to };
}

/** Bytes of a matrix to read at once. */
const BLOCK = 2 ** 20;

/**
 * Reads the state dict in a .pdparams file, under the names and in the orientation that PyTorch would give it: `_mean` is
 * `running_mean`, `_variance` is `running_var`, two-dimensional `….weight` is [out, in]. From a file with a student and a teacher, the student
 * is loaded, or the one that `key` names. Types are converted as in decodeSafetensors(); u2 is bfloat16. Nothing in the file is executed, and each
 * tensor is read once.
 * @throws DataError naming the file, and the tensor or the callable that is wrong or refused
 */
export function readPaddle(source: ByteSource, key?: string): StateDict {
  const host: Host = { globals: GLOBALS, persistent, slices: true };
  const object = new Unpickler(source, host).load();
  const file = source.name;
  const top: Map<unknown, unknown> = object instanceof Map ? object : new Map();
  if (top.has(PIECES)) {
    throw new DataError(
      `${file}: tensors in pieces, as protocols 2 and 3 write large ones; expected protocol 4`,
    );
  }
  const names = [...top.keys()].filter((name) => typeof name === "string");
  for (const name of names) if (name.endsWith("@@")) top.delete(name);
  const begins = (prefix: string): boolean => names.some((name) => name.startsWith(prefix));
  const chosen = key !== undefined && !top.has(key) && begins(`${key}.`);
  const prefix = chosen ? `${key}.` : (NETWORKS.find(begins) ?? "");
  const arrays = findState(object, chosen ? undefined : key, file, isArray);
  let budget = 4 * source.size + SPARE_BYTES;
  const state = new Map<string, StateTensor>();
  for (const [given, array] of arrays) {
    if (!given.startsWith(prefix) || MADE_ANEW.test(given)) continue;
    const name = nameOf(given.slice(prefix.length));
    if (state.has(name))
      throw new DataError(`${file}: ${short(given)} and another tensor are both named ${short(name)}`);
    budget -= sizeOf(array.shape) * (ELEMENT_TYPES.get(array.dtype)!.dtype === "F32" ? 4 : 8);
    if (budget < 0)
      throw new DataError(`${file}: ${short(given)}: tensors that repeat the file's bytes many times`);
    try {
      state.set(name, isTurned(name, array.shape) ? transposed(source, array) : asItIs(source, array));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(`${file}: ${short(given)}: ${error.message}`);
    }
  }
  return state;
}

function asItIs(source: ByteSource, array: NumpyArray): StateTensor {
  const { dtype, read } = ELEMENT_TYPES.get(array.dtype)!;
  const bytes = bytesOf(source, array);
  return { dtype, shape: array.shape, data: read(bytes.read(0, bytes.size)) };
}

/** A transposed matrix, read some rows at a time: the largest have hundreds of megabytes. */
function transposed(source: ByteSource, array: NumpyArray): StateTensor {
  const [rows, columns] = array.shape as [number, number];
  const { dtype, bytes: each, read } = ELEMENT_TYPES.get(array.dtype)!;
  const bytes = bytesOf(source, array);
  const data = dtype === "F32" ? new Float32Array(rows * columns) : new BigInt64Array(rows * columns);
  const step = Math.max(1, Math.floor(BLOCK / (each * Math.max(1, columns))));
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const block = read(bytes.read(first * columns * each, count * columns * each));
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < count; row++) {
        data[column * rows + first + row] = block[row * columns + column]!;
      }
    }
  }
  return { dtype, shape: [columns, rows], data };
}
