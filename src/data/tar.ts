// Reads tar archives in place: finds the position of each file's bytes. POSIX.1-1988 (ustar) with GNU long names and the path and size
// records of POSIX.1-2001 (pax), https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html

import { DataError } from "../errors.js";

const BLOCK = 512;
const MOST_METADATA = 2 ** 20;
/** Zeros skipped after the end, since archives are padded to 10,240 bytes, or more on tapes. */
const MOST_FILLING = 2 ** 16;
/** Types of entries without contents, whatever their declared size: links, devices, folders, pipes. */
const WITHOUT_CONTENTS = "123456";

/** Types of extended headers: pax's, and Solaris's before it. */
const EXTENDED = /^[xX]$/;

export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Bytes of the archive from an offset on; fewer only where it ends. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const decoder = new TextDecoder();

/** Text up to the first zero byte. */
function text(block: Uint8Array, first: number, end: number): string {
  const field = block.subarray(first, end);
  const zero = field.indexOf(0);
  return decoder.decode(zero < 0 ? field : field.subarray(0, zero));
}

/** An octal number, or a binary one as GNU tar writes large sizes. NaN if it is neither. */
function number(block: Uint8Array, first: number, end: number): number {
  if (block[first]! & 0x80) {
    let value = block[first]! & 0x7f;
    for (let i = first + 1; i < end; i++) value = value * 256 + block[i]!;
    return value;
  }
  const digits = text(block, first, end).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits || "0", 8) : NaN;
}

/** The sum of a header's bytes, its own field counted as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!;
  return sum;
}

/** pax records, "<length> <key>=<value>\n" each. */
function paxRecords(data: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(decoder.decode(data.subarray(at, space)));
    if (!(length > space - at) || at + length > data.length) break;
    const record = decoder.decode(data.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** The compression of a file, if any. */
function compression(head: Uint8Array): string | undefined {
  const start = String.fromCharCode(...head.subarray(0, 6));
  if (start.startsWith("\x1f\x8b")) return "gzip";
  if (start.startsWith("BZh")) return "bzip2";
  if (start === "\xfd7zXZ\0") return "xz";
  return start.startsWith("\x28\xb5\x2f\xfd") ? "zstd" : undefined;
}

/**
 * The regular files of an archive of `size` bytes, in its order. Links, devices and sparse files are skipped and reported to
 * `pass`, and so is anything after the end; folders are skipped silently.
 * @throws DataError naming `file` and the byte where a header is damaged or an entry does not end
 */
export function* tarEntries(
  read: ReadAt,
  size: number,
  file: string,
  pass?: (name: string) => void,
): Generator<TarEntry> {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  let longName: string | undefined;
  let pax = new Map<string, string>();
  for (let at = 0; at < size;) {
    const block = read(at, BLOCK);
    const packed = at === 0 ? compression(block) : undefined;
    if (packed !== undefined)
      fail(
        `compressed tar; got a ${packed} file; expected it unpacked, so that pictures can be read where they lie`,
      );
    if (block.length < BLOCK)
      fail(`truncated tar; got ${block.length} bytes of the header at ${at}; expected 512`);
    if (block.every((byte) => byte === 0)) {
      const after = read(at, Math.min(size - at, MOST_FILLING)).findIndex((byte) => byte !== 0);
      if (after >= 0) pass?.(`what follows the end at byte ${at + after - (after % BLOCK)}`);
      return;
    }
    const [sum, expected] = [number(block, 148, 156), checksum(block)];
    if (sum !== expected)
      fail(`not a tar file; got checksum ${sum} in the header at ${at}; expected ${expected}`);
    const type = String.fromCharCode(block[156]!);
    const inHeader =
      pax.has("size") && !EXTENDED.test(type) ? Number(pax.get("size")) : number(block, 124, 136);
    const declared = WITHOUT_CONTENTS.includes(type) ? 0 : inHeader;
    const offset = at + BLOCK;
    if (!Number.isSafeInteger(declared) || declared < 0)
      fail(`damaged tar; got a wrong size in the header at ${at}`);
    if (offset + declared > size) {
      fail(`truncated tar; got ${size - offset} bytes of the entry at ${at}; expected ${declared}`);
    }
    at = offset + Math.ceil(declared / BLOCK) * BLOCK;
    if (type === "L" || EXTENDED.test(type)) {
      if (declared > MOST_METADATA) fail(`damaged tar; got a name of ${declared} bytes`);
      if (type === "L") longName = text(read(offset, declared), 0, declared);
      else pax = new Map([...pax, ...paxRecords(read(offset, declared))]);
      continue;
    }
    if (type === "g" || type === "K") continue;
    const prefix = text(block, 257, 262) === "ustar" ? text(block, 345, 500) : "";
    const short = text(block, 0, 100);
    const sparse = [...pax.keys()].some((key) => key.startsWith("GNU.sparse."));
    const name =
      pax.get("GNU.sparse.name") ?? pax.get("path") ?? longName ?? (prefix ? `${prefix}/${short}` : short);
    longName = undefined;
    pax = new Map();
    if (type === "5" || (type === "\0" && name.endsWith("/"))) continue;
    if (!sparse && (type === "0" || type === "\0" || type === "7")) yield { name, offset, size: declared };
    else pass?.(name);
  }
}
