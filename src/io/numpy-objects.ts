// The objects that a Paddle pickle may name and build: numpy's arrays and types, tuples, dicts.
// https://github.com/numpy/numpy/blob/v2.3.0/numpy/_core/src/multiarray/methods.c (array_reduce, array_setstate)

import { sizeOf } from "../core/shape.js";
import { DataError, short, show } from "../errors.js";
import { ELEMENT_TYPES, shapeProblem } from "./element-types.js";
import { Built, Global, Slice, type Host } from "./pickle.js";
import { bytesSource, partOf, type ByteSource } from "./source.js";

/** Element types by numpy's names. Paddle writes bfloat16 as u2, which cannot be distinguished from whole numbers, but weights are never those. */
const NUMPY: Record<string, string> = {
  f2: "F16",
  f4: "F32",
  f8: "F64",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "BF16",
  b1: "BOOL",
};

/** numpy.dtype. */
class NumpyType extends Built {
  readonly dtype: string;

  constructor([name]: readonly unknown[]) {
    super();
    const dtype = typeof name === "string" && Object.hasOwn(NUMPY, name) ? NUMPY[name] : undefined;
    if (dtype === undefined) {
      throw new DataError(`dtype ${short(name)} is not supported; known: ${Object.keys(NUMPY).join(", ")}`);
    }
    this.dtype = dtype;
  }

  setState(state: unknown): void {
    const order: unknown = Array.isArray(state) ? state[1] : undefined;
    if (order === "<" || order === "|") return;
    throw new DataError(`byte order ${show(order)}; expected little-endian numbers, "<"`);
  }
}

/** numpy.ndarray, which is empty before its state is set. */
export class NumpyArray extends Built {
  dtype = "";
  shape: readonly number[] = [];
  data: Slice | Uint8Array | undefined;

  setState(state: unknown): void {
    const [version, shape, type, fortran, data] = Array.isArray(state) ? (state as unknown[]) : [];
    if (version !== 1 || !Array.isArray(shape) || !(type instanceof NumpyType)) {
      throw new DataError("an array's state is not (1, shape, dtype, order, bytes)");
    }
    const { dtype } = type;
    const problem = shapeProblem(dtype, shape);
    if (problem) throw new DataError(problem);
    if (fortran !== false) throw new DataError("an array in Fortran's order; expected C's");
    if (!(data instanceof Slice || data instanceof Uint8Array)) throw new DataError("an array without bytes");
    const expected = sizeOf(shape) * ELEMENT_TYPES.get(dtype)!.bytes;
    const text = data instanceof Slice && data.text; // a letter of it takes one byte or two
    if (text ? data.length < expected || data.length > 2 * expected : data.length !== expected) {
      throw new DataError(`[${shape.join(",")}] of ${data.length} bytes; expected ${expected}`);
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }
}

/** Text with a byte in each letter, as protocol 2 writes bytes: _codecs.encode(text, "latin1"). */
function encoded([text, codec]: readonly unknown[]): Slice | Uint8Array {
  if (codec !== "latin1" || !(typeof text === "string" || (text instanceof Slice && text.text))) {
    throw new DataError(`not a text as latin1; got ${show(codec)}`);
  }
  if (text instanceof Slice) return text;
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  if (/[^\0-\xff]/.test(text)) throw new DataError("a letter that is no byte");
  return bytes;
}

/** Bytes of text to read at once. */
const WINDOW = 2 ** 20;

/**
 * The `size` bytes encoded as letters of UTF-8 up to U+00FF, to be read only in order.
 * @throws DataError in reading for other letters, and unless there are this many
 */
function latin1(source: ByteSource, { from, length }: Slice, size: number): ByteSource {
  let window = new Uint8Array(0);
  let at = 0;
  let begun = 0; // bytes of the text that have been in the window
  let done = 0;
  const refill = (): void => {
    if (begun === length) throw new DataError(`text of fewer than ${size} bytes`);
    window = source.read(from + begun, Math.min(WINDOW, length - begun)) as Uint8Array<ArrayBuffer>;
    begun += window.length;
    at = 0;
  };
  const next = (): number => {
    if (at === window.length) refill();
    return window[at++]!;
  };
  const byteOf = (lead: number, rest: number): number => {
    if ((lead !== 0xc2 && lead !== 0xc3) || rest >> 6 !== 2) throw new DataError("a letter that is no byte");
    return ((lead & 3) << 6) | (rest & 0x3f);
  };
  const read = (_: number, count: number): Uint8Array => {
    const bytes = new Uint8Array(count);
    for (let to = 0; to < count; to++) {
      const whole = window;
      let here = at;
      for (; to < count && here < whole.length - 1; to++) {
        const letter = whole[here++]!;
        bytes[to] = letter < 0x80 ? letter : byteOf(letter, whole[here++]!);
      }
      at = here;
      if (to === count) break;
      const letter = next(); // the window's last byte, and perhaps one of the next window
      bytes[to] = letter < 0x80 ? letter : byteOf(letter, next());
    }
    done += count;
    if (done === size && (at < window.length || begun < length)) {
      throw new DataError(`text of more than ${size} bytes`);
    }
    return bytes;
  };
  return { name: source.name, size, read };
}

/** ("linear_0.w_0", array): a tensor with its name, as Paddle has it in lists and in dicts below the first. */
function tuple([items = []]: readonly unknown[]): unknown {
  const [, array] = Array.isArray(items) ? (items as unknown[]) : [];
  return array instanceof NumpyArray ? array : items;
}

/** What a pickle of Paddle may name; the only code that a file can reach. numpy 2 has its parts elsewhere; Python 2 had its own. */
export const GLOBALS: Host["globals"] = new Map(
  [
    new Global("numpy.ndarray"),
    new Global("numpy.dtype", (args) => new NumpyType(args)),
    new Global("numpy.core.multiarray._reconstruct", () => new NumpyArray()),
    new Global("numpy._core.multiarray._reconstruct", () => new NumpyArray()),
    new Global("_codecs.encode", encoded),
    new Global("__builtin__.bytes", () => new Uint8Array(0)), // protocol 2 of no bytes
    new Global("builtins.tuple", tuple),
    new Global("__builtin__.tuple", tuple),
    new Global("collections.OrderedDict", () => new Map()),
  ].map((global) => [global.name, global]),
);

/** The bytes of an array, to be read once and in their order. */
export function bytesOf(source: ByteSource, { data, shape, dtype }: NumpyArray): ByteSource {
  if (data instanceof Uint8Array) return bytesSource(data, source.name);
  if (data!.text) return latin1(source, data!, sizeOf(shape) * ELEMENT_TYPES.get(dtype)!.bytes);
  return partOf(source, data!.from, data!.length);
}
