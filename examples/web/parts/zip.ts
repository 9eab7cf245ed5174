// Zip files of models. Those of pictures are read and written by the trainer.

import { unzip, Zip, ZipPassThrough } from "fflate";

/** The files of a zip whose names are wanted. @throws Error if it cannot be read */
export async function unzipped(zip: File, wanted: (name: string) => boolean): Promise<File[]> {
  const bytes = new Uint8Array(await zip.arrayBuffer());
  const entries = await new Promise<Record<string, Uint8Array>>((resolve, reject) =>
    unzip(bytes, { filter: ({ name }) => wanted(name) }, (error, files) =>
      error
        ? reject(new Error(`'${zip.name}' is not a zip file that can be read: ${error.message}.`))
        : resolve(files),
    ),
  );
  return Object.entries(entries).map(
    ([path, content]) => new File([content as Uint8Array<ArrayBuffer>], path.split("/").at(-1)!),
  );
}

/** The names of a zip's files, with their folders. @throws Error if it cannot be read */
export async function namesIn(zip: File): Promise<string[]> {
  const names: string[] = [];
  await unzipped(zip, (name) => names.push(name) < 0); // none is unpacked
  return names;
}

/** These files as a zip, stored unchanged: weights get no smaller. */
export async function zipped(files: readonly (readonly [path: string, blob: Blob])[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(chunk as Uint8Array<ArrayBuffer>);
  });
  for (const [path, blob] of files) {
    const entry = new ZipPassThrough(path);
    zip.add(entry);
    entry.push(new Uint8Array(await blob.arrayBuffer()), true);
  }
  zip.end();
  return new Blob(parts, { type: "application/zip" });
}
