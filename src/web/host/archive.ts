// A trainer's pictures as a zip file: a folder for each class, as `fovea train --data` reads them.

import { strToU8, unzipSync, zipSync } from "../../vendor/fflate.js";
import { DataError, reason } from "../../errors.js";
import { imageFormat } from "../../data/index.js";

/** A picture's file, and its class's name. */
export interface Filed {
  readonly label: string;
  readonly bytes: Uint8Array;
  /** Where it was read from. */
  readonly path?: string;
}

const NAMES = "classes.json";
/** Names that Windows gives to devices. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/** What file systems hold for the same name: some ignore case, some the way an é is put together. */
const sameAs = (folder: string): string => folder.normalize("NFC").toLowerCase();

/** Names of folders for classes: without what file systems refuse, and no two the same. */
export function foldersOf(classes: readonly string[]): string[] {
  const taken = new Set([sameAs(NAMES)]);
  return classes.map((name) => {
    const allowed = name.replace(/[/\\:*?"<>|\p{Cc}]/gu, "_").replace(/^[. ]+|[. ]+$/g, "");
    const plain = allowed.replace(DEVICE, "$&_") || "class";
    let folder = plain;
    for (let n = 2; taken.has(sameAs(folder)); n++) folder = `${plain}_${n}`;
    taken.add(sameAs(folder));
    return folder;
  });
}

/** class/0001.jpg and so on. Pictures are packed already, and are stored unchanged. */
export function zipOf(classes: readonly string[], pictures: Iterable<Filed>): Uint8Array<ArrayBuffer> {
  const folders = foldersOf(classes);
  const counts = classes.map(() => 0);
  const files: Record<string, Uint8Array> = {};
  for (const { label, bytes } of pictures) {
    const at = classes.indexOf(label);
    const number = String(++counts[at]!).padStart(4, "0");
    const extension = imageFormat(bytes) === "jpeg" ? "jpg" : (imageFormat(bytes) ?? "bin");
    files[`${folders[at]!}/${number}.${extension}`] = bytes;
  }
  // Names that folders cannot have are found again here; programs that read folders ignore this file.
  const renamed = folders.some((folder, i) => folder !== classes[i]);
  if (renamed)
    files[NAMES] = strToU8(
      JSON.stringify(Object.fromEntries(folders.map((folder, i) => [folder, classes[i]]))),
    );
  return zipSync(files, { level: 0 }) as Uint8Array<ArrayBuffer>;
}

/**
 * The pictures of a zip file: those in the folder of a class, wherever that is.
 * @throws DataError if it is not a zip file, or there are no pictures in it
 */
export function unzipped(bytes: Uint8Array, name = "dataset.zip"): Filed[] {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (error) {
    throw new DataError(`${name}: not a zip file that can be read: ${reason(error)}`);
  }
  const { [NAMES]: named, ...rest } = files;
  let names: Record<string, unknown> = {};
  try {
    if (named) names = JSON.parse(new TextDecoder().decode(named)) as Record<string, unknown>;
  } catch {
    // somebody else's
  }
  const pictures = Object.entries(rest).flatMap(([path, contents]): Filed[] => {
    const [folder, file] = path.split("/").slice(-2);
    const hidden = file === undefined || file === "" || file.startsWith(".") || path.startsWith("__MACOSX/");
    if (hidden || contents.length === 0 || imageFormat(contents) === undefined) return [];
    const label = names[folder!];
    return [{ label: typeof label === "string" ? label : folder!, bytes: contents, path }];
  });
  if (pictures.length > 0) return pictures;
  throw new DataError(`${name}: no pictures in folders; expected class/picture.jpg`);
}
