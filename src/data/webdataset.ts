// Samples in tar shards as WebDataset lays them out (https://github.com/webdataset/webdataset): neighbouring files whose
// names agree up to the first dot of the last part are one sample: a picture, and a class in .cls (a number) or .json.

import { DataError } from "../errors.js";
import { tarEntries, type ReadAt, type TarEntry } from "./tar.js";

export interface TarSample {
  readonly picture: TarEntry;
  readonly label: number;
}

const PICTURE = /^(jpg|jpeg|png)$/;
const decoder = new TextDecoder();

function split(name: string): { key: string; extension: string } {
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  return dot < 0
    ? { key: name, extension: "" }
    : { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

/** A class as text, or as a field of a JSON object. NaN if it is none. */
function labelIn(content: string, extension: string, field: string): number {
  if (extension === "cls") return /^\s*\d+\s*$/.test(content) ? Number(content) : NaN;
  try {
    const value = (JSON.parse(content) as Record<string, unknown> | null)?.[field];
    return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : NaN;
  } catch {
    return NaN;
  }
}

/**
 * The samples of a shard, in its order. `field` names the class in .json files.
 * @throws DataError naming the shard and the sample that has no picture, no class, or two of them, or where it is no tar
 */
export function* tarSamples(read: ReadAt, size: number, file: string, field = "label"): Generator<TarSample> {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  let key: string | undefined;
  let picture: TarEntry | undefined;
  let label: number | undefined;
  const finish = (): TarSample => {
    if (!picture) fail(`sample '${key}' has no picture; expected ${key}.jpg, .jpeg or .png`);
    if (label === undefined) fail(`sample '${key}' has no class; expected ${key}.cls or ${key}.json`);
    return { picture: picture!, label: label! };
  };
  for (const entry of tarEntries(read, size, file)) {
    const { key: next, extension } = split(entry.name);
    if (/(^|\/)\./.test(entry.name.replace(/^(\.\/)+/, ""))) continue; // hidden, as macOS adds them
    const isPicture = PICTURE.test(extension);
    const isLabel = extension === "cls" || extension === "json";
    if (!isPicture && !isLabel) continue;
    if (key !== undefined && next !== key) {
      yield finish();
      picture = label = undefined;
    }
    key = next;
    if (isPicture) {
      if (picture) fail(`sample '${key}' has two pictures; got ${picture.name} and ${entry.name}`);
      picture = entry;
    } else if (label === undefined || extension === "cls") {
      const content = decoder.decode(read(entry.offset, Math.min(entry.size, 2 ** 20)));
      label = labelIn(content, extension, field);
      if (Number.isNaN(label)) {
        const expected = extension === "cls" ? "a number" : `a number under "${field}"`;
        fail(`${entry.name}: no class; got ${JSON.stringify(content.slice(0, 40))}; expected ${expected}`);
      }
    }
  }
  if (key !== undefined) yield finish();
}
