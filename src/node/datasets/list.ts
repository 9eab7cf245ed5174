// Pictures listed in a text file with lines of "path label", as in PaddleClas (train_list.txt), or "path label,label,…".

import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cannotDecode, emptyTargets, firstClasses, isReadable, type LeftOut } from "../../data/index.js";
import { DataError, short, show } from "../../errors.js";
import { readText } from "../files.js";
import { FileDataset, PICTURE_OPTIONS, type PictureOptions } from "./file-dataset.js";
import { MOST_CLASSES, Names, sharedLabels } from "./names.js";
import { formatOfPath } from "./scan.js";
import { checkOptions, wrongKind, type Names as OptionNames } from "../../errors/options.js";

export interface ListOptions extends PictureOptions {
  /** The dataset's name in errors. Default: the list file. */
  name?: string;
  /** Names of the classes in label order. Default: "0", "1" … up to the largest label. */
  classes?: readonly string[];
  /** Names of the classes' folders, in label order: a path through another class's folder is an error. Default: classes. */
  folders?: readonly string[];
  /** Separator of path and label. Default: a space. */
  delimiter?: string;
  /** Whether pictures have several classes each: labels with commas between, or `-` for none. Default false. */
  multiLabel?: boolean;
}

/** Whether files exist. Reads each folder once; an unreadable one counts as empty. */
function finder(): (path: string) => boolean {
  const folders = new Map<string, Set<string>>();
  return (path) => {
    const folder = dirname(path);
    let names = folders.get(folder);
    if (!names) folders.set(folder, (names = namesIn(folder)));
    return names.has(basename(path));
  };
}

function namesIn(folder: string): Set<string> {
  try {
    return new Set(readdirSync(folder));
  } catch {
    return new Set();
  }
}

const LABEL = /^-?\d+$/;

/** A picture of a list: its line, its path, its labels as text and as numbers. */
export interface ListRow {
  line: number;
  path: string;
  text: string;
  own: readonly number[];
}

/** A list is data, perhaps from elsewhere: it may only name pictures below the root. */
const LEADS_OUT = /(^|[/\\])\.\.([/\\]|$)/;

const OPTIONS: OptionNames<ListOptions> = {
  ...PICTURE_OPTIONS,
  name: true,
  classes: true,
  folders: true,
  delimiter: true,
  multiLabel: true,
};

/**
 * A dataset of a list's pictures, their paths from `root`. Pictures of formats that no decoder in use reads are left out.
 * @throws DataError naming file and line: label out of range, of another class than the path's folder or than a line before, a
 *   path with `..`, missing picture
 */
export function checkedRows(
  root: string,
  listFile: string,
  rows: readonly ListRow[],
  { classes, folders = classes, multiLabel }: Pick<ListOptions, "classes" | "folders" | "multiLabel">,
): {
  files: Names;
  labels: Int32Array;
  targets?: Float32Array;
  classes: readonly string[];
  leftOut: LeftOut[];
} {
  const classOf = new Map(folders?.map((folder, label) => [folder, label]));
  const exists = finder();
  const seen = new Map<string, { text: string; line: number }>();
  const leftOut: LeftOut[] = [];
  const usable: ListRow[] = [];
  for (const row of rows) {
    const { line, path, text, own } = row;
    const fail = (what: string): never => {
      throw new DataError(`${listFile}:${line}: ${what}`);
    };
    if (LEADS_OUT.test(path))
      fail(`a path out of the folder; got '${short(path)}'; expected one below ${root}`);
    for (const label of own) {
      const most = (classes?.length ?? MOST_CLASSES) - 1;
      if (label < 0 || label > most) fail(`label out of range; got ${label}; expected 0…${most}`);
    }
    for (const folder of path.split("/").slice(0, -1)) {
      const inside = classOf.get(folder);
      if (inside !== undefined && !own.includes(inside)) {
        fail(`label disagrees with the folder; got ${short(text)} for ${short(path)}; expected ${inside}`);
      }
    }
    const before = seen.get(path);
    if (before && before.text !== text && !multiLabel) {
      fail(
        `label disagrees with line ${before.line}; got ${short(text)} for ${short(path)}; expected ${short(before.text)}`,
      );
    }
    seen.set(path, { text, line });
    const file = join(root, path);
    if (!exists(file)) fail(`no such picture; got ${short(file)}`);
    const format = formatOfPath(file);
    // What is not a picture at all is an error when it is read.
    if (format === undefined || isReadable(format)) usable.push(row);
    else leftOut.push({ file, reason: cannotDecode(format) });
  }
  if (usable.length === 0 && leftOut[0]) {
    throw new DataError(
      `${listFile}: no pictures that can be read; got ${short(leftOut[0].file)}: ${leftOut[0].reason}`,
    );
  }
  const labels = usable.map(({ own }) => own);
  const most = rows.reduce((a, { own }) => own.reduce((b, label) => Math.max(b, label), a), 0);
  const names = classes ?? Array.from({ length: most + 1 }, (_, label) => String(label));
  const labelling = multiLabel
    ? severalOf(labels, names.length)
    : { labels: sharedLabels(labels.map(([label]) => label!)) };
  return { files: Names.from(usable.map(({ path }) => path)), ...labelling, classes: names, leftOut };
}

/**
 * Pictures of a list file, their paths from `root`. Empty lines are skipped.
 * @throws DataError naming file and line: no label, and what checkedRows() refuses
 */
export class ImageList extends FileDataset {
  constructor(root: string, listFile: string, given: ListOptions = {}) {
    for (const [what, path] of Object.entries({ root, listFile })) {
      if (typeof path !== "string") throw wrongKind("ImageList", what, path, "a path");
    }
    checkOptions<ListOptions>("ImageList", given, OPTIONS);
    const { name = listFile, delimiter = " ", multiLabel = false, ...rest } = given;
    const { classes, folders, ...options } = rest;
    const labelsIn = (text: string): string[] =>
      multiLabel ? (text === "-" ? [] : text.split(",")) : [text];
    const rows: ListRow[] = [];
    const lines = readText(listFile).split(/\r?\n/);
    lines.forEach((line, i) => {
      if (line.trim() === "") return;
      const at = line.trimEnd().lastIndexOf(delimiter);
      const [path, text] = [line.slice(0, at), line.slice(at + delimiter.length).trim()];
      const words = labelsIn(text);
      if (at <= 0 || !words.every((word) => LABEL.test(word))) {
        const expected = `path${delimiter}label${multiLabel ? ",label,…" : ""}`;
        throw new DataError(`${listFile}:${i + 1}: no label; got ${show(line)}; expected ${expected}`);
      }
      rows.push({ line: i + 1, path, text, own: words.map(Number) });
    });
    if (rows.length === 0)
      throw new DataError(`${listFile}: no pictures; expected lines of path${delimiter}label`);
    super({ name, root, options, ...checkedRows(root, listFile, rows, { ...(classes && { classes }), ...(folders && { folders }), multiLabel }) }); // prettier-ignore
  }
}

function severalOf(
  labels: readonly (readonly number[])[],
  classes: number,
): { labels: Int32Array; targets: Float32Array } {
  const targets = emptyTargets(labels.length, classes);
  labels.forEach((own, i) => own.forEach((label) => (targets[i * classes + label] = 1)));
  return { labels: firstClasses(targets, classes), targets };
}
