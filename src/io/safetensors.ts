// The safetensors format (Hugging Face, https://github.com/huggingface/safetensors): eight bytes with the length of a
// JSON header, the header (name → dtype, shape, byte offsets), then the tensors' bytes, little-endian and without gaps.

import { sizeOf } from "../core/shape.js";
import type { StateDict, StateTensor } from "../core/state.js";
import { DataError } from "../errors.js";

/** The reference implementation's limit. */
const MAX_HEADER = 100_000_000;

const ELEMENT_BYTES: Record<StateTensor["dtype"], number> = { F32: 4, I64: 8 };

interface Entry {
  dtype: StateTensor["dtype"];
  shape: number[];
  data_offsets: [number, number];
}

/** The bytes of a safetensors file. `metadata` goes into its header, as `__metadata__`. */
export function encodeSafetensors(state: StateDict, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length) header["__metadata__"] = metadata;
  let offset = 0;
  for (const [name, { dtype, shape, data }] of state) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8; // padded with spaces, so that the data is aligned
  const file = new Uint8Array(8 + length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.fill(0x20, 8, 8 + length);
  file.set(json, 8);
  let at = 8 + length;
  for (const { data } of state.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file. `file` names it in errors.
 * @throws DataError when the header lies, offsets overlap or leave gaps, or a dtype is not F32 or I64
 */
export function decodeSafetensors(bytes: Uint8Array, file = "safetensors"): StateDict {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  if (bytes.length < 8) fail(`not a safetensors file: ${bytes.length} bytes, expected at least 8`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER) fail(`header of ${length} bytes; expected at most ${MAX_HEADER}`);
  if (8 + length > bytes.length) {
    fail(`truncated: header of ${length} bytes in a file of ${bytes.length}`);
  }
  const entries = parseHeader(bytes.subarray(8, 8 + length), fail);
  const data = bytes.subarray(8 + length);
  const sorted = [...entries].sort((a, b) => a[1].data_offsets[0] - b[1].data_offsets[0]);
  let end = 0;
  for (const [name, { dtype, shape, data_offsets }] of sorted) {
    const [from, to] = data_offsets;
    if (from !== end) fail(`${name} starts at byte ${from}; expected ${end} (no gap, no overlap)`);
    const expected = sizeOf(shape) * ELEMENT_BYTES[dtype];
    if (to - from !== expected) {
      fail(`${name} has ${to - from} bytes; expected ${expected} for ${dtype} [${shape.join(",")}]`);
    }
    if (to > data.length) fail(`truncated: ${name} ends at byte ${to} of ${data.length}`);
    end = to;
  }
  if (end !== data.length) fail(`${data.length - end} bytes after the last tensor; expected none`);
  return new Map(
    entries.map(([name, { dtype, shape, data_offsets }]) => {
      const copy = new Uint8Array(data.subarray(...data_offsets)).buffer; // aligned, whatever the header's length
      return [
        name,
        { dtype, shape, data: dtype === "F32" ? new Float32Array(copy) : new BigInt64Array(copy) },
      ];
    }),
  );
}

function parseHeader(bytes: Uint8Array, fail: (what: string) => never): [string, Entry][] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`header is not JSON: ${(error as Error).message}`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    return fail("header is not a JSON object");
  }
  const isSize = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  const isSizes = (v: unknown): boolean => Array.isArray(v) && v.every(isSize);
  return Object.entries(header as Record<string, Partial<Entry> | null>)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => {
      const { dtype, shape, data_offsets: offsets } = entry ?? {};
      if (!isSizes(shape) || !isSizes(offsets) || offsets!.length !== 2 || offsets![1] < offsets![0]) {
        fail(`${name}: bad shape or data_offsets in ${JSON.stringify(entry)}`);
      }
      if (dtype === undefined || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
        fail(`${name}: dtype ${String(dtype)} is not supported; known: F32, I64`);
      }
      return [name, entry as Entry];
    });
}
