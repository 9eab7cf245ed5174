// The objects that a PyTorch pickle may name and build: storages, tensors that are views of them, dicts.
// https://github.com/pytorch/pytorch/blob/v2.5.0/torch/_utils.py

import { DataError, show } from "../errors.js";
import { shapeProblem } from "./element-types.js";
import { Global } from "./pickle.js";

const STORAGES: Record<string, string> = {
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  DoubleStorage: "F64",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** Types that checkpoints name besides their tensors. */
const DTYPES = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "bool",
];

/** A run of elements in the file that tensors are views of. */
export class TorchStorage {
  readonly dtype: string;
  readonly key: string;
  /** Elements. */
  readonly size: number;
  /** First element in the stored run: legacy files have storages that are parts of others. */
  readonly offset: number;

  constructor(dtype: string, key: string, size: number, offset: number) {
    this.dtype = dtype;
    this.key = key;
    this.size = size;
    this.offset = offset;
  }
}

export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  /** Whether the numbers have the other sign: a lazy negation that was saved (torch._neg_view). */
  readonly negated: boolean;

  /** @throws DataError if an element lies outside the storage, or shape and stride are not such */
  constructor(storage: unknown, offset: unknown, shape: unknown, stride: unknown, negated: boolean) {
    if (!(storage instanceof TorchStorage)) throw new DataError("no storage");
    if (!Array.isArray(shape)) throw new DataError("the shape is not a tuple");
    const problem = shapeProblem(storage.dtype, shape);
    if (problem) throw new DataError(problem);
    const steps = Array.isArray(stride) ? stride : [];
    if (steps.length !== shape.length || ![offset, ...steps].every(isSize)) {
      throw new DataError(`bad offset ${show(offset)} or stride ${show(stride)} for [${shape.join(",")}]`);
    }
    const last = shape.reduce((at, n, i) => at + (n - 1) * steps[i], offset);
    if (!shape.includes(0) && last >= storage.size) {
      throw new DataError(`[${shape.join(",")}] reaches element ${last} of a storage of ${storage.size}`);
    }
    this.storage = storage;
    this.offset = storage.offset + (offset as number);
    this.shape = shape;
    this.stride = steps;
    this.negated = negated;
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** torch._utils._rebuild_tensor(storage, offset, shape, stride). */
function rebuildTensor(args: readonly unknown[]): TorchTensor {
  if (args.length !== 4) throw new DataError(`${args.length} arguments; expected 4`);
  const [storage, offset, shape, stride] = args;
  return new TorchTensor(storage, offset, shape, stride, false);
}

/**
 * torch._utils._rebuild_tensor_v2(storage, offset, shape, stride, requires_grad, backward_hooks[, metadata]). In the metadata
 * the presence of `neg` and of `conj`, which only complex numbers have, changes the numbers; PyTorch ignores the rest.
 */
function rebuildTensorV2(args: readonly unknown[]): TorchTensor {
  const [storage, offset, shape, stride, requiresGrad, , metadata] = args;
  if (args.length < 6 || args.length > 7) throw new DataError(`${args.length} arguments; expected 6 or 7`);
  if (typeof requiresGrad !== "boolean") {
    throw new DataError(`requires_grad is no bool; got ${show(requiresGrad)}`);
  }
  const none = !metadata || (Array.isArray(metadata) && metadata.length === 0);
  if (!none && !(metadata instanceof Map)) throw new DataError(`metadata are no dict; got ${show(metadata)}`);
  const flags = metadata instanceof Map ? metadata : new Map<unknown, unknown>();
  if (flags.has("conj")) throw new DataError("a conjugated view of numbers that are not complex");
  const tensor = new TorchTensor(storage, offset, shape, stride, flags.has("neg"));
  if (tensor.negated && tensor.storage.dtype === "BOOL") throw new DataError("a negated view of booleans");
  return tensor;
}

function dict([items = []]: readonly unknown[]): Map<unknown, unknown> {
  if (!Array.isArray(items) || !items.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    throw new DataError("arguments are not pairs");
  }
  return new Map(items as [unknown, unknown][]);
}

/** The objects in state dicts, and in checkpoints besides them. The only code that a file can reach. */
export const GLOBALS: ReadonlyMap<string, Global> = new Map(
  [
    new Global("collections.OrderedDict", dict),
    new Global("argparse.Namespace", () => new Map()),
    new Global("torch._utils._rebuild_tensor", rebuildTensor),
    new Global("torch._utils._rebuild_tensor_v2", rebuildTensorV2),
    new Global("torch._utils._rebuild_parameter", ([tensor]) => tensor),
    new Global("_codecs.encode", ([text]) => text), // bytes, as protocol 2 writes them
    ...DTYPES.map((name) => new Global(`torch.${name}`)),
    new Global("torch.Size", ([sizes]) => sizes),
    new Global("torch.device", ([device]) => device),
    ...Object.keys(STORAGES).flatMap((name) => [
      new Global(`torch.${name}`),
      new Global(`torch.cuda.${name}`),
    ]),
  ].map((global) => [global.name, global]),
);

/** The storage of ("storage", type, key, location, elements[, part of another: key, offset, elements]). */
export function persistent(id: unknown): TorchStorage {
  const [kind, type, key, , size, part] = Array.isArray(id) ? id : [];
  const dtype = type instanceof Global ? STORAGES[type.name.split(".").at(-1)!] : undefined;
  if (kind !== "storage" || !dtype || typeof key !== "string" || !isSize(size)) {
    throw new DataError("a persistent id that is not a storage's");
  }
  if (!Array.isArray(part)) return new TorchStorage(dtype, key, size, 0);
  const [, offset, length] = part;
  if (!isSize(offset) || !isSize(length) || offset + length > size) {
    throw new DataError(`a part of ${show(length)} elements from ${show(offset)} of a storage of ${size}`);
  }
  return new TorchStorage(dtype, key, length, offset);
}
