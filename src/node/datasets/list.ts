// Pictures named in a text file, "path label" a line, as PaddleClas has them (train_list.txt).

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DataError } from "../../errors.js";
import { readBytes } from "../files.js";
import { FileDataset, type PictureOptions } from "./file-dataset.js";
import { Names, sharedLabels } from "./names.js";

export interface ListOptions extends PictureOptions {
  /** What errors call the dataset. Default: the list file. */
  name?: string;
  /** Names of the classes in label order. Default: "0", "1" … up to the largest label. */
  classes?: readonly string[];
  /** Names of the classes' folders, in label order: a path through another class's folder is an error. Default: classes. */
  folders?: readonly string[];
  /** What stands between path and label. Default: a space. */
  delimiter?: string;
}

/** Whether files exist, folders read once each. */
function finder(): (path: string) => boolean {
  const folders = new Map<string, Set<string>>();
  return (path) => {
    const folder = dirname(path);
    let names = folders.get(folder);
    if (!names) folders.set(folder, (names = new Set(existsSync(folder) ? readdirSync(folder) : [])));
    return names.has(basename(path));
  };
}

/**
 * Pictures of a list file, their paths from `root`. Empty lines are passed over.
 * @throws DataError naming file and line: no label, label out of range or of another class than the path's folder,
 *   missing picture
 */
export class ImageList extends FileDataset {
  constructor(
    root: string,
    listFile: string,
    { name = listFile, delimiter = " ", ...rest }: ListOptions = {},
  ) {
    const { classes, folders = classes, ...options } = rest;
    const classOf = new Map(folders?.map((folder, label) => [folder, label]));
    const exists = finder();
    const files: string[] = [];
    const labels: number[] = [];
    const lines = new TextDecoder().decode(readBytes(listFile)).split(/\r?\n/);
    lines.forEach((line, i) => {
      if (line.trim() === "") return;
      const fail = (what: string): never => {
        throw new DataError(`${listFile}:${i + 1}: ${what}`);
      };
      const at = line.trimEnd().lastIndexOf(delimiter);
      const [path, text] = [line.slice(0, at), line.slice(at + delimiter.length).trim()];
      if (at <= 0 || !/^-?\d+$/.test(text)) {
        fail(`no label; got ${JSON.stringify(line)}; expected path${delimiter}label`);
      }
      const label = Number(text);
      if (label < 0 || (classes && label >= classes.length)) {
        fail(`label out of range; got ${label}; expected 0…${classes ? classes.length - 1 : ""}`);
      }
      for (const folder of path.split("/").slice(0, -1)) {
        const own = classOf.get(folder);
        if (own !== undefined && own !== label) {
          fail(`label disagrees with the folder; got ${label} for ${path}; expected ${own}`);
        }
      }
      if (!exists(join(root, path))) fail(`no such picture; got ${join(root, path)}`);
      files.push(path);
      labels.push(label);
    });
    if (files.length === 0)
      throw new DataError(`${listFile}: no pictures; expected lines of path${delimiter}label`);
    const most = labels.reduce((a, b) => Math.max(a, b), 0);
    const names = classes ?? Array.from({ length: most + 1 }, (_, label) => String(label));
    super({ name, root, files: Names.from(files), labels: sharedLabels(labels), classes: names, options });
  }
}
