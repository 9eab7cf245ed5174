// Finds problems in a folder of labelled pictures that would spoil training.

import { checkFunction, checkKinds, checkOptions } from "../errors/options.js";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import {
  decodeActive,
  imageFormat,
  imageFormats,
  imageInfo,
  isBuiltIn,
  namedFormat,
} from "../data/decode/index.js";
import type { RawImage } from "../data/image.js";
import { DataError, reason, short } from "../errors.js";
import { breathe } from "../train/breath.js";
import { entriesIn, looksLikePicture, Visits } from "./datasets/scan.js";
import { innermost, layoutOf } from "./datasets/splits.js";

/** Options of checkFolder(). */
export interface CheckOptions {
  /** Pictures with a side shorter than this are too small. Default 16. */
  minSize?: number;
  /** Called as files are checked, with the number done and the total. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Problems that spoil a training run. undecodable: the file cannot be decoded. small: see minSize. clipped: 16-bit grey, in which
 * all values above 255 become white. duplicate: the same picture again. stray: a file beside the class folders or the splits, a
 * pipe or device. class: a class without pictures, or missing in another split.
 */
export type ProblemKind = "undecodable" | "small" | "clipped" | "duplicate" | "stray" | "class";

/**
 * Harmless findings worth knowing. extension: the file's type is not the one in its name. mode: not the kind of pixels that most
 * pictures have (grey, CMYK, alpha, palette, 16 bits). other: not a picture by name or contents. ignored: hidden, or left behind
 * by an operating system.
 */
export type RemarkKind = "extension" | "mode" | "other" | "ignored";

/** A finding of checkFolder(). */
export interface Finding<Kind extends string> {
  /** The kind of the finding. */
  kind: Kind;
  /** Paths from the folder: one, or all that are the same picture. */
  paths: string[];
  /** The rest of the sentence: the details. */
  detail: string;
}

/** A finding that keeps a picture from being used, or spoils training. */
export type Problem = Finding<ProblemKind>;
/** A harmless finding worth knowing. */
export type Remark = Finding<RemarkKind>;

/** Facts about a split. */
export interface SplitReport {
  /** The split's folder; "" if the class folders are in the folder itself. */
  name: string;
  /** Decoded pictures. */
  images: number;
  /** Pictures of each class, by its name. */
  classes: Record<string, number>;
  /** Pictures of the largest class divided by those of the smallest; null if that has none. */
  imbalance: number | null;
}

/** What checkFolder() returns. */
export interface FolderReport {
  /** The checked folder. */
  folder: string;
  /** Number of usable pictures. */
  images: number;
  /** train, val and test, if there are folders for them; otherwise one. */
  splits: SplitReport[];
  /** Number of pictures by kind of pixels: "RGB", "L", "RGBA, 16 bits" …, in Pillow's terms. */
  modes: Record<string, number>;
  /** Findings to fix. */
  problems: Problem[];
  /** Harmless findings. */
  remarks: Remark[];
}

const MODES: Record<string, string> = {
  "1": "black and white",
  L: "grey",
  LA: "grey with alpha",
  P: "palette",
  RGB: "colour",
  RGBA: "colour with alpha",
  CMYK: "CMYK",
  "I;16": "16-bit grey",
};

/** A file in a class folder. */
interface File {
  path: string;
  split: string;
  className: string;
}

interface Picture extends File {
  mode: string;
  /** Hashes of the pixels as decoded to RGB, and of the file. */
  pixels: string;
  bytes: string;
}

/** What has been found so far. */
interface Findings {
  problems: Problem[];
  remarks: Remark[];
}

/**
 * Reads and decodes every file below given/<class>/ or given/<split>/<class>/ (splits are called train, val, test and the
 * like), or of the one folder in it, and reports problems.
 * @throws DataError if the folder cannot be read or has no class folders
 */
export async function checkFolder(given: string, options: CheckOptions = {}): Promise<FolderReport> {
  checkKinds("checkFolder", { folder: given }, { folder: "path" });
  checkOptions<CheckOptions>("checkFolder", options, { minSize: true, onProgress: true });
  const { minSize = 16, onProgress } = options;
  checkKinds("checkFolder", { minSize }, { minSize: "number" });
  if (onProgress !== undefined) checkFunction("checkFolder", "onProgress", onProgress);
  const folder = innermost(given);
  const found: Findings = { problems: [], remarks: [] };
  const classes = new Map<string, Map<string, number>>();
  const files = collect(folder, classes, found);
  const pictures: Picture[] = [];
  for (const [i, file] of files.entries()) {
    const picture = await examine(folder, file, minSize, found);
    if (picture) {
      pictures.push(picture);
      const counts = classes.get(file.split)!;
      counts.set(file.className, counts.get(file.className)! + 1);
    }
    onProgress?.(i + 1, files.length);
    await breathe();
  }
  const modes = countBy(pictures.map(({ mode }) => mode));
  const problems = [...found.problems, ...duplicates(pictures), ...classProblems(classes)];
  const remarks = [...found.remarks, ...modeRemarks(pictures, modes)];
  const splits = [...classes].map(([name, counts]) => splitReport(name, counts));
  return { folder, images: pictures.length, splits, modes, problems, remarks };
}

/** Every file in the class folders; fills `classes` with split → class → 0. */
function collect(
  folder: string,
  classes: Map<string, Map<string, number>>,
  { problems, remarks }: Findings,
): File[] {
  const files: File[] = [];
  const stray = (path: string, detail: string): void =>
    void problems.push({ kind: "stray", paths: [path], detail });
  const look = (path: string): ReturnType<typeof entriesIn> => {
    const prefix = path && `${path}/`;
    const entries = entriesIn(join(folder, path));
    for (const name of entries.ignored)
      remarks.push({ kind: "ignored", paths: [prefix + name], detail: "is ignored" });
    for (const name of entries.special) stray(prefix + name, "is a pipe, socket or device");
    return entries;
  };
  const below = (path: string, split: string, className: string, visits: Visits): void => {
    if (!visits.isFirst(join(folder, path)))
      return void remarks.push({
        kind: "ignored",
        paths: [`${path}/`],
        detail: "is a link to what is read elsewhere",
      });
    const found = look(path);
    for (const name of found.files) files.push({ path: `${path}/${name}`, split, className });
    for (const name of found.folders) below(`${path}/${name}`, split, className, visits);
  };
  const top = look("");
  const layout = layoutOf(folder, top.folders);
  const splits = layout
    ? [layout.train, layout.val, ...layout.more].filter((name) => name !== undefined)
    : [""];
  for (const name of layout?.others ?? []) stray(name, "is not a split");
  for (const name of layout?.flat ?? []) stray(name, "has no class folders");
  for (const name of top.files.filter((file) => !looksLikePicture(file)))
    remarks.push({
      kind: "other",
      paths: [name],
      detail: "is beside the classes, and not a picture by name",
    });
  for (const name of layout ? top.files.filter(looksLikePicture) : []) stray(name, "is in no class folder");
  for (const name of splits) {
    const prefix = name && `${name}/`;
    const { folders, files: loose } = name ? look(name) : top;
    for (const file of loose.filter(looksLikePicture)) stray(prefix + file, "is in no class folder");
    if (folders.length === 0) {
      throw new DataError(
        `${join(folder, name)}: no class folders; expected <class>/<pictures>, or <split>/<class>/<pictures>`,
      );
    }
    classes.set(name, new Map(folders.map((className) => [className, 0])));
    for (const className of folders) {
      const path = prefix + className;
      below(path, name, className, new Visits(join(folder, path)));
    }
  }
  return files;
}

/** A file's picture, if it holds one; records problems with it. */
async function examine(
  folder: string,
  file: File,
  minSize: number,
  { problems, remarks }: Findings,
): Promise<Picture | undefined> {
  const { path } = file;
  const problem = (kind: ProblemKind, detail: string): void =>
    void problems.push({ kind, paths: [path], detail });
  let bytes;
  try {
    bytes = readFileSync(join(folder, path));
  } catch (error) {
    problem("undecodable", `cannot be read: ${reason(error)}`);
    return undefined;
  }
  const format = imageFormat(bytes);
  const named = namedFormat(path);
  if (!format && !named) {
    remarks.push({ kind: "other", paths: [path], detail: "is not a picture, by name or contents" });
    return undefined;
  }
  if (format && format !== named) {
    const detail = `is ${imageFormats[format].name}, named ${extname(path).toLowerCase() || "without an extension"}`;
    remarks.push({ kind: "extension", paths: [path], detail });
  }
  try {
    const image = await decodeActive(bytes, { file: path });
    const { data, width, height } = image;
    if (Math.min(width, height) < minSize)
      problem("small", `is ${width}×${height}; expected at least ${minSize}`);
    const mode = format && isBuiltIn(format) ? modeOf(bytes, path) : "RGB";
    if (mode === "I;16") clipping(image, problem);
    const pixels = hash(Buffer.from(`${width}×${height}`), data);
    return { ...file, mode, pixels, bytes: hash(bytes) };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    problem("undecodable", error.message.replace(`${short(path)}: `, ""));
    return undefined;
  }
}

/** What a pixel holds, in Pillow's words. */
function modeOf(bytes: Uint8Array, path: string): string {
  const { format, mode } = imageInfo(bytes, path);
  return format === "png" && bytes[24] === 16 && !mode.includes("16") ? `${mode}, 16 bits` : mode;
}

/** 16-bit grey, as RGB: what was above 255 is white now. */
function clipping({ data }: RawImage, problem: (kind: ProblemKind, detail: string) => void): void {
  let white = 0;
  for (let i = 0; i < data.length; i += 3) if (data[i] === 255) white++;
  const share = ((300 * white) / data.length).toFixed(0);
  if (white > 0)
    problem(
      "clipped",
      `is 16-bit grey: ${share} % of it is white, since values above 255 become white (as in Pillow)`,
    );
}

function hash(...parts: Uint8Array[]): string {
  const sha = createHash("sha256");
  for (const part of parts) sha.update(part);
  return sha.digest("base64");
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function modeRemarks(pictures: readonly Picture[], modes: Record<string, number>): Remark[] {
  const describe = (mode: string): string => `${mode} (${MODES[mode.split(",")[0]!] ?? "unknown"})`;
  const [usual = "RGB"] = Object.keys(modes).sort(
    (a, b) => modes[b]! - modes[a]! || Number(b === "RGB") - Number(a === "RGB"),
  );
  return pictures
    .filter(({ mode }) => mode !== usual)
    .map(({ path, mode }) => ({
      kind: "mode",
      paths: [path],
      detail: `is ${describe(mode)}; most pictures are ${describe(usual)}`,
    }));
}

function duplicates(pictures: readonly Picture[]): Problem[] {
  const groups = new Map<string, Picture[]>();
  for (const picture of pictures) {
    const group = groups.get(picture.pixels);
    if (group) group.push(picture);
    else groups.set(picture.pixels, [picture]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const several = (of: (picture: Picture) => string): boolean => new Set(group.map(of)).size > 1;
      const where = [
        several(({ split }) => split) ? "across splits" : "in one split",
        several(({ className }) => className) ? "in different classes" : "in one class",
      ].join(", ");
      const same = several(({ bytes }) => bytes) ? "the same pixels" : "the same file";
      return { kind: "duplicate", paths: group.map(({ path }) => path), detail: `${same} ${where}` };
    });
}

function classProblems(classes: ReadonlyMap<string, ReadonlyMap<string, number>>): Problem[] {
  const all = new Set([...classes.values()].flatMap((counts) => [...counts.keys()]));
  return [...classes].flatMap(([split, counts]) =>
    [...all].sort().flatMap((name): Problem[] => {
      const path = split ? `${split}/${name}` : name;
      if (!counts.has(name))
        return [{ kind: "class", paths: [path], detail: "is missing; another split has it" }];
      if (counts.get(name) === 0) return [{ kind: "class", paths: [path], detail: "has no pictures" }];
      return [];
    }),
  );
}

/** Minimum and maximum of any number of values. */
export const extent = (numbers: readonly number[]): [number, number] => [
  numbers.reduce((a, b) => Math.min(a, b), Infinity),
  numbers.reduce((a, b) => Math.max(a, b), -Infinity),
];

function splitReport(name: string, counts: ReadonlyMap<string, number>): SplitReport {
  const numbers = [...counts.values()];
  const [least, most] = extent(numbers);
  return {
    name,
    images: numbers.reduce((a, b) => a + b, 0),
    classes: Object.fromEntries(counts),
    imbalance: least > 0 ? most / least : null,
  };
}
