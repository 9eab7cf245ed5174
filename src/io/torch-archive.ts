// The two containers of torch.save(): https://github.com/pytorch/pytorch/blob/v2.5.0/torch/serialization.py. Since 1.6 a zip
// file with the object as a pickle and each storage as a stored entry; before, five pickles (magic number, protocol, system,
// the object, the storages' keys) and after them the storages, one after another.

import { DataError, short, show } from "../errors.js";
import { ELEMENT_TYPES } from "./element-types.js";
import { Unpickler, type Host } from "./pickle.js";
import { dataView, partOf, type ByteSource } from "./source.js";
import { GLOBALS, persistent, type TorchStorage } from "./torch-objects.js";
import { readZip } from "./zip.js";

/** The object in a file, and a function that returns the bytes of a storage. */
export interface Archive {
  readonly object: unknown;
  /** Whether a storage's bytes are a record of their own, which must have the length that its tensors say. */
  readonly records: boolean;
  bytes(key: string, dtype: string): Uint8Array;
}

/** Most bytes of entries that hold a word: a byte order, a version. */
const MOST_TEXT = 32;
/** The format's versions that PyTorch reads: caffe2/serialize/versions.h. */
const MOST_VERSION = 10;

export function readArchive(source: ByteSource): Archive {
  const entries = readZip(source);
  const pickle = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle.length !== 1)
    throw new DataError(`${source.name}: a zip file, but not PyTorch's: no data.pkl in it`);
  const root = pickle[0]!.slice(0, -"data.pkl".length);
  const stranger = [...entries.keys()].find((name) => !name.startsWith(root));
  if (stranger !== undefined) {
    throw new DataError(
      `${source.name}: entry ${short(stranger)} is not below ${short(root)}, as all of PyTorch's are`,
    );
  }
  if (entries.has(`${root}constants.pkl`)) {
    throw new DataError(
      `${source.name}: a TorchScript program; expected weights, saved from model.state_dict()`,
    );
  }
  const part = (name: string): ByteSource | undefined => {
    const entry = entries.get(root + name);
    if (entry && entry.method !== 0) {
      throw new DataError(
        `${source.name}: entry ${root + name} is compressed (method ${entry.method}); expected stored entries`,
      );
    }
    return entry && partOf(source, entry.offset, entry.size);
  };
  const text = (name: string): string | undefined => {
    const entry = part(name);
    return entry && new TextDecoder().decode(entry.read(0, Math.min(entry.size, MOST_TEXT)));
  };
  if ((text("byteorder") ?? "little") !== "little") {
    throw new DataError(`${source.name}: numbers are not little-endian`);
  }
  const object = new Unpickler(part("data.pkl")!, { globals: GLOBALS, persistent: whole }).load();
  const version = text("version");
  if (
    version === undefined ||
    !/^\d+\s*$/.test(version) ||
    Number(version) < 1 ||
    Number(version) > MOST_VERSION
  ) {
    throw new DataError(
      `${source.name}: format version ${version === undefined ? "missing" : show(version)}; expected 1 to ${MOST_VERSION}`,
    );
  }
  const bytes = (key: string): Uint8Array => {
    const entry = part(`data/${key}`);
    if (!entry) throw new DataError(`${source.name}: storage ${key} is missing`);
    return entry.read(0, entry.size);
  };
  return { object, bytes, records: true };
}

/** Storages of a zip file are not parts of others. */
function whole(id: unknown): TorchStorage {
  if (Array.isArray(id) && id.length !== 5)
    throw new DataError(`a storage of ${id.length} fields; expected 5`);
  return persistent(id);
}

/** torch.save()'s magic number, 0x1950a86a20f9469cfc6c, as pickles write it. */
const MAGIC = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/** Whether a file that begins with these bytes (one character each) is of the legacy format. */
export function isLegacy(head: string): boolean {
  return head[0] === "\x80" && head.slice(0, 32).includes(MAGIC);
}

export function readLegacy(source: ByteSource): Archive {
  const fail = (what: string): never => {
    throw new DataError(`${source.name}: ${what}`);
  };
  const sizes = new Map<string, { dtype: string; size: number }>();
  const host: Host = {
    globals: GLOBALS,
    persistent: (id) => {
      const storage = persistent(id);
      const size = Number((id as unknown[])[4]);
      const known = sizes.get(storage.key);
      if (known && (known.size !== size || known.dtype !== storage.dtype)) {
        throw new DataError(`storage ${storage.key} has two sizes`);
      }
      sizes.set(storage.key, { dtype: storage.dtype, size });
      return storage;
    },
  };
  const pickles = new Unpickler(source, host);
  pickles.load();
  const protocol = pickles.load();
  if (protocol !== 1001) fail(`PyTorch's legacy protocol ${show(protocol)}; expected 1001`);
  const system = pickles.load();
  if (system instanceof Map && system.get("little_endian") === false) fail("numbers are not little-endian");
  const object = pickles.load();
  const keys = pickles.load();
  if (!Array.isArray(keys)) return fail("no list of storages");
  const offsets = new Map<string, number>();
  let at = pickles.position;
  for (const key of keys as unknown[]) {
    const { dtype, size } = sizes.get(key as string) ?? fail(`storage ${short(key)} is not used`);
    const bytes = size * ELEMENT_TYPES.get(dtype)!.bytes;
    if (at + 8 + bytes > source.size)
      fail(`truncated: storage ${short(key)} ends at byte ${at + 8 + bytes} of ${source.size}`);
    const stored = dataView(source.read(at, 8)).getBigInt64(0, true);
    if (stored !== BigInt(size)) fail(`storage ${short(key)} has ${stored} elements; expected ${size}`);
    offsets.set(key as string, at + 8);
    at += 8 + bytes;
  }
  if (at !== source.size) fail(`${source.size - at} bytes after the last storage; expected none`);
  const bytes = (key: string, dtype: string): Uint8Array => {
    const from = offsets.get(key) ?? fail(`storage ${key} is missing`);
    return source.read(from, sizes.get(key)!.size * ELEMENT_TYPES.get(dtype)!.bytes);
  };
  return { object, bytes, records: false };
}
