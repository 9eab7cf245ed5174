// The safetensors format (Hugging Face, https://github.com/huggingface/safetensors): eight bytes with the length of a
// JSON header, the header (name → dtype, shape, byte offsets), then the tensors' bytes, little-endian and without gaps.

import { checkKinds } from "../errors/options.js";
import { sizeOf } from "../core/shape.js";
import type { StateDict } from "../core/state.js";
import { DataError, reason, short, show } from "../errors.js";
import { ELEMENT_TYPES, shapeProblem } from "./element-types.js";
import { bytesSource, dataView, type ByteSource } from "./source.js";

/** The reference implementation's limit. */
const MAX_HEADER = 100_000_000;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const METADATA = "__metadata__";

/** The header as JSON. Its objects are written by hand: JavaScript objects would move numeric keys to the front and lose a `__proto__`. */
function headerText(entries: readonly (readonly [name: string, value: unknown])[], file: string): string {
  try {
    return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  } catch (error) {
    throw new DataError(`${file}: the header cannot be written: ${reason(error)}`); // longer than any text
  }
}

/**
 * A safetensors file in pieces: its head, then the tensors' bytes, which are views of the state's. `metadata` goes into
 * the header, as `__metadata__`; errors name `file`.
 * @throws DataError for a file that no reader would accept: a tensor of that name, a name with half a surrogate pair, a header that is too long
 */
export function safetensorsParts(
  state: StateDict,
  metadata: Record<string, string> = {},
  file = "safetensors",
): Uint8Array[] {
  const places = new Map<string, unknown>();
  for (const name of state.keys()) {
    if (name === METADATA || /\p{Cs}/u.test(name)) {
      throw new DataError(`${file}: a tensor cannot be called ${show(name)}; expected another name`);
    }
    places.set(name, undefined); // in the state's order
  }
  const widest = [...state].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of widest) {
    places.set(name, { dtype, shape, data_offsets: [offset, (offset += data.byteLength)] });
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const about = Object.keys(metadata).length ? [[METADATA, metadata] as const] : [];
  const json = new TextEncoder().encode(headerText([...about, ...places], file));
  const length = Math.ceil(json.length / 8) * 8; // padded with spaces, so that the data is aligned
  if (length > MAX_HEADER) {
    throw new DataError(`${file}: header of ${length} bytes; expected at most ${MAX_HEADER}`);
  }
  const head = new Uint8Array(8 + length).fill(0x20);
  dataView(head).setBigUint64(0, BigInt(length), true);
  head.set(json, 8);
  return [head, ...parts];
}

/** The bytes of a safetensors file. `metadata` goes into its header, as `__metadata__`. */
export function encodeSafetensors(state: StateDict, metadata: Record<string, string> = {}): Uint8Array {
  checkKinds("encodeSafetensors", { state, metadata }, { state: "state", metadata: "object" });
  const parts = safetensorsParts(state, metadata);
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * Reads a safetensors file; `file` names it in errors. F16, BF16 and F64 become F32; I32, I16, I8, U8 and BOOL become
 * I64. F32 and I64 are views of the bytes where they are aligned.
 * @throws DataError naming file and tensor when the header lies or repeats a name, offsets overlap or leave gaps, bytes
 * are missing, or a dtype is not supported
 */
export function decodeSafetensors(bytes: Uint8Array, file = "safetensors"): StateDict {
  checkKinds("decodeSafetensors", { bytes, file }, { bytes: "bytes", file: "text" });
  return readSafetensors(bytesSource(bytes, file)).state;
}

/** A file's tensors, and its header's `__metadata__`. */
export interface SafetensorsFile {
  state: StateDict;
  metadata: Record<string, string>;
}

/** decodeSafetensors() of a source that is read tensor by tensor. */
export function readSafetensors(source: ByteSource): SafetensorsFile {
  const fail = (what: string): never => {
    throw new DataError(`${source.name}: ${what}`);
  };
  if (source.size < 8) fail(`not a safetensors file: ${source.size} bytes, expected at least 8`);
  const length = Number(dataView(source.read(0, 8)).getBigUint64(0, true));
  if (length > MAX_HEADER) fail(`header of ${length} bytes; expected at most ${MAX_HEADER}`);
  const begin = 8 + length;
  if (begin > source.size) fail(`truncated: header of ${length} bytes in a file of ${source.size}`);
  const { entries, metadata } = parseHeader(source.read(8, length), fail);
  checkOffsets(entries, source.size - begin, fail);
  const state = new Map(
    entries.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const type = ELEMENT_TYPES.get(dtype)!;
        const data = type.read(source.read(begin + from, to - from));
        return [name, { dtype: type.dtype, shape, data }] as const;
      },
    ),
  );
  return { state, metadata };
}

function checkOffsets(
  entries: readonly [string, Entry][],
  bytes: number,
  fail: (what: string) => never,
): void {
  const sorted = entries.map(([name, entry]) => ({ name, ...entry }));
  sorted.sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
  let end = 0;
  for (const { name, dtype, shape, data_offsets } of sorted) {
    const [from, to] = data_offsets;
    if (from !== end) fail(`${short(name)} starts at byte ${from}; expected ${end} (no gap, no overlap)`);
    const expected = sizeOf(shape) * ELEMENT_TYPES.get(dtype)!.bytes;
    if (to - from !== expected) {
      fail(`${short(name)} has ${to - from} bytes; expected ${expected} for ${dtype} [${shape.join(",")}]`);
    }
    if (to > bytes) fail(`truncated: ${short(name)} ends at byte ${to} of ${bytes}`);
    end = to;
  }
  if (end !== bytes) fail(`${bytes - end} bytes after the last tensor; expected none`);
}

interface Header {
  entries: [string, Entry][];
  metadata: Record<string, string>;
}

function parseHeader(bytes: Uint8Array, fail: (what: string) => never): Header {
  let header: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    fail(`header is not JSON: ${reason(error)}`);
  }
  if (!isRecord(header)) return fail("header is not a JSON object");
  const names = keysOf(text, (twice) => fail(`header has ${short(twice)} twice`));
  const metadata = header[METADATA] ?? {}; // the reference accepts null as none
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === "string")) {
    return fail("__metadata__ is not made of strings");
  }
  const tensors = names.filter((name) => name !== METADATA);
  const entries = tensors.map((name): [string, Entry] => {
    const entry = header[name];
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    if (typeof dtype !== "string" || !Array.isArray(shape) || !isRange(offsets)) {
      fail(`${short(name)}: bad dtype, shape or data_offsets in ${show(entry)}`);
    }
    const problem = shapeProblem(dtype as string, shape as unknown[]);
    if (problem) fail(`${short(name)}: ${problem}`);
    return [name, entry as Entry];
  });
  return { entries, metadata: metadata as Record<string, string> };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRange(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0) &&
    value[0] <= value[1]
  );
}

/**
 * The keys of a JSON text's outermost object, in their order. Reports a key that occurs twice in one object, which JSON.parse
 * would accept. The text is JSON already; strings of any length and objects of any depth take neither stack nor backtracking.
 */
function keysOf(json: string, repeated: (key: string) => never): string[] {
  const open: Set<string>[] = [];
  let outermost: Set<string> | undefined;
  for (let at = 0; at < json.length; at++) {
    const c = json[at];
    if (c === "{") {
      open.push(new Set());
      outermost ??= open[0];
    } else if (c === "}") open.pop();
    else if (c === '"') {
      const begin = at;
      while (json[++at] !== '"') if (json[at] === "\\") at++;
      const end = at + 1;
      let next = end;
      while (" \t\r\n".includes(json[next]!)) next++;
      if (json[next] !== ":") continue;
      const key = JSON.parse(json.slice(begin, end)) as string;
      if (open.at(-1)!.has(key)) repeated(key);
      open.at(-1)!.add(key);
    }
  }
  return [...outermost!];
}
