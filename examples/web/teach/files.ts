// Pictures by class, from and to folders and zip files: class/picture.jpg, as `fovea train --data` reads them.

import { unzipped } from "../parts/zip.js";
import type { PictureClass } from "./collection.js";

export interface NamedPicture {
  /** The name of its folder; "" where it lies in none. */
  readonly label: string;
  readonly file: File;
}

const PICTURE = /\.(jpe?g|png|webp|gif|bmp|avif)$/i;

/** The folder of a file: "pets/train/cat/1.jpg" is a cat. */
function labelOf(path: string): string {
  return path.split("/").at(-2) ?? "";
}

async function fromZip(zip: File): Promise<NamedPicture[]> {
  const files = await unzipped(zip, (name) => PICTURE.test(name));
  return files.map((file) => ({ label: labelOf(file.path), file }));
}

/** The pictures of a folder or of zip files that were chosen. */
export async function picturesOf(files: readonly File[]): Promise<NamedPicture[]> {
  const found: NamedPicture[] = [];
  for (const file of files) {
    if (/\.zip$/i.test(file.name)) found.push(...(await fromZip(file)));
    else if (PICTURE.test(file.name)) found.push({ label: labelOf(file.webkitRelativePath), file });
  }
  return found;
}

async function* filesOf(entry: FileSystemEntry, label = ""): AsyncGenerator<NamedPicture> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    if (/\.zip$/i.test(file.name)) yield* await fromZip(file);
    else yield { label, file };
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A hundred at a time, in Chromium.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!some.length) return;
    for (const each of some) yield* filesOf(each, entry.name);
  }
}

/** What was dropped: pictures, folders of them, zip files. */
export async function droppedPictures(data: DataTransfer): Promise<NamedPicture[]> {
  // To be asked for before anything is awaited: then the list is emptied.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: NamedPicture[] = [];
  for (const entry of entries) for await (const each of filesOf(entry)) found.push(each);
  return found;
}

/** A name that can be a folder's everywhere. */
const folderName = (name: string): string => name.trim().replace(/[\\/:*?"<>|]+/g, "_") || "class";

export function picturePaths(classes: readonly PictureClass[]): [path: string, blob: Blob][] {
  return classes.flatMap(({ name, pictures }) =>
    pictures.map(({ blob }, i): [string, Blob] => {
      const ending = blob.type.split("/")[1]?.replace("jpeg", "jpg") ?? "jpg";
      return [`${folderName(name)}/${String(i + 1).padStart(4, "0")}.${ending}`, blob];
    }),
  );
}
