// State dicts that PyTorch saved with torch.save(): their tensors are views of storages in the file.

import { sizeOf } from "../core/shape.js";
import type { StateDict, StateTensor } from "../core/state.js";
import { DataError, short } from "../errors.js";
import { asArray, ELEMENT_TYPES } from "./element-types.js";
import { findState } from "./find-state.js";
import { type ByteSource } from "./source.js";
import { isLegacy, readArchive, readLegacy } from "./torch-archive.js";
import { TorchTensor, type TorchStorage } from "./torch-objects.js";

/** Most bytes copied or converted beyond the file's size: views that repeat their storage are few and small. */
export const SPARE_BYTES = 2 ** 26;

/**
 * Reads the state dict in a .pth or .pt file of either format, converted as in decodeSafetensors(). Nothing in it is
 * executed: its pickle can only make tensors, dicts, lists and numbers.
 * @throws DataError naming the file, and the tensor, the entry or the callable that is wrong or refused
 */
export function readTorch(source: ByteSource, key?: string): StateDict {
  const head = String.fromCharCode(...source.read(0, Math.min(source.size, 32)));
  const archive = isLegacy(head) ? readLegacy(source) : readArchive(source);
  const isTensor = (value: unknown): value is TorchTensor => value instanceof TorchTensor;
  const tensors = findState(archive.object, key, source.name, isTensor);
  const uses = new Map<string, number>(); // tensors not yet read, by storage
  for (const { storage } of tensors.values()) uses.set(storage.key, (uses.get(storage.key) ?? 0) + 1);
  const storages = new Map<string, Uint8Array>();
  const bytesOf = ({ key: name, dtype, size, offset }: TorchStorage): Uint8Array => {
    const all = storages.get(name) ?? archive.bytes(name, dtype);
    const left = uses.get(name)! - 1;
    uses.set(name, left);
    if (left > 0) storages.set(name, all);
    else storages.delete(name);
    const expected = (offset + size) * ELEMENT_TYPES.get(dtype)!.bytes;
    if (archive.records ? all.length !== expected : all.length < expected) {
      throw new DataError(
        `${source.name}: storage ${short(name)} has ${all.length} bytes; expected ${expected}`,
      );
    }
    return all;
  };
  let budget = 4 * source.size + SPARE_BYTES;
  const state = new Map<string, StateTensor>();
  for (const [name, tensor] of tensors) {
    const { dtype, read, bytes } = ELEMENT_TYPES.get(tensor.storage.dtype)!;
    const { shape, offset } = tensor;
    const size = sizeOf(shape);
    const dense = isContiguous(tensor);
    if (!dense || tensor.negated || tensor.storage.dtype !== "F32")
      budget -= size * Math.max(bytes, dtype === "F32" ? 4 : 8);
    if (budget < 0) {
      throw new DataError(`${source.name}: ${name}: tensors that repeat the file's bytes many times`);
    }
    const all = bytesOf(tensor.storage);
    const own = dense ? all.subarray(offset * bytes, (offset + size) * bytes) : gather(all, tensor);
    const data = read(own);
    state.set(name, { dtype, shape, data: tensor.negated ? negative(data, tensor.storage.dtype) : data });
  }
  return state;
}

/** The numbers with the other sign, in the type that the file has them in: whole ones wrap round. */
function negative(data: StateTensor["data"], dtype: string): StateTensor["data"] {
  if (data instanceof Float32Array) return data.map((v) => -v);
  const bits = 8 * ELEMENT_TYPES.get(dtype)!.bytes;
  return data.map((v) => (dtype === "U8" ? BigInt.asUintN(bits, -v) : BigInt.asIntN(bits, -v)));
}

function isContiguous({ shape, stride }: TorchTensor): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i]! !== 1 && stride[i] !== step) return shape.includes(0);
    step *= shape[i]!;
  }
  return true;
}

/** The elements of a view with any strides, in row-major order. */
function gather(bytes: Uint8Array, { storage, offset, shape, stride }: TorchTensor): Uint8Array {
  const Type = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[
    ELEMENT_TYPES.get(storage.dtype)!.bytes
  ];
  const from: Record<number, unknown> = asArray<InstanceType<typeof Type>>(Type, bytes);
  const result = new Type(sizeOf(shape));
  const to: Record<number, unknown> = result;
  let next = 0;
  const walk = (axis: number, at: number): void => {
    const step = stride[axis]!;
    for (let i = 0; i < shape[axis]!; i++) {
      if (axis === shape.length - 1) to[next++] = from[at + i * step];
      else walk(axis + 1, at + i * step);
    }
  };
  walk(0, offset);
  return new Uint8Array(result.buffer);
}
