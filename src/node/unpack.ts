// Unpacks archives into folders: completely or not at all, and nowhere else.

import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { ReadableWritablePair } from "node:stream/web";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { DataError, reason, short, show } from "../errors.js";
import { makeFolders } from "./files.js";

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** An entry's path below the target. @throws DataError if it leads elsewhere */
function safePath(name: string, archive: string): string {
  const parts = name.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  if (/^([/\\]|[a-zA-Z]:)/.test(name) || parts.includes("..") || name.includes("\0")) {
    throw new DataError(
      `${archive}: refused to unpack an entry; got ${show(name)}; expected a path below it`,
    );
  }
  return join(...parts, ".");
}

/**
 * Unpacks a .tar, .tar.gz or .tgz (recognised by its bytes) into `folder`, whose top-level entries are replaced one by one
 * after everything has been unpacked.
 * @throws DataError naming the archive if it is damaged, holds links or devices, or paths that lead out of the folder
 */
export async function unpack(archive: string, folder: string): Promise<void> {
  await makeFolders(folder);
  const aside = await mkdtemp(join(folder, ".unpacking-"));
  try {
    const file = createReadStream(archive);
    const gunzip = (await isGzip(archive)) ? [createGunzip()] : [];
    const bytes = new PassThrough();
    const entries = Readable.toWeb(bytes).pipeThrough(
      createTarDecoder({ strict: true }) as ReadableWritablePair<ParsedTarEntry, Uint8Array>,
    );
    const reading = pipeline([file, ...gunzip, bytes]);
    const writing = (async () => {
      for await (const { header, body } of entries) {
        const { name, type } = header;
        if (type !== "file" && type !== "directory") {
          throw new DataError(
            `${archive}: refused to unpack an entry; got ${type} '${short(name)}'; expected files and folders`,
          );
        }
        const target = join(aside, safePath(name, archive));
        await makeFolders(type === "directory" ? target : dirname(target));
        if (type === "file") await pipeline(body, createWriteStream(target));
        else await body.cancel();
      }
    })();
    await Promise.all([reading, writing]);
    for (const name of await readdir(aside)) {
      await rm(join(folder, name), { recursive: true, force: true });
      await rename(join(aside, name), join(folder, name));
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${archive}: cannot be unpacked: ${reason(error)}`);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
