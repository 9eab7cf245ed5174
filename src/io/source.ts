// The input of file formats: pieces of a file, so that it need not be completely in memory, or of an array.

export interface ByteSource {
  /** Its name in errors: a path. */
  readonly name: string;
  /** Total bytes. */
  readonly size: number;
  /** The `length` bytes from byte `from` on. The caller has checked that they are inside. */
  read(from: number, length: number): Uint8Array;
}

/** Bytes already in memory; pieces are views of them. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return { name, size: bytes.length, read: (from, length) => bytes.subarray(from, from + length) };
}

/** A window of another source. */
export function partOf(source: ByteSource, from: number, size: number): ByteSource {
  return { name: source.name, size, read: (at, length) => source.read(from + at, length) };
}

/** A view for numbers of more than one byte. */
export function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
