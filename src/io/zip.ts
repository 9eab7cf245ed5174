// The directory of a zip file: PKWARE's APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT,
// sections 4.3.7, 4.3.12 and 4.3.16. PyTorch's entries are stored, not compressed, so they can be read in place. Nothing is
// inflated and nothing is unpacked, so an entry's bytes can be no more than the file has. Their CRC is not looked at, as
// torch.save() may leave it out.

import { DataError } from "../errors.js";
import { dataView, type ByteSource } from "./source.js";

export interface ZipEntry {
  /** First byte of the contents in the file. */
  readonly offset: number;
  /** Bytes that it takes in the file. */
  readonly size: number;
  /** 0 if it is stored, otherwise compressed. */
  readonly method: number;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end record, and before it nothing more than its comment. */
const END_BYTES = 22;
const MAX_COMMENT = 65535;
/** 65,535 entries with names of 200 bytes. */
const MAX_DIRECTORY = 2 ** 24;

interface Range extends ZipEntry {
  readonly name: string;
  readonly header: number;
}

/**
 * Entries of a zip file by name.
 * @throws DataError naming the file, and the entry if it is encrypted, named like a path out of the archive,
 * there twice, overlapping another or reaching beyond the file
 */
export function readZip(source: ByteSource): Map<string, ZipEntry> {
  const fail = (what: string): never => {
    throw new DataError(`${source.name}: ${what}`);
  };
  const { count, from, size } = findDirectory(source, fail);
  const bytes = source.read(from, size);
  const view = dataView(bytes);
  const ranges: Range[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > size || view.getUint32(at, true) !== CENTRAL) fail(`damaged zip directory at entry ${i}`);
    const next =
      at + 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > size) fail(`damaged zip directory at entry ${i}`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
    if (/^[/\\]|^[a-z]:|\\|\0|(^|\/)\.\.(\/|$)/i.test(name)) fail(`entry ${name}: a path out of the archive`);
    const method = view.getUint16(at + 10, true);
    if (view.getUint16(at + 8, true) & 1) fail(`entry ${name} is encrypted`);
    const [packed, contents] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    if (method === 0 && packed !== contents) {
      fail(`entry ${name} is stored in ${packed} bytes, but declared to have ${contents}`);
    }
    ranges.push({ name, method, ...locate(source, view.getUint32(at + 42, true), packed, name, fail) });
    at = next;
  }
  ranges.sort((a, b) => a.header - b.header);
  ranges.forEach(({ name, header }, i) => {
    const before = ranges[i - 1];
    if (before && header < before.offset + before.size) fail(`entries ${before.name} and ${name} overlap`);
  });
  const entries = new Map(ranges.map(({ name, ...range }) => [name, range]));
  if (entries.size !== count) fail("zip directory has a name twice");
  return entries;
}

function findDirectory(
  source: ByteSource,
  fail: (what: string) => never,
): { count: number; from: number; size: number } {
  const length = Math.min(source.size, END_BYTES + MAX_COMMENT);
  const view = dataView(source.read(source.size - length, length));
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + END_BYTES + view.getUint16(at + 20, true) !== length)
      continue;
    const [count, size, from] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 12, true),
      view.getUint32(at + 16, true),
    ];
    if (count === 0xffff || size === 0xffffffff || from === 0xffffffff) {
      fail("zip64 file of 4 GiB or 65,535 entries; expected a smaller one");
    }
    if (from + size > source.size - length + at) fail("zip directory reaches beyond its end");
    if (size > MAX_DIRECTORY) fail(`zip directory of ${size} bytes; expected at most ${MAX_DIRECTORY}`);
    return { count, from, size };
  }
  return fail("truncated: a zip file without a directory at its end");
}

/** Where an entry's contents are: after its local header, whose extra field differs from the directory's. */
function locate(
  source: ByteSource,
  header: number,
  size: number,
  name: string,
  fail: (what: string) => never,
): Omit<Range, "name" | "method"> {
  if (header + 30 > source.size) fail(`entry ${name} starts beyond the file`);
  const local = dataView(source.read(header, 30));
  if (local.getUint32(0, true) !== LOCAL) fail(`entry ${name} has no local header`);
  const offset = header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (offset + size > source.size) fail(`entry ${name} reaches beyond the file`);
  return { header, offset, size };
}
