// Features of images, and pairs of them in nearly the same direction.

import { checkOptions, checkFields, wrongKind } from "../errors/options.js";
import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import { checkTensors, tensor, type Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { inEvaluation } from "../nn/evaluation.js";
import { linear, mean } from "../ops/index.js";
import { hasTwoParts, type TwoPartModule } from "./grad-cam.js";

/** images:[n,h,w,c] → the mean over places of the model's last maps, [n,features] row after row, in evaluation mode. */
export function pooledFeatures(model: TwoPartModule, images: Tensor): FeatureRows {
  if (!hasTwoParts(model))
    throw wrongKind("pooledFeatures", "model", model, "a network with forwardFeatures()");
  checkTensors("pooledFeatures", { images });
  return inEvaluation(model, () =>
    noGrad(() =>
      tidy(() => {
        const pooled = mean(model.forwardFeatures(images), [1, 2]);
        return { data: pooled.data(), features: pooled.shape[1]! };
      }),
    ),
  );
}

/** Rows of numbers, one for each image. */
export interface FeatureRows {
  /** [images, features], row after row. */
  readonly data: Float32Array;
  /** Numbers in a row. */
  readonly features: number;
}

const countOf = ({ data, features }: FeatureRows): number => data.length / features;

/** Rows scaled so that their products are cosines; a row of zeros stays zero, and resembles nothing. @throws DataError for a number that is not finite */
function directions({ data, features }: FeatureRows): FeatureRows {
  const unit = new Float32Array(data.length);
  for (let begin = 0; begin < data.length; begin += features) {
    let squares = 0;
    for (let j = begin; j < begin + features; j++) squares += data[j]! ** 2;
    if (!Number.isFinite(squares)) {
      throw new DataError(
        `features: row ${begin / features} is not finite; expected numbers (weights that have diverged in training?)`,
      );
    }
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let j = begin; j < begin + features; j++) unit[j] = data[j]! * scale;
  }
  return { data: unit, features };
}

/** Rows per product, which takes 4 · QUERIES · ROWS bytes of memory. */
const QUERIES = 512;
const ROWS = 2048;

/** Calls `see` with the cosines between each query and a run of rows that begins at `first`. */
function eachCosine(
  queries: FeatureRows,
  rows: FeatureRows,
  see: (query: number, first: number, cosines: Float32Array) => void,
  from: (query: number) => number = () => 0,
): void {
  const { features } = rows;
  const part = ({ data }: FeatureRows, begin: number, end: number): Tensor =>
    tensor(data.subarray(begin * features, end * features), [end - begin, features]);
  for (let q = 0; q < countOf(queries); q += QUERIES) {
    const last = Math.min(q + QUERIES, countOf(queries));
    for (let first = from(q); first < countOf(rows); first += ROWS) {
      const end = Math.min(first + ROWS, countOf(rows));
      const cosines = noGrad(() => tidy(() => linear(part(queries, q, last), part(rows, first, end)).data()));
      const n = end - first;
      for (let i = q; i < last; i++) see(i, first, cosines.subarray((i - q) * n, (i - q + 1) * n));
    }
  }
}

/** A row similar to another one. */
export interface Neighbour {
  /** Index of the row. */
  index: number;
  /** Cosine, from −1 to 1. */
  similarity: number;
}

const clamp = (cosine: number): number => Math.min(1, Math.max(-1, cosine));

/**
 * For each query, the k rows with the largest cosine, the most similar first; among equal ones the first; `skip` leaves rows out.
 * @throws DataError unless rows and queries have the same number of features, all finite
 */
export function nearest(
  queries: FeatureRows,
  rows: FeatureRows,
  k: number,
  options: { least?: number; skip?: (query: number, row: number) => boolean } = {},
): Neighbour[][] {
  for (const [name, value] of Object.entries({ queries, rows }))
    checkFields("nearest", name, value, { data: "numbers", features: "number" });
  if (!Number.isInteger(k) || k < 1) throw wrongKind("nearest", "k", k, "an integer ≥ 1");
  checkOptions<typeof options>("nearest", options, { least: true, skip: true });
  const { least = -1, skip = () => false } = options;
  if (queries.features !== rows.features) {
    throw new DataError(
      `nearest: queries have ${queries.features} features, rows ${rows.features}; expected those of one model`,
    );
  }
  const found = Array.from({ length: countOf(queries) }, (): Neighbour[] => []);
  eachCosine(directions(queries), directions(rows), (query, first, cosines) => {
    const best = found[query]!;
    for (let j = 0; j < cosines.length; j++) {
      const similarity = clamp(cosines[j]!);
      if (similarity < least || (best.length === k && similarity <= best.at(-1)!.similarity)) continue;
      if (skip(query, first + j)) continue;
      let at = best.length;
      while (at > 0 && best[at - 1]!.similarity < similarity) at--;
      best.splice(at, 0, { index: first + j, similarity });
      best.length = Math.min(best.length, k);
    }
  });
  return found;
}

/** Two similar rows. */
export interface SimilarPair {
  /** Index of the earlier row. */
  first: number;
  /** Index of the later row. */
  second: number;
  /** Cosine of the angle between the rows, at most 1. */
  similarity: number;
}

const order = (a: SimilarPair, b: SimilarPair): number =>
  b.similarity - a.similarity || a.first - b.first || a.second - b.second;

/**
 * Pairs of rows with a cosine of at least `least`: the `most` most similar of them, the most similar first, and the total number.
 * @throws DataError for features that are not finite
 */
export function similarPairs(
  rows: FeatureRows,
  options: { least?: number; most?: number } = {},
): {
  /** The most similar pairs, most similar first. */
  pairs: SimilarPair[];
  /** Total number of pairs. */
  total: number;
} {
  checkFields("similarPairs", "rows", rows, { data: "numbers", features: "number" });
  checkOptions<typeof options>("similarPairs", options, { least: true, most: true });
  const { least = 0.95, most = 1000 } = options;
  const unit = directions(rows);
  let pairs: SimilarPair[] = [];
  let total = 0;
  let bar = least;
  const prune = (): void => {
    pairs = pairs.sort(order).slice(0, most);
    if (pairs.length === most) bar = Math.max(least, pairs.at(-1)!.similarity);
  };
  eachCosine(
    unit,
    unit,
    (first, begin, cosines) => {
      for (let j = Math.max(0, first + 1 - begin); j < cosines.length; j++) {
        const similarity = clamp(cosines[j]!);
        if (similarity < least) continue;
        total++;
        if (similarity < bar) continue;
        pairs.push({ first, second: begin + j, similarity });
        if (pairs.length >= 2 * most + 1000) prune();
      }
    },
    (query) => query,
  );
  prune();
  return { pairs, total };
}
