// Pictures by class from folders, and zip files: class/picture.jpg, as `fovea train --data` reads them.

import { namesIn } from "../parts/zip.js";

export interface NamedPicture {
  /** The name of its folder; "" where it is in none. */
  readonly label: string;
  readonly file: File;
}

/** What was chosen or dropped. */
export interface Found {
  readonly pictures: NamedPicture[];
  /** Zip files of pictures, which the trainer reads. */
  readonly zips: File[];
}

const PICTURE = /\.(jpe?g|png|webp|gif|bmp|avif)$/i;
const ZIP = /\.zip$/i;

/** The folders of a zip file's pictures, each of which is a class. @throws Error if it is not a zip file */
export async function labelsIn(zip: File): Promise<string[]> {
  const names = await namesIn(zip);
  return names.filter((name) => PICTURE.test(name)).map(labelOf);
}

/** The folder of a file: "pets/train/cat/1.jpg" is a cat. */
function labelOf(path: string): string {
  return path.split("/").at(-2) ?? "";
}

/** The pictures of a folder that was chosen. */
export function picturesOf(files: readonly File[]): Found {
  const pictures = files.filter(({ name }) => PICTURE.test(name));
  return {
    pictures: pictures.map((file) => ({ label: labelOf(file.webkitRelativePath), file })),
    zips: files.filter(({ name }) => ZIP.test(name)),
  };
}

async function* filesOf(entry: FileSystemEntry, label = ""): AsyncGenerator<NamedPicture> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    yield { label, file };
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

/** What was dropped: pictures, folders of them, zip files. Of folders the files that look like pictures. */
export async function dropped(data: DataTransfer): Promise<Found> {
  // To be asked for before anything is awaited: then the list is emptied.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Found = { pictures: [], zips: [] };
  for (const entry of entries) {
    for await (const each of filesOf(entry)) {
      if (ZIP.test(each.file.name)) found.zips.push(each.file);
      else if (entry.isFile || PICTURE.test(each.file.name)) found.pictures.push(each);
    }
  }
  return found;
}
