// Published weights among a user's files.

import { publishedByFile, publishedWeights, type PublishedWeights } from "../data/index.js";
import { hashFile } from "./download.js";
import { statOf } from "./files.js";

/** torchvision states sizes to a thousandth of a MiB. */
const PRECISION = 0.001;

/**
 * The published weights in a file: by its name or, failing that, by its hash, which is computed if a published file has this
 * size.
 */
export async function publishedOf(path: string): Promise<PublishedWeights | undefined> {
  const named = publishedByFile(path);
  if (named) return named;
  const size = (statOf(path)?.size ?? 0) / 2 ** 20;
  const alike = publishedWeights.filter(({ fileSize }) => Math.abs(fileSize - size) < PRECISION);
  if (alike.length === 0) return undefined;
  const hash = await hashFile(path, "sha256");
  return alike.find(({ sha256 }) => hash.startsWith(sha256));
}
