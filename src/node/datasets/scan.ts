// Folders of pictures: which files are pictures that can be read, which are pictures that cannot, and which are none.

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

/** What operating systems and file managers leave in folders; names that begin with a dot are passed over too. */
const LITTER =
  /^(__MACOSX|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r|@eaDir|lost\+found|\$RECYCLE\.BIN|System Volume Information)$/i;

/** Pipes, sockets, devices: reading them might never end. */
const isSpecial = (what: Dirent | Stats): boolean => !what.isDirectory() && !what.isFile();

/** What a path leads to; undefined for a link that leads nowhere, or round in a circle. */
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
  /** Links that lead nowhere are among them: whoever reads them is told. */
  files: string[];
  /** Hidden files, and what operating systems leave behind; folders end with "/". */
  ignored: string[];
  /** Pipes, sockets, devices. */
  special: string[];
}

/** What a folder holds, links followed. @throws DataError naming it if it cannot be read */
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

/** What was found below a folder; paths begin with the folder's. */
export interface Found {
  /** Pictures that can be read, in torchvision's order: folders by their paths, then files by their names. */
  pictures: string[];
  /** Pictures that nothing in use reads. */
  leftOut: LeftOut[];
  /** As in Entries. */
  ignored: string[];
  special: string[];
  /** Files that are no pictures. */
  others: string[];
  /** Links to folders that are read already, or that lie around this one. */
  again: string[];
}

/** Which folders below one have been visited, whatever links lead to them. */
export class Visits {
  readonly #seen = new Set<string>();
  readonly #top: string;

  constructor(top: string) {
    this.#top = realpathSync(top) + sep;
  }

  /** Whether a folder is to be visited: it has not been, and does not lie around the first. */
  isFirst(folder: string): boolean {
    const real = realpathSync(folder);
    if (this.#seen.has(real) || (this.#top.startsWith(real + sep) && real + sep !== this.#top)) return false;
    this.#seen.add(real);
    return true;
  }
}

/** Files below a folder, sorted by what they are. Folders that links lead back to are visited once, those around it never. */
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

/** Puts a file where it belongs. Names of formats that are built in are believed; other files are looked into. */
function sort(path: string, found: Found): void {
  const named = namedFormat(path);
  if (named !== undefined && isBuiltIn(named)) return void found.pictures.push(path);
  const format = formatOfFile(path) ?? named;
  if (format === undefined) found.others.push(path);
  else if (isReadable(format)) found.pictures.push(path);
  else found.leftOut.push({ file: path, reason: cannotDecode(format) });
}

/** The format that a file's first bytes tell. Raw files of cameras are TIFF by their bytes, and small pictures if read so. */
function formatOfFile(path: string): ImageFormat | undefined {
  const format = imageFormat(firstBytes(path, SNIFFED_BYTES));
  return format === "tiff" && namedFormat(path) === "raw" ? "raw" : format;
}

/** Whether there are folders in it that count: those of classes, that is. */
export const hasFolders = (folder: string): boolean => entriesIn(folder).folders.length > 0;

/** Names that end as pictures do. */
export const looksLikePicture = (name: string): boolean => namedFormat(name) !== undefined;
