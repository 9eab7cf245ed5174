// The IDX format of MNIST (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code,
// the number of axes, their sizes as big-endian 32-bit integers, then the elements.

import { checkKinds } from "../errors/options.js";
import { sizeOf, type Shape } from "../core/shape.js";
import { DataError } from "../errors.js";

const UINT8 = 0x08;

/** Reads an IDX file of bytes (type 0x08). `file` names it in errors. @throws DataError if it is anything else */
export function decodeIdx(
  bytes: Uint8Array,
  file = "idx",
): {
  /** Sizes of the axes. */
  shape: Shape;
  /** The bytes, row after row. */
  data: Uint8Array;
} {
  checkKinds("decodeIdx", { bytes }, { bytes: "bytes" });
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  if (bytes.length < 4) fail(`not an IDX file: ${bytes.length} bytes, expected at least 4`);
  const [zero0, zero1, type, axes] = bytes as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0) {
    const magic = [...bytes.subarray(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
    fail(`not an IDX file: starts with ${magic}, expected 00 00`);
  }
  if (type !== UINT8) fail(`IDX type 0x${type.toString(16).padStart(2, "0")}; expected 0x08 (bytes)`);
  const start = 4 + 4 * axes;
  if (bytes.length < start) fail(`truncated: ${bytes.length} bytes, expected ${start} of header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  if (bytes.length - start !== sizeOf(shape)) {
    const what = bytes.length - start < sizeOf(shape) ? "truncated" : "too long";
    fail(
      `${what}: ${bytes.length - start} bytes of data, expected ${sizeOf(shape)} for [${shape.join(",")}]`,
    );
  }
  return { shape, data: bytes.subarray(start) };
}
