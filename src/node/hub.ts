// Trained weights by name: torchvision's, and repositories of the Hugging Face hub in timm's layout.

import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { DataError, reason, short } from "../errors.js";
import { publishedByName } from "../data/index.js";
import { environmentVariable } from "../wasm/host.js";
import { foveaHome } from "./datasets/fetch.js";
import { download, hashFile, type DownloadProgress } from "./download.js";
import { weightsIn } from "./model-folder.js";
import { downloadProgress } from "./progress.js";
import { describedAt, Repository } from "../pretrained/repository.js";
import { INDEX_FILE } from "../pretrained/sharded.js";
import { readIndex } from "./sharded.js";
import { checkOptions, wrongKind } from "../errors/options.js";

/** Options of fetchWeights(). */
export interface FetchWeightsOptions {
  /** Folder that holds weights. Default: foveaHome()/weights. */
  root?: string;
  /**
   * Another address for torchvision's files or the hub, for mirrors. Default for the hub: HF_ENDPOINT, as in its own tools.
   * Only the hub is sent HF_TOKEN, if it is set.
   */
  baseUrl?: string;
  /** Default: lines on stderr. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Called with the licence line before anything is downloaded. Default: written to stderr. */
  onLicence?: (line: string) => void;
}

interface RemoteFile {
  url: string;
  path: string;
  /** The file's SHA-256 in hex, or its beginning. */
  sha256?: string;
  headers?: Record<string, string>;
}

/**
 * Downloads weights if they are missing, checks them against their SHA-256, and returns the path of their file. An interrupted
 * download keeps the transferred bytes, and the next call continues it.
 *
 * `name` is torchvision's for a model, perhaps with a version ("resnet50": IMAGENET1K_V1, "resnet50@V2", "resnet50@DEFAULT": the
 * newest), or a repository of the hub, perhaps with a revision ("timm/resnet18.a1_in1k", "owner/repo@v1.0"). A repository's config.json, if it has
 * one, is put beside the weights, so that loadModel() can read the folder.
 * @throws DataError if the name is unknown, the repository has no weights or no hash for them, the download fails
 */
export async function fetchWeights(name: string, options: FetchWeightsOptions = {}): Promise<string> {
  if (typeof name !== "string")
    throw wrongKind("fetchWeights", "name", name, "a model's name or owner/repository");
  checkOptions<FetchWeightsOptions>("fetchWeights", options, {
    root: true,
    baseUrl: true,
    onProgress: true,
    onLicence: true,
  });
  const root = options.root ?? join(foveaHome(), "weights");
  const [what = "", version, more] = name.split("@");
  if (more !== undefined || !/^[\w.-]+(\/[\w.-]+)?$/.test(what) || /(^|\/)\.+(\/|$)/.test(what)) {
    throw new DataError(
      `fetchWeights: bad name '${short(name)}'; expected a model or owner/repository, then @version`,
    );
  }
  if (!what.includes("/")) return fetchTorchvision(name, join(root, "torchvision"), options);
  return fetchRepository(what, version ?? "main", root, options);
}

function tellLicence(line: string, { onLicence }: FetchWeightsOptions): void {
  if (onLicence) onLicence(line);
  else console.error(line);
}

async function fetchFile(
  { url, path, ...how }: RemoteFile,
  { onProgress = downloadProgress() }: FetchWeightsOptions,
): Promise<void> {
  await download(url, path, { ...how, onProgress });
}

async function fetchTorchvision(name: string, folder: string, options: FetchWeightsOptions): Promise<string> {
  const { model, file, sha256, licence, ...published } = publishedByName(name);
  const path = join(folder, file);
  if (existsSync(path)) return path;
  const url = options.baseUrl === undefined ? published.url : `${options.baseUrl}/${file}`;
  tellLicence(`${model}: ${url}; licence: ${licence}`, options);
  await fetchFile({ url, path, sha256 }, options);
  return path;
}

/** HF_TOKEN, which gives access to private and gated repositories. */
function authorization(): Record<string, string> {
  const token = environmentVariable("HF_TOKEN");
  return token ? { authorization: `Bearer ${token}` } : {};
}

async function fetchRepository(
  repo: string,
  revision: string,
  root: string,
  options: FetchWeightsOptions,
): Promise<string> {
  const folder = join(root, ...repo.split("/"), encodeURIComponent(revision));
  const present = weightsIn(folder);
  if (present) return present;
  const hub = options.baseUrl ?? environmentVariable("HF_ENDPOINT") ?? "https://huggingface.co";
  const about = await askHub(hub, repo, revision);
  const name = about.weights("fetchWeights");
  const headers = authorization();
  const remote = (file: string): RemoteFile => ({
    url: about.files + file,
    path: join(folder, file),
    headers,
  });
  const checked = (file: string): RemoteFile => ({
    ...remote(file),
    sha256: about.sha256("fetchWeights", file),
  });
  const single = name === INDEX_FILE ? undefined : checked(name);
  tellLicence(`${repo}: ${hub}/${repo}; licence: ${about.licence}`, options);
  if (about.has("config.json")) await fetchFile(remote("config.json"), options);
  if (single) await fetchFile(single, options);
  else await fetchSharded(remote(name), checked, options);
  return join(folder, name);
}

/** Downloads an index and the files it names, which are checked; the index is put in place last. */
async function fetchSharded(
  index: RemoteFile,
  checked: (name: string) => RemoteFile,
  options: FetchWeightsOptions,
): Promise<void> {
  const aside = `${index.path}.new`;
  await fetchFile({ ...index, path: aside }, options);
  for (const name of new Set((await readIndex(aside)).values())) {
    const shard = checked(name);
    const there = existsSync(shard.path) && (await hashFile(shard.path, "sha256")) === shard.sha256;
    if (!there) await fetchFile(shard, options);
  }
  await rename(aside, index.path);
}

async function askHub(hub: string, repo: string, revision: string): Promise<Repository> {
  const url = describedAt(hub, repo, revision);
  let about: unknown;
  try {
    const response = await fetch(url, { headers: authorization(), signal: AbortSignal.timeout(60_000) });
    const hint = [401, 403].includes(response.status)
      ? " (private and gated repositories need HF_TOKEN)"
      : "";
    if (!response.ok) throw new Error(`got HTTP status ${response.status}; expected 200${hint}`);
    about = await response.json();
  } catch (error) {
    throw new DataError(`${url}: ${reason(error)}`);
  }
  return new Repository(about, hub, repo, revision, url);
}
