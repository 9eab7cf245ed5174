// Looks through a folder of labelled pictures for what would spoil a training.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { extname, join } from "node:path";
import { decodeImage, imageFormat, imageInfo, type ImageFormat } from "../data/decode/index.js";
import { DataError } from "../errors.js";
import { followed, isSpecial } from "./datasets/folder.js";

export interface CheckOptions {
  /** Pictures with a side shorter than this are too small. Default 16. */
  minSize?: number;
  onProgress?: (done: number, total: number) => void;
}

/**
 * undecodable: no picture can be had from it. extension: the file's bytes are another type than its name says. small: see
 * minSize. mode: not the kind of pixels that most pictures have (grey, CMYK, alpha, palette, 16 bits). duplicate: the same
 * picture again. stray: beside the class folders, or no picture by name or contents. class: one without pictures, or that
 * another split lacks.
 */
export type ProblemKind = "undecodable" | "extension" | "small" | "mode" | "duplicate" | "stray" | "class";

export interface Problem {
  kind: ProblemKind;
  /** Paths from the folder: one, or all that are the same picture. */
  paths: string[];
  detail: string;
}

export interface SplitReport {
  /** The split's folder; "" where the class folders are in the folder itself. */
  name: string;
  /** Decoded pictures. */
  images: number;
  /** Of each class, by its name. */
  classes: Record<string, number>;
  /** Pictures of the largest class over those of the smallest; null if that has none. */
  imbalance: number | null;
}

export interface FolderReport {
  folder: string;
  images: number;
  splits: SplitReport[];
  /** How many pictures have which pixels: "RGB", "L", "RGBA, 16 bits" …, in Pillow's words. */
  modes: Record<string, number>;
  problems: Problem[];
}

const SPLITS = new Set(["train", "training", "val", "valid", "validation", "test", "testing", "eval"]);
const EXTENSIONS: Record<string, ImageFormat> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".jpe": "jpeg",
  ".jfif": "jpeg",
  ".gif": "gif",
  ".webp": "webp",
  ".bmp": "bmp",
  ".tif": "tiff",
  ".tiff": "tiff",
  ".heic": "heic",
  ".heif": "heic",
  ".avif": "avif",
};
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

/** What a folder holds, hidden files left out. @throws DataError naming it if it cannot be read */
function list(folder: string): { folders: string[]; files: string[]; special: string[] } {
  const folders: string[] = [];
  const files: string[] = [];
  const special: string[] = [];
  try {
    for (const name of readdirSync(folder).sort()) {
      if (name.startsWith(".")) continue;
      const what = followed(join(folder, name));
      (what?.isDirectory() ? folders : what && isSpecial(what) ? special : files).push(name);
    }
  } catch (error) {
    throw new DataError(`${folder}: cannot be read: ${(error as Error).message}`);
  }
  return { folders, files, special };
}

/**
 * Reads and decodes every file below folder/<class>/ or folder/<split>/<class>/ (splits are called train, val, test and the
 * like) and says what is wrong.
 * @throws DataError if the folder cannot be read or has no class folders
 */
export function checkFolder(folder: string, { minSize = 16, onProgress }: CheckOptions = {}): FolderReport {
  const problems: Problem[] = [];
  const classes = new Map<string, Map<string, number>>();
  const files = collect(folder, classes, problems);
  const pictures: Picture[] = [];
  files.forEach((file, i) => {
    const picture = examine(folder, file, minSize, problems);
    if (picture) {
      pictures.push(picture);
      const counts = classes.get(file.split)!;
      counts.set(file.className, counts.get(file.className)! + 1);
    }
    onProgress?.(i + 1, files.length);
  });
  const modes = countBy(pictures.map(({ mode }) => mode));
  problems.push(...modeProblems(pictures, modes), ...duplicates(pictures), ...classProblems(classes));
  const splits = [...classes].map(([name, counts]) => splitReport(name, counts));
  return { folder, images: pictures.length, splits, modes, problems };
}

/** Every file in the class folders; fills `classes` with split → class → 0. */
function collect(folder: string, classes: Map<string, Map<string, number>>, problems: Problem[]): File[] {
  const files: File[] = [];
  const seen = new Set<string>();
  const below = (path: string, split: string, className: string): void => {
    const real = realpathSync(join(folder, path));
    if (seen.has(real)) return; // links that lead back
    seen.add(real);
    const found = list(join(folder, path));
    for (const name of found.files) files.push({ path: `${path}/${name}`, split, className });
    for (const name of found.special) {
      problems.push({ kind: "stray", paths: [`${path}/${name}`], detail: "is a pipe, socket or device" });
    }
    for (const name of found.folders) below(`${path}/${name}`, split, className);
  };
  const top = list(folder);
  const named = top.folders.filter((name) => SPLITS.has(name.toLowerCase()));
  const split = named.length > 1 || (named.length === 1 && top.folders.length === 1);
  const stray = (prefix: string, names: readonly string[]): void => {
    const paths = names.filter((name) => extname(name).toLowerCase() in EXTENSIONS).map((n) => prefix + n);
    for (const path of paths)
      problems.push({ kind: "stray", paths: [path], detail: "is in no class folder" });
  };
  stray("", top.files);
  for (const name of split ? top.folders : []) {
    if (!named.includes(name)) problems.push({ kind: "stray", paths: [name], detail: "is no split" });
  }
  for (const name of split ? named : [""]) {
    const prefix = name && `${name}/`;
    const { folders, files: loose } = name ? list(join(folder, name)) : top;
    if (name) stray(prefix, loose);
    if (folders.length === 0) {
      throw new DataError(
        `${join(folder, name)}: no class folders; expected <class>/<pictures>, or <split>/<class>/<pictures>`,
      );
    }
    classes.set(name, new Map(folders.map((className) => [className, 0])));
    for (const className of folders) below(prefix + className, name, className);
  }
  return files;
}

/** A file's picture, if it holds one; notes what is wrong with it. */
function examine(folder: string, file: File, minSize: number, problems: Problem[]): Picture | undefined {
  const { path } = file;
  const extension = extname(path).toLowerCase();
  const note = (kind: ProblemKind, detail: string): void => {
    problems.push({ kind, paths: [path], detail });
  };
  let bytes;
  try {
    bytes = readFileSync(join(folder, path));
  } catch (error) {
    note("undecodable", `cannot be read: ${(error as Error).message}`);
    return undefined;
  }
  const format = imageFormat(bytes);
  const named = EXTENSIONS[extension];
  if (!format && !named) {
    note("stray", "is no picture, by name or contents");
    return undefined;
  }
  if (format && format !== named) {
    note("extension", `is ${format.toUpperCase()}, named ${extension || "without an extension"}`);
  }
  try {
    const info = imageInfo(bytes, path);
    const { data, width, height } = decodeImage(bytes, { file: path });
    if (Math.min(width, height) < minSize)
      note("small", `is ${width}×${height}; expected at least ${minSize}`);
    const deep = format === "png" && bytes[24] === 16 && !info.mode.includes("16");
    const pixels = hash(Buffer.from(`${width}×${height}`), data);
    return { ...file, mode: deep ? `${info.mode}, 16 bits` : info.mode, pixels, bytes: hash(bytes) };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    note("undecodable", error.message.replace(`${path}: `, ""));
    return undefined;
  }
}

function hash(...parts: Uint8Array[]): string {
  const sha = createHash("sha256");
  for (const part of parts) sha.update(part);
  return sha.digest("base64");
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function modeProblems(pictures: readonly Picture[], modes: Record<string, number>): Problem[] {
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

function splitReport(name: string, counts: ReadonlyMap<string, number>): SplitReport {
  const numbers = [...counts.values()];
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return {
    name,
    images: numbers.reduce((a, b) => a + b, 0),
    classes: Object.fromEntries(counts),
    imbalance: least > 0 ? most / least : null,
  };
}
