// Scans folders of pictures: readable pictures, unreadable ones, and other files.

import { realpathSync, statSync, type Dirent, type Stats } from "node:fs";
import { join, sep } from "node:path";
import {
  cannotDecode,
  imageFormat,
  isBuiltIn,
  isReadable,
  namedFormat,
  SNIFFED_BYTES,
  type ImageFormat,
  type LeftOut,
} from "../../data/index.js";
import { entriesOf, firstBytes } from "../files.js";
import { byCodePoint } from "./names.js";

/** Files that operating systems and file managers leave in folders; names that begin with a dot are also skipped. */
const LITTER =
  /^(__MACOSX|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r|@eaDir|lost\+found|\$RECYCLE\.BIN|System Volume Information)$/i;

/** Pipes, sockets, devices: reading them might never end. */
const isSpecial = (what: Dirent | Stats): boolean => !what.isDirectory() && !what.isFile();

/** The target of a path; undefined for a broken or circular link. */
function followed(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Names in a folder, by code point. */
export interface Entries {
  folders: string[];
  /** Includes broken links, which are reported when they are read. */
  files: string[];
  /** Hidden files, and files left behind by operating systems; folders end with "/". */
  ignored: string[];
  /** Pipes, sockets, devices. */
  special: string[];
}

/** The contents of a folder, following links. @throws DataError naming it if it cannot be read */
export function entriesIn(folder: string): Entries {
  const found: Entries = { folders: [], files: [], ignored: [], special: [] };
  for (const entry of entriesOf(folder)) {
    const { name } = entry;
    const what = entry.isSymbolicLink() ? followed(join(folder, name)) : entry;
    const isFolder = what?.isDirectory() ?? false;
    if (name.startsWith(".") || LITTER.test(name)) found.ignored.push(isFolder ? `${name}/` : name);
    else if (isFolder) found.folders.push(name);
    else (what && isSpecial(what) ? found.special : found.files).push(name);
  }
  for (const names of Object.values(found) as string[][]) names.sort(byCodePoint);
  return found;
}

/** Files below a folder; paths begin with the folder's. */
export interface Found {
  /** Pictures that can be read, in torchvision's order: folders by their paths, then files by their names. */
  pictures: string[];
  /** Pictures that no decoder in use reads. */
  leftOut: LeftOut[];
  /** As in Entries. */
  ignored: string[];
  special: string[];
  /** Files that are not pictures. */
  others: string[];
  /** Links to folders that are already read, or that contain this one. */
  again: string[];
}

/** The folders visited so far below one, by whatever links. */
export class Visits {
  readonly #seen = new Set<string>();
  readonly #top: string;

  constructor(top: string) {
    this.#top = realpathSync(top) + sep;
  }

  /** Whether to visit a folder: it has not been visited, and does not contain the first. */
  isFirst(folder: string): boolean {
    const real = realpathSync(folder);
    if (this.#seen.has(real) || (this.#top.startsWith(real + sep) && real + sep !== this.#top)) return false;
    this.#seen.add(real);
    return true;
  }
}

/** Files below a folder, sorted by what they are. Linked folders are visited once, folders that contain it never. */
export function filesBelow(top: string): Found {
  const found: Found = { pictures: [], leftOut: [], ignored: [], special: [], others: [], again: [] };
  const folders: { folder: string; files: string[] }[] = [];
  const visits = new Visits(top);
  const visit = (folder: string): void => {
    if (!visits.isFirst(folder)) return void found.again.push(`${folder}/`);
    const { files, ...entries } = entriesIn(folder);
    folders.push({ folder, files });
    for (const kind of ["ignored", "special"] as const) {
      for (const name of entries[kind]) found[kind].push(join(folder, name));
    }
    for (const name of entries.folders) visit(join(folder, name));
  };
  visit(top);
  folders.sort((a, b) => byCodePoint(a.folder, b.folder));
  for (const { folder, files } of folders) for (const name of files) sort(join(folder, name), found);
  return found;
}

/** Classifies a file. Extensions of built-in formats are trusted; other files are opened. */
function sort(path: string, found: Found): void {
  const format = formatOfPath(path);
  if (format === undefined) found.others.push(path);
  else if (isReadable(format)) found.pictures.push(path);
  else found.leftOut.push({ file: path, reason: cannotDecode(format) });
}

/** The format of a picture's file: by its extension if that is a built-in format's, otherwise by its first bytes; undefined if it is not a picture. */
export function formatOfPath(path: string): ImageFormat | undefined {
  const named = namedFormat(path);
  return named !== undefined && isBuiltIn(named) ? named : (formatOfFile(path) ?? named);
}

/** The format according to a file's first bytes. Cameras' raw files are TIFF by their bytes, and would be read as small pictures. */
function formatOfFile(path: string): ImageFormat | undefined {
  const format = imageFormat(firstBytes(path, SNIFFED_BYTES));
  return format === "tiff" && namedFormat(path) === "raw" ? "raw" : format;
}

/** Whether it contains folders that count, as classes do. */
export const hasFolders = (folder: string): boolean => entriesIn(folder).folders.length > 0;

/** Names that end as pictures do. */
export const looksLikePicture = (name: string): boolean => namedFormat(name) !== undefined;
