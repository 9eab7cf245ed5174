// Downloads known datasets.

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { DataError, reason, short } from "../../errors.js";
import { download, type DownloadProgress } from "../download.js";
import { downloadProgress } from "../progress.js";
import { homeFolder } from "../../wasm/host.js";
import { unpack } from "../unpack.js";
import { catalog, type CatalogEntry } from "./catalog.js";
import { checkOptions, type Names } from "../../errors/options.js";

/** The folder for downloads: FOVEA_HOME, otherwise ~/.cache/fovea. @throws DataError if the home folder is unknown */
export function foveaHome(): string {
  try {
    return homeFolder(homedir, join);
  } catch (error) {
    throw new DataError(`FOVEA_HOME: is not set, and the home folder is not known: ${reason(error)}`);
  }
}

/** An entry of the catalog. @throws DataError listing the known names */
export function catalogEntry(name: string): CatalogEntry {
  const entry = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
  if (!entry) {
    throw new DataError(
      `dataset: unknown name '${short(name)}'; known: ${Object.keys(catalog).sort().join(", ")}`,
    );
  }
  return entry;
}

/** "CIFAR-10, …: 170 MB from https://…; licence: …" */
export function licenceLine(name: string): string {
  const { title, licence, files, homepage } = catalogEntry(name);
  const megabytes = Math.ceil(files.reduce((sum, file) => sum + file.megabytes, 0));
  return `${title}: ${megabytes} MB, ${homepage}; licence: ${licence}`;
}

/** Options of fetchDataset(). */
export interface FetchOptions {
  /** Folder that holds datasets, a folder each. Default: foveaHome()/datasets. */
  root?: string;
  /** Default: lines on stderr. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Called with the dataset's licence line before anything is downloaded. Default: written to stderr. */
  onLicence?: (line: string) => void;
  /** Overrides the catalog, for mirrors. */
  entry?: CatalogEntry;
}

export const FETCH_OPTIONS: Names<FetchOptions> = {
  root: true,
  onProgress: true,
  onLicence: true,
  entry: true,
};

/** Folder of a known dataset, whether it exists or not. */
export function datasetFolder(name: string, { root, entry = catalogEntry(name) }: FetchOptions = {}): string {
  const own = join(root ?? join(foveaHome(), "datasets"), name);
  return entry.folder ? join(own, entry.folder) : own;
}

/** Files that make a dataset complete. */
function present(name: string, options: FetchOptions): boolean {
  const { entry = catalogEntry(name) } = options;
  const folder = datasetFolder(name, options);
  if (entry.archive) return existsSync(folder);
  return entry.files.every(({ urls }) => {
    const file = join(folder, basename(urls[0]!));
    return existsSync(file) || existsSync(file.replace(/\.gz$/, ""));
  });
}

/**
 * Downloads a known dataset if it is missing, checks it against its published hash, unpacks it. Returns its folder.
 * An interrupted download keeps the transferred bytes, and the next call continues it.
 * @throws DataError if the name is unknown, nothing can be downloaded, a hash is wrong or an archive damaged
 */
export async function fetchDataset(name: string, options: FetchOptions = {}): Promise<string> {
  checkOptions<FetchOptions>("fetchDataset", options, FETCH_OPTIONS);
  const {
    entry = catalogEntry(name),
    onProgress = downloadProgress(),
    onLicence = (line) => console.error(line),
  } = options;
  const folder = datasetFolder(name, options);
  if (present(name, options)) return folder;
  onLicence(licenceLine(name));
  const own = entry.folder ? join(folder, "..") : folder;
  for (const { urls, md5 } of entry.files) {
    const path = join(own, basename(urls[0]!));
    if (!existsSync(path)) await download(urls, path, { md5, onProgress });
    if (!entry.archive) continue;
    await unpack(path, own);
    await rm(path);
  }
  if (!present(name, options))
    throw new DataError(`${own}: archive without ${entry.folder}; expected that folder in it`);
  return folder;
}
