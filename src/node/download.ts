// Downloads files: in parts if necessary, checked, and in place only when complete.

import { checkKinds, checkOptions, type Names } from "../errors/options.js";
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { lstat, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { DataError, reason } from "../errors.js";
import { flush, makeFolders, writeFileAtomic } from "./files.js";

/** Progress of a download. */
export interface DownloadProgress {
  /** The address being read. */
  readonly url: string;
  /** Bytes received, including earlier transfers. */
  readonly received: number;
  /** Total bytes; undefined if the server does not report it. */
  readonly total: number | undefined;
}

/** Options of download(). */
export interface DownloadOptions {
  /** Hash of the whole file, in hex, or how it begins: torchvision's names have the first eight digits. */
  md5?: string;
  /** SHA-256 of the whole file, in hex, or how it begins. */
  sha256?: string;
  /** Sent with every request. Authorisation is not sent to other servers on a redirect (WHATWG Fetch). */
  headers?: Readonly<Record<string, string>>;
  /** Called as bytes arrive. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Transfers to try for an address before giving up, each continuing the last one. Default 3. */
  attempts?: number;
  /** A transfer counts as broken after this many milliseconds without a byte. Default 60,000. */
  stall?: number;
}

const DOWNLOAD: Names<DownloadOptions> = {
  md5: true,
  sha256: true,
  headers: true,
  onProgress: true,
  attempts: true,
  stall: true,
};

/** Source of the part beside the target: a server continues only with the same version (If-Range, RFC 9110 §13.1.5). */
interface PartRecord {
  url: string;
  validator: string;
}

/** A transfer that ended early: the next one may continue it. */
class Broken extends Error {}

/**
 * Downloads a file to `path` from the first address that serves it. A broken transfer leaves `path`.part and is resumed,
 * in this call and in later ones, if the server can; `path` appears only when the hash is right.
 * @throws DataError naming address and reason: not found, broken off, wrong hash
 */
export async function download(
  urls: string | readonly string[],
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  checkKinds("download", { path, options }, { path: "path", options: "object" });
  checkOptions<DownloadOptions>("download", options, DOWNLOAD);
  if (typeof urls !== "string") checkKinds("download", { urls }, { urls: "list" });
  await here(path, () => makeFolders(dirname(path)));
  const failures: string[] = [];
  for (const url of typeof urls === "string" ? [urls] : urls) {
    for (let attempt = 1; attempt <= (options.attempts ?? 3); attempt++) {
      try {
        await transfer(url, path, options);
        await checkHash(url, `${path}.part`, options);
        await here(path, () => rename(`${path}.part`, path));
        await rm(`${path}.part.json`, { force: true });
        return;
      } catch (error) {
        failures.push(reason(error));
        if (!(error instanceof Broken)) break;
        await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 4 ** attempt, 5000)));
      }
    }
  }
  throw new DataError(`${path}: cannot be downloaded: ${[...new Set(failures)].join("; ")}`);
}

/** Runs work on this machine, where retrying does not help. @throws DataError naming the file */
async function here<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof DataError ? error : new DataError(`${path}: cannot be written: ${reason(error)}`);
  }
}

/** A part's size; 0 for anything that others may have put there: a link may lead to a file that we must not write. */
async function sizeOf(path: string): Promise<number> {
  return lstat(path).then(
    (stat) => (stat.isFile() ? stat.size : 0),
    () => 0,
  );
}

/** The part to write on, or a new one. */
async function openPart(path: string, resumed: boolean): Promise<FileHandle> {
  if (resumed) return open(path, constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0));
  await rm(path, { force: true });
  return open(path, "wx");
}

/** Bytes that can be kept, and the server's name for their version. */
async function kept(url: string, path: string): Promise<{ size: number; validator: string }> {
  const record = await readFile(`${path}.part.json`, "utf8")
    .then((text) => JSON.parse(text) as PartRecord)
    .catch(() => undefined);
  if (!record?.validator || record.url !== url) return { size: 0, validator: "" };
  return { size: await sizeOf(`${path}.part`), validator: record.validator };
}

/** Fetches the missing bytes of `path`.part. */
async function transfer(
  url: string,
  path: string,
  { onProgress, stall = 60_000, headers: more }: DownloadOptions,
): Promise<void> {
  const { size, validator } = await kept(url, path);
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), stall);
  try {
    const headers = size > 0 ? { range: `bytes=${size}-`, "if-range": validator } : {};
    const response = await fetch(url, {
      headers: { ...more, ...headers, "accept-encoding": "identity" },
      signal: abort.signal,
    });
    if (response.status === 416) {
      if (response.headers.get("content-range") === `bytes */${size}`) return; // the part is complete
      await rm(`${path}.part.json`, { force: true }); // begin again
      throw new Broken(`${url}: nothing left after byte ${size}`);
    }
    if (!response.ok || !response.body)
      throw new DataError(`${url}: got HTTP status ${response.status}; expected 200`);
    const resumed = response.status === 206;
    if (resumed && !response.headers.get("content-range")?.startsWith(`bytes ${size}-`)) {
      throw new DataError(
        `${url}: got ${response.headers.get("content-range")}; expected bytes from ${size} on`,
      );
    }
    const first = resumed ? size : 0;
    const length = response.headers.get("content-length");
    const packed = response.headers.has("content-encoding"); // then the length differs
    const total = length === null || packed ? undefined : first + Number(length);
    const etag = response.headers.get("etag");
    const version = (etag?.startsWith("W/") ? null : etag) ?? response.headers.get("last-modified") ?? "";
    const record: PartRecord = { url, validator: version };
    await writeFileAtomic(`${path}.part.json`, JSON.stringify(record));
    const file = await here(path, () => openPart(`${path}.part`, resumed));
    let received = first;
    try {
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), stall);
        await here(path, () => file.writeFile(chunk));
        received += chunk.length;
        onProgress?.({ url, received, total });
      }
      await here(path, () => flush(file));
    } finally {
      await file.close();
    }
    if (total !== undefined && received !== total) {
      throw new Broken(`${url}: transfer ended after ${received} of ${total} bytes`);
    }
  } catch (error) {
    if (error instanceof DataError || error instanceof Broken) throw error;
    const { cause } = error as Error;
    const why = cause instanceof Error ? `: ${reason(cause)}` : "";
    throw new Broken(`${url}: transfer broken off: ${reason(error)}${why}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A file's hash, in hex. */
export async function hashFile(path: string, algorithm: "md5" | "sha256"): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** @throws DataError if the hash differs; the useless part is then removed */
async function checkHash(url: string, path: string, options: DownloadOptions): Promise<void> {
  for (const algorithm of ["md5", "sha256"] as const) {
    const expected = options[algorithm];
    if (expected === undefined) continue;
    const found = await hashFile(path, algorithm);
    if (expected && found.startsWith(expected)) continue;
    await rm(path, { force: true });
    await rm(`${path}.json`, { force: true });
    throw new DataError(`${url}: wrong ${algorithm}; got ${found}; expected ${expected}`);
  }
}
