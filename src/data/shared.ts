// Memory that worker threads can share, if the engine supports it.

/** Whether there is any; pages have it only where they are cross-origin isolated. */
const available = (): boolean => typeof SharedArrayBuffer !== "undefined";

/** Whether other threads see what is written here. */
export const sharesMemory = ({ buffer }: ArrayBufferView): boolean =>
  available() && buffer instanceof SharedArrayBuffer;

/** Zeros, shared if possible. */
export function sharedBytes(length: number): Uint8Array {
  return available() ? new Uint8Array(new SharedArrayBuffer(length)) : new Uint8Array(length);
}

/** A zero that other threads see change, if possible. */
export const sharedFlag = (): Int32Array => new Int32Array(sharedBytes(4).buffer);

/** The same bytes in memory that can be shared: themselves if they lie there already. */
export function asShared(bytes: Uint8Array): Uint8Array {
  if (!available() || sharesMemory(bytes)) return bytes;
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
