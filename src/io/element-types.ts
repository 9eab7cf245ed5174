// Element types of weight files, little-endian, and their types in a state dict: floats f32, whole numbers int64.

import type { StateTensor } from "../core/state.js";
import { show } from "../errors.js";
import { dataView } from "./source.js";

interface ElementType {
  /** Bytes of one element. */
  readonly bytes: 1 | 2 | 4 | 8;
  /** Type in a state dict. */
  readonly dtype: StateTensor["dtype"];
  /** The elements; a view of the bytes if type and alignment allow it. */
  read(bytes: Uint8Array): StateTensor["data"];
}

interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** The bytes as an array of numbers: a view if they are aligned for it, otherwise a copy. */
export function asArray<T>(Type: ArrayType<T>, bytes: Uint8Array): T {
  const aligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new Type(aligned.buffer, aligned.byteOffset, aligned.byteLength / Type.BYTES_PER_ELEMENT);
}

/** The f32 bits of a half-precision number: IEEE 754 binary16. */
function halfBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  const shift = Math.clz32(mantissa) - 21; // a subnormal: its leading bit becomes the implicit one
  return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}

let halves: Uint32Array | undefined;

function fromHalf(bytes: Uint8Array): Float32Array {
  const table = (halves ??= Uint32Array.from({ length: 65536 }, (_, half) => halfBits(half)));
  const from = asArray(Uint16Array, bytes);
  const bits = new Uint32Array(from.length);
  for (let i = 0; i < bits.length; i++) bits[i] = table[from[i]!]!;
  return new Float32Array(bits.buffer);
}

/** bfloat16 is the upper half of an f32. */
function fromBfloat16(bytes: Uint8Array): Float32Array {
  const from = asArray(Uint16Array, bytes);
  const bits = new Uint32Array(from.length);
  for (let i = 0; i < bits.length; i++) bits[i] = from[i]! << 16;
  return new Float32Array(bits.buffer);
}

function whole(bytes: 1 | 2 | 4, get: (view: DataView, at: number) => number): ElementType {
  const read = (data: Uint8Array): BigInt64Array => {
    const view = dataView(data);
    const out = new BigInt64Array(data.length / bytes);
    for (let i = 0; i < out.length; i++) out[i] = BigInt(get(view, i * bytes));
    return out;
  };
  return { bytes, dtype: "I64", read };
}

/** By safetensors' names. Eight-bit floats, complex and packed types are not weights of a classifier. */
export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ["F32", { bytes: 4, dtype: "F32", read: (bytes) => asArray(Float32Array, bytes) }],
  ["F16", { bytes: 2, dtype: "F32", read: fromHalf }],
  ["BF16", { bytes: 2, dtype: "F32", read: fromBfloat16 }],
  ["F64", { bytes: 8, dtype: "F32", read: (bytes) => new Float32Array(asArray(Float64Array, bytes)) }],
  ["I64", { bytes: 8, dtype: "I64", read: (bytes) => asArray(BigInt64Array, bytes) }],
  ["I32", whole(4, (view, at) => view.getInt32(at, true))],
  ["I16", whole(2, (view, at) => view.getInt16(at, true))],
  ["I8", whole(1, (view, at) => view.getInt8(at))],
  ["U8", whole(1, (view, at) => view.getUint8(at))],
  ["BOOL", whole(1, (view, at) => Number(view.getUint8(at) !== 0))],
]);

/** Most axes of a tensor, and most elements of whole numbers: those are counters, and grow eightfold as int64. */
const MAX_RANK = 8;
const MAX_WHOLE = 2 ** 24;

/** The problem with a tensor of this type and shape, if any. */
export function shapeProblem(dtype: string, shape: readonly unknown[]): string | undefined {
  const type = ELEMENT_TYPES.get(dtype);
  if (!type) return `dtype ${dtype} is not supported; known: ${[...ELEMENT_TYPES.keys()].join(", ")}`;
  if (shape.length > MAX_RANK) return `${shape.length} axes; expected at most ${MAX_RANK}`;
  let size = 1;
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || (n as number) < 0) return `bad shape ${show(shape)}`;
    size *= n as number;
  }
  const most = type.dtype === "F32" ? 2 ** 31 - 1 : MAX_WHOLE;
  return size > most
    ? `[${shape.join(",")}] has ${size} elements; expected at most ${most} of ${dtype}`
    : undefined;
}
