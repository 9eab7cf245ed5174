// Trained weights by name: torchvision's, and repositories of the Hugging Face hub in timm's layout.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../errors.js";
import { foveaHome } from "./datasets/fetch.js";
import { download, type DownloadProgress } from "./download.js";
import { TORCHVISION_LICENCE, TORCHVISION_URL, torchvisionFiles } from "./torchvision-files.js";

export interface FetchWeightsOptions {
  /** Folder that holds weights. Default: foveaHome()/weights. */
  root?: string;
  /** Another address for torchvision's files or the hub, for mirrors. Default for the hub: HF_ENDPOINT, as its own tools. */
  baseUrl?: string;
  onProgress?: (progress: DownloadProgress) => void;
  /** Is told the licence line before anything is downloaded. Default: written to stderr. */
  onLicence?: (line: string) => void;
}

interface RemoteFile {
  url: string;
  path: string;
  /** The file's SHA-256 in hex, or its beginning. */
  sha256?: string;
}

/**
 * Downloads weights unless they are there, checked against their SHA-256, and returns the path of their file. What has been
 * transferred stays when it breaks off: the next call goes on there.
 *
 * `name` is torchvision's for a model, perhaps with a version ("resnet50", "resnet50@V2": IMAGENET1K_V2), or a repository
 * of the hub, perhaps with a revision ("timm/resnet18.a1_in1k", "owner/repo@v1.0"). A repository's config.json, if it has
 * one, is put beside the weights, so that loadModel() takes the folder.
 * @throws DataError if the name is unknown, the repository has no weights or no hash for them, the download fails
 */
export async function fetchWeights(name: string, options: FetchWeightsOptions = {}): Promise<string> {
  const root = options.root ?? join(foveaHome(), "weights");
  const [what = "", version, more] = name.split("@");
  if (more !== undefined || !/^[\w.-]+(\/[\w.-]+)?$/.test(what) || /(^|\/)\.+(\/|$)/.test(what)) {
    throw new DataError(
      `fetchWeights: bad name '${name}'; expected a model or owner/repository, then @version`,
    );
  }
  if (!what.includes("/")) return fetchTorchvision(what, version ?? "V1", join(root, "torchvision"), options);
  return fetchRepository(what, version ?? "main", root, options);
}

function tellLicence(line: string, { onLicence }: FetchWeightsOptions): void {
  if (onLicence) onLicence(line);
  else process.stderr.write(`${line}\n`);
}

async function fetchFile(
  { url, path, sha256 }: RemoteFile,
  { onProgress }: FetchWeightsOptions,
): Promise<void> {
  await download(url, path, { ...(sha256 && { sha256 }), ...(onProgress && { onProgress }) });
}

async function fetchTorchvision(
  model: string,
  version: string,
  folder: string,
  options: FetchWeightsOptions,
): Promise<string> {
  const versions = torchvisionFiles[model];
  if (!versions) {
    const known = Object.keys(torchvisionFiles).join(", ");
    throw new DataError(`fetchWeights: torchvision has no '${model}'; known: ${known}, or owner/repository`);
  }
  const file = versions[version];
  if (!file) {
    const known = Object.keys(versions).join(", ");
    throw new DataError(`fetchWeights: ${model} has no version '${version}'; known: ${known}`);
  }
  const path = join(folder, `${file}.pth`);
  if (existsSync(path)) return path;
  const url = `${options.baseUrl ?? TORCHVISION_URL}/${file}.pth`;
  tellLicence(`${model}: ${url}; licence: ${TORCHVISION_LICENCE}`, options);
  await fetchFile({ url, path, sha256: file.slice(file.lastIndexOf("-") + 1) }, options);
  return path;
}

/** What the hub says of a repository: https://huggingface.co/docs/hub/api, with blobs=true. */
interface Repository {
  sha?: string;
  cardData?: { license?: unknown };
  siblings?: { rfilename?: string; size?: number; lfs?: { sha256?: string } }[];
}

/** Files of weights that fovea reads, the preferred one first. */
const WEIGHT_FILES = ["model.safetensors", "pytorch_model.bin"];

async function fetchRepository(
  repo: string,
  revision: string,
  root: string,
  options: FetchWeightsOptions,
): Promise<string> {
  const folder = join(root, ...repo.split("/"), encodeURIComponent(revision));
  const present = WEIGHT_FILES.map((file) => join(folder, file)).find(existsSync);
  if (present) return present;
  const hub = options.baseUrl ?? process.env["HF_ENDPOINT"] ?? "https://huggingface.co";
  const about = await askHub(`${hub}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`);
  const files = about.siblings ?? [];
  const weights = WEIGHT_FILES.flatMap((file) => files.find(({ rfilename }) => rfilename === file) ?? [])[0];
  if (!weights) {
    throw new DataError(
      `fetchWeights: ${repo} has no file of weights; expected ${WEIGHT_FILES.join(" or ")}`,
    );
  }
  const sha256 = weights.lfs?.sha256;
  if (!sha256 || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new DataError(`fetchWeights: ${repo}: the hub gives no SHA-256 for ${weights.rfilename}`);
  }
  const commit = /^[0-9a-f]{40}$/.test(about.sha ?? "") ? about.sha! : encodeURIComponent(revision);
  const remote = (file: string): RemoteFile => ({
    url: `${hub}/${repo}/resolve/${commit}/${file}`,
    path: join(folder, file),
  });
  const licence = typeof about.cardData?.license === "string" ? about.cardData.license : "not stated";
  tellLicence(`${repo}: ${hub}/${repo}; licence: ${licence}`, options);
  if (files.some(({ rfilename }) => rfilename === "config.json"))
    await fetchFile(remote("config.json"), options);
  const file = { ...remote(weights.rfilename!), sha256 };
  await fetchFile(file, options);
  return file.path;
}

async function askHub(url: string): Promise<Repository> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`got HTTP status ${response.status}; expected 200`);
    return (await response.json()) as Repository;
  } catch (error) {
    throw new DataError(`${url}: ${(error as Error).message}`);
  }
}
