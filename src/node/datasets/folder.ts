// A folder for each class, as torchvision's ImageFolder reads them.

import { readdirSync, realpathSync, statSync, type Dirent, type Stats } from "node:fs";
import { join, relative, sep } from "node:path";
import { DataError } from "../../errors.js";
import { FileDataset, type PictureOptions } from "./file-dataset.js";
import { byCodePoint, Names, sharedLabels } from "./names.js";

const PICTURE = /\.(png|jpe?g)$/i;

export interface FolderOptions extends PictureOptions {
  /** What errors call the dataset. Default: the root. */
  name?: string;
  /** Names of the class folders in label order; some may be absent, no others present. Default: those there are, sorted. */
  folders?: readonly string[];
  /** Names of the classes, where they differ from the folders'. */
  classes?: readonly string[];
  /** Let class folders be empty. Default false. */
  allowEmpty?: boolean;
}

/** Pipes, sockets, devices: reading them might never end. */
export const isSpecial = (what: Dirent | Stats): boolean => !what.isDirectory() && !what.isFile();

/** What a path leads to; undefined for a link that leads nowhere, or round in a circle. */
export function followed(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * What a folder holds, links followed, hidden files and what is no file left out. Links that lead nowhere count as files:
 * whoever reads them is told. @throws DataError naming it
 */
function list(folder: string): { name: string; isFolder: boolean }[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new DataError(`${folder}: cannot be read: ${(error as Error).message}`);
  }
  return entries
    .filter(({ name }) => !name.startsWith("."))
    .flatMap((entry) => {
      const { name } = entry;
      const what = entry.isSymbolicLink() ? followed(join(folder, name)) : entry;
      return what && isSpecial(what) ? [] : [{ name, isFolder: what?.isDirectory() ?? false }];
    });
}

/** Folders in a folder, by code point. @throws DataError naming it if it cannot be read */
export function foldersIn(folder: string): string[] {
  return list(folder)
    .filter(({ isFolder }) => isFolder)
    .map(({ name }) => name)
    .sort(byCodePoint);
}

/** Pictures below a folder in torchvision's order: folders by their paths, then files by their names. */
function picturesBelow(top: string): string[] {
  const folders: { folder: string; files: string[] }[] = [];
  const seen = new Set<string>();
  const visit = (folder: string): void => {
    const real = realpathSync(folder);
    if (seen.has(real)) return; // links that lead back
    seen.add(real);
    const entries = list(folder);
    const files = entries
      .filter(({ name, isFolder }) => !isFolder && PICTURE.test(name))
      .map(({ name }) => name);
    folders.push({ folder, files: files.sort(byCodePoint) });
    for (const { name, isFolder } of entries) if (isFolder) visit(join(folder, name));
  };
  visit(top);
  folders.sort((a, b) => byCodePoint(a.folder, b.folder));
  return folders.flatMap(({ folder, files }) => files.map((file) => join(folder, file)));
}

/**
 * Pictures in root/<class>/**, .png, .jpg and .jpeg by name (what they are is told by their bytes). Classes are the
 * folders in code-point order.
 * @throws DataError if there are no class folders, if one is empty, or is not among those asked for
 */
export class ImageFolder extends FileDataset {
  constructor(root: string, { name = root, folders, classes, allowEmpty, ...options }: FolderOptions = {}) {
    const found = foldersIn(root);
    if (found.length === 0)
      throw new DataError(`${root}: no class folders; expected ${root}${sep}<class>${sep}*.jpg`);
    const known = folders ?? found;
    const stranger = found.find((folder) => folders && !folders.includes(folder));
    if (stranger !== undefined) {
      throw new DataError(`${root}: unknown class folder '${stranger}'; expected the ${known.length} given`);
    }
    if (classes && classes.length !== known.length) {
      throw new DataError(
        `${root}: ${classes.length} names of classes; expected ${known.length}, one a folder`,
      );
    }
    const files: string[] = [];
    const labels: number[] = [];
    const there = new Set(found);
    known.forEach((folder, label) => {
      const pictures = there.has(folder) ? picturesBelow(join(root, folder)) : [];
      if (pictures.length === 0 && there.has(folder) && !allowEmpty) {
        throw new DataError(`${root}: class '${folder}' has no pictures; expected .png, .jpg or .jpeg files`);
      }
      for (const picture of pictures) {
        files.push(relative(root, picture));
        labels.push(label);
      }
    });
    super({
      name,
      root,
      files: Names.from(files),
      labels: sharedLabels(labels),
      classes: classes ?? known,
      options,
    });
  }
}
