// Pictures between a file and a batch.

import { DataError } from "../errors.js";
import { kindOf } from "../errors/options.js";

/**
 * Rows of pixels, top to bottom, channels side by side (HWC). Decoders and transforms up to ToTensor work on bytes
 * (0…255), those after it on floats.
 */
export interface RawImage<Data extends Uint8Array | Float32Array = Uint8Array> {
  /** The values, row after row: height × width × channels of them. */
  readonly data: Data;
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Values per pixel: 1 for grey, 3 for RGB. */
  readonly channels: number;
}

/** Whether these are an image's pixels: bytes, or, after transforms, floats too. */
export function isImage(value: unknown, floats: false): value is RawImage;
export function isImage(value: unknown, floats: true): value is AnyImage;
export function isImage(value: unknown, floats: boolean): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { data, height, width, channels } = value as Partial<AnyImage>;
  const counts = [height, width, channels] as number[];
  const kind = Object.prototype.toString.call(data);
  return (
    (/^\[object Uint8(Clamped)?Array\]$/.test(kind) || (floats && kind === "[object Float32Array]")) &&
    counts.every((count) => Number.isInteger(count) && count > 0) &&
    data!.length === counts.reduce((a, b) => a * b)
  );
}

/** The error for anything other than an image. */
export function notAnImage(op: string, what: string, value: unknown, floats: boolean): DataError {
  const { data, height, width, channels } = (value ?? {}) as Partial<AnyImage>;
  const got = ArrayBuffer.isView(data)
    ? `${kindOf(data)} of ${data.length} for ${height} × ${width} × ${channels}`
    : kindOf(value);
  const expected = "{ data, height, width, channels } with a Uint8Array of height × width × channels";
  return new DataError(
    `${op}: ${what} must be ${expected}${floats ? ", or a Float32Array" : ""}; got ${got}`,
  );
}

/** A picture of floats, as ToTensor and Normalize make it. */
export type FloatImage = RawImage<Float32Array>;
/** A picture of bytes or of floats. */
export type AnyImage = RawImage | FloatImage;
