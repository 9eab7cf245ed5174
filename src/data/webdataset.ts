// Samples in tar shards as WebDataset lays them out (https://github.com/webdataset/webdataset): neighbouring files whose
// names agree up to the first dot of the last part are one sample, and what follows the dot names its fields: a picture, and
// a class in .cls (a number) or .json.

import { DataError, short, show } from "../errors.js";
import { cannotDecode, imageFormat, isReadable, namedFormat, SNIFFED_BYTES } from "./decode/index.js";
import { tarEntries, type ReadAt, type TarEntry } from "./tar.js";

export interface TarSample {
  readonly picture: TarEntry;
  readonly label: number;
}

export interface TarSampleOptions {
  /** The field with the class in .json files. Default "label". */
  field?: string | undefined;
  /** Whether samples need no class: none is read, and every label is 0. Default false. */
  unlabelled?: boolean | undefined;
  /** Called with every left-out sample, by its picture or its first file, and the reason. */
  leave?: (name: string, reason: string) => void;
  /** Called with every file that belongs to no sample: hidden ones, metadata, links, names without a dot. */
  pass?: (name: string) => void;
}

const decoder = new TextDecoder();
const MOST_LABEL_BYTES = 2 ** 20;

/** WebDataset's base_plus_ext(): sample and field of a name; undefined if it has no dot where one is expected. */
function keyed(name: string): { key: string; field: string } | undefined {
  const [, key, field] = /^((?:.*\/|)[^.]+)\.([^/]*)$/.exec(name) ?? [];
  return key === undefined ? undefined : { key, field: field!.toLowerCase() };
}

/** Metadata, which WebDataset ignores; and hidden files, such as those that macOS adds, which would split samples. */
const isPassed = (name: string): boolean =>
  /^__[^/]*__($|\/)/.test(name) || /(^|\/)\./.test(name.replace(/^(\.\/)+/, ""));

/** A sample's files by their fields. */
type Fields = Map<string, TarEntry>;

/**
 * The samples of a shard, in its order. A field of several parts, as in "photo.v2.jpg", counts where there is none of one part
 * and no other of several.
 * @throws DataError naming the shard, and the duplicate file, the second picture, or the invalid class
 */
export function* tarSamples(
  read: ReadAt,
  size: number,
  file: string,
  { field = "label", unlabelled = false, leave, pass }: TarSampleOptions = {},
): Generator<TarSample> {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  const sampleOf = (key: string, fields: Fields): TarSample | undefined => {
    const picture = pictureOf(key, fields, read, fail);
    if (typeof picture === "string") return void leave?.([...fields.values()][0]!.name, picture);
    if ("reason" in picture) return void picture.names.forEach((name) => leave?.(name, picture.reason));
    const label = unlabelled ? 0 : labelOf(fields, picture, read, field, fail);
    if (label !== undefined) return { picture, label };
    const expected = `expected ${key}.cls, or ${key}.json with a number under "${field}"`;
    return void leave?.(picture.name, `no class; ${expected}`);
  };
  let key = "";
  let fields: Fields = new Map();
  for (const entry of tarEntries(read, size, file, pass)) {
    const part = isPassed(entry.name) ? undefined : keyed(entry.name);
    if (!part) {
      pass?.(entry.name);
      continue;
    }
    if (part.key !== key) {
      const sample = fields.size > 0 ? sampleOf(key, fields) : undefined;
      if (sample) yield sample;
      [key, fields] = [part.key, new Map()];
    }
    const before = fields.get(part.field);
    if (before)
      fail(
        `sample '${short(key)}' has two fields '${short(part.field)}'; got ${before.name} and ${entry.name}`,
      );
    fields.set(part.field, entry);
  }
  const sample = fields.size > 0 ? sampleOf(key, fields) : undefined;
  if (sample) yield sample;
}

interface Unusable {
  readonly names: string[];
  readonly reason: string;
}

/** The sample's picture, or the reason why it has none. @throws as `fail` does if there are two equivalent ones */
function pictureOf(
  key: string,
  fields: Fields,
  read: ReadAt,
  fail: (what: string) => never,
): TarEntry | Unusable | string {
  const named = [...fields].filter(([field]) => namedFormat(`.${field}`));
  const plain = named.filter(([field]) => !field.includes("."));
  const rest = named.length > 0 ? named : [...fields].filter(([field]) => !LABEL.test(field));
  const found = (plain.length > 0 ? plain : rest).flatMap(([field, entry]) => {
    const format =
      imageFormat(read(entry.offset, Math.min(entry.size, SNIFFED_BYTES))) ?? namedFormat(`.${field}`);
    return format ? [{ entry, format }] : [];
  });
  if (found.length === 0) return `no picture; expected ${key}.jpg, .png or the like`;
  const usable = found.filter(({ format }) => isReadable(format));
  if (usable.length === 1) return usable[0]!.entry;
  const names = found.map(({ entry }) => entry.name);
  if (usable.length === 0) return { names, reason: cannotDecode(found[0]!.format) };
  if (plain.length > 0) fail(`sample '${short(key)}' has two pictures; got ${names[0]} and ${names[1]}`);
  return {
    names,
    reason: `${names.length} pictures in sample '${short(key)}': names up to the first dot make one`,
  };
}

const LABEL = /(^|\.)(cls|json|txt)$/;

/** The sample's class; undefined if it has none. @throws as `fail` does if a file contains anything else */
function labelOf(
  fields: Fields,
  picture: TarEntry,
  read: ReadAt,
  name: string,
  fail: (what: string) => never,
): number | undefined {
  const text = (entry: TarEntry): string =>
    decoder.decode(read(entry.offset, Math.min(entry.size, MOST_LABEL_BYTES)));
  const stem = keyed(picture.name)!.field.replace(/\.?[^.]*$/, "");
  for (const kind of ["cls", "json"] as const) {
    const longer = [...fields.keys()].filter((field) => field.endsWith(`.${kind}`));
    const entry =
      fields.get(kind) ??
      fields.get(`${stem}.${kind}`) ??
      (longer.length === 1 ? fields.get(longer[0]!) : undefined);
    if (!entry) continue;
    const content = text(entry);
    const value =
      kind === "cls" ? (/^\s*\d+\s*$/.test(content) ? Number(content) : NaN) : inJson(content, name);
    if (value === undefined) continue;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    const expected = kind === "cls" ? "a number" : `a number under "${name}"`;
    fail(`${entry.name}: no class; got ${show(content.slice(0, 40))}; expected ${expected}`);
  }
  return undefined;
}

/** A field of a JSON object; undefined if it has none, NaN if the text is damaged. */
function inJson(content: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return NaN;
  }
}
