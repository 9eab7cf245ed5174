// Files from elsewhere: downloaded with progress, and kept in the browser's cache, so that they are there without a network.

import { DataError, reason } from "../../errors.js";
import type { LoadProgress, WireFile } from "../model-request.js";
import type { Call } from "../rpc.js";

/** The cache's name: CacheStorage.delete() of it frees what it holds. */
const CACHE = "fovea";

/** Another name for a file, in messages and progress. */
const nameOf = (url: string): string => new URL(url).pathname.split("/").at(-1) || url;

async function cached(url: string): Promise<Response | undefined> {
  try {
    return await (await globalThis.caches?.open(CACHE))?.match(url);
  } catch {
    return undefined; // a page that is not secure, or a browser that is set to keep nothing
  }
}

async function forget(url: string): Promise<void> {
  try {
    await (await globalThis.caches?.open(CACHE))?.delete(url);
  } catch {
    // nothing is kept
  }
}

async function keep(url: string, bytes: Uint8Array<ArrayBuffer>, { headers }: Response): Promise<void> {
  try {
    const type = headers.get("content-type") ?? "application/octet-stream";
    const kept = new Response(bytes, {
      headers: { "content-type": type, "content-length": String(bytes.length) },
    });
    await (await globalThis.caches?.open(CACHE))?.put(url, kept);
  } catch {
    // no room, or no cache: it is downloaded again the next time
  }
}

async function bodyOf(
  response: Response,
  file: string,
  fromCache: boolean,
  call: Call,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = response.headers.get("content-length");
  // What is compressed on the way is longer than the header says.
  const total = length !== null && !response.headers.get("content-encoding") ? Number(length) : undefined;
  const parts: Uint8Array[] = [];
  let received = 0;
  const report = (): void =>
    call.emit({
      file,
      received,
      cached: fromCache,
      ...(total !== undefined && { total }),
    } satisfies LoadProgress);
  let reported = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    if (performance.now() - reported < 100) continue;
    reported = performance.now();
    report();
  }
  report();
  if (total !== undefined && received !== total) {
    throw new DataError(`${file}: the download broke off; got ${received} bytes of ${total}`);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** How a file is downloaded. */
export interface DownloadOptions {
  /** Its SHA-256, in hex. */
  readonly sha256?: string | undefined;
  /** Whether the server is asked first, and the cache only where there is no network: for what changes. Default false. */
  readonly fresh?: boolean;
}

async function digest(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new DataError(
      `${url}: its SHA-256 cannot be checked, as this page is not secure; serve the page by https, or pick the files instead`,
    );
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws DataError if the bytes have another hash; what the cache has of them is forgotten */
async function check(bytes: Uint8Array<ArrayBuffer>, url: string, sha256: string | undefined): Promise<void> {
  if (sha256 === undefined) return;
  const found = await digest(bytes, url);
  if (found === sha256) return;
  await forget(url);
  throw new DataError(`${url}: wrong sha256; got ${found}; expected ${sha256}`);
}

/**
 * The bytes at an address; undefined if there is nothing (404). The browser's cache keeps them, and is asked first.
 * @throws DataError naming the address if it cannot be had, or has another hash; what the signal says
 */
export async function download(
  url: string,
  call: Call,
  { sha256, fresh = false }: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = nameOf(url);
  const kept = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const found = await cached(url);
    if (!found) return undefined;
    const bytes = await bodyOf(found, file, true, call);
    await check(bytes, url, sha256);
    return bytes;
  };
  const known = fresh ? undefined : await kept();
  if (known) return known;
  let response: Response;
  try {
    response = await fetch(url, { signal: call.signal });
  } catch (error) {
    call.signal.throwIfAborted();
    const old = fresh ? await kept() : undefined;
    if (old) return old;
    const why =
      globalThis.navigator?.onLine === false
        ? "this device is offline; what was downloaded here before works without a network, this file was not"
        : "expected a network, and a server that lets this page read it";
    throw new DataError(`${url}: cannot be downloaded: ${reason(error)}; ${why}`);
  }
  if (response.status === 404) return undefined;
  if (!response.ok) throw new DataError(`${url}: got HTTP status ${response.status}; expected 200`);
  if (/^text\/html\b/.test(response.headers.get("content-type") ?? "")) return undefined; // servers of single pages answer so
  try {
    const bytes = await bodyOf(response, file, false, call);
    await check(bytes, url, sha256);
    await keep(url, bytes, response);
    return bytes;
  } catch (error) {
    call.signal.throwIfAborted();
    throw error instanceof DataError
      ? error
      : new DataError(`${url}: the download broke off: ${reason(error)}`);
  }
}

/** The bytes of a file, and what errors call it. @throws DataError if it cannot be had */
export async function bytesOf(file: WireFile, call: Call): Promise<{ bytes: Uint8Array; name: string }> {
  if ("bytes" in file) return { bytes: file.bytes, name: "weights" };
  if ("blob" in file) {
    const name = (file.blob as Partial<File>).name ?? "weights";
    try {
      return { bytes: new Uint8Array(await file.blob.arrayBuffer()), name };
    } catch (error) {
      throw new DataError(`${name}: cannot be read: ${reason(error)}`);
    }
  }
  const bytes = await download(file.url, call);
  if (!bytes) throw new DataError(`${file.url}: nothing there (404, or a page); expected a file`);
  return { bytes, name: file.url };
}
