// Pickles and zip files put together by hand, for tests of what PyTorch would not write.

/** Bytes of text (one byte a character) and numbers. */
export function bytes(...parts: (string | number | Uint8Array)[]): Uint8Array {
  const piece = (part: string | number | Uint8Array): Uint8Array =>
    typeof part === "string"
      ? Buffer.from(part, "latin1")
      : typeof part === "number"
        ? Uint8Array.of(part)
        : part;
  return new Uint8Array(Buffer.concat(parts.map(piece)));
}

export function u16(n: number): Uint8Array {
  return Uint8Array.of(n & 255, n >> 8);
}

export function u32(n: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(n).buffer);
}

/** BINUNICODE. */
export function unicode(text: string): Uint8Array {
  return bytes("X", u32(text.length), text);
}

/** MARK … TUPLE. */
export function tuple(...parts: (string | number | Uint8Array)[]): Uint8Array {
  return bytes("(", ...parts, "t");
}

/** GLOBAL. */
export function named(module: string, name: string): Uint8Array {
  return bytes("c", module, "\n", name, "\n");
}

/** The dict {"a": tensor}, whose storage has `size` floats in data/0; its protocol and STOP included. */
export function tensorPickle(
  size: number,
  offset: number,
  shape: number[],
  stride: number[],
  { type = "FloatStorage", requiresGrad = bytes(0x89), metadata = bytes() } = {},
): Uint8Array {
  const ints = (values: number[]): Uint8Array => tuple(...values.map((n) => bytes("J", u32(n))));
  const id = tuple(unicode("storage"), named("torch", type), unicode("0"), unicode("cpu"), "J", u32(size));
  const args = tuple(id, "Q", "J", u32(offset), ints(shape), ints(stride), requiresGrad, "}", metadata);
  return bytes(0x80, 2, "}", unicode("a"), named("torch._utils", "_rebuild_tensor_v2"), args, "Rs.");
}

export interface Entry {
  name: string;
  data: Uint8Array;
  /** What the directory says instead of the truth. */
  says?: { method?: number; flags?: number; packed?: number; size?: number; header?: number };
}

/** A zip file of stored entries. */
export function zip(entries: readonly Entry[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, says = {} } of entries) {
    const { method = 0, flags = 0, packed = data.length, size = data.length, header = at } = says;
    const common = bytes(
      u16(flags),
      u16(method),
      u32(0),
      u32(0),
      u32(packed),
      u32(size),
      u16(name.length),
      u16(0),
    );
    const local = bytes("PK", 3, 4, u16(0), common, name, data);
    directory.push(
      bytes("PK", 1, 2, u16(0), u16(0), common, u16(0), u16(0), u16(0), u32(0), u32(header), name),
    );
    locals.push(local);
    at += local.length;
  }
  const central = bytes(...directory);
  const counts = [u16(entries.length), u16(entries.length)];
  return bytes(
    ...locals,
    central,
    "PK",
    5,
    6,
    u16(0),
    u16(0),
    ...counts,
    u32(central.length),
    u32(at),
    u16(0),
  );
}

/** The format's version, which every such file has. */
export const VERSION: Entry = { name: "w/version", data: bytes("3\n") };

/** A .pth file with this pickle and one storage, as the zip format has them. */
export function pth(pickle: Uint8Array, storage: Uint8Array, ...more: Entry[]): Uint8Array {
  return zip([{ name: "w/data.pkl", data: pickle }, { name: "w/data/0", data: storage }, VERSION, ...more]);
}
