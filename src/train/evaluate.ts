// Evaluation on a labelled dataset.

import { noGrad } from "../core/autograd.js";
import { tidy } from "../core/scope.js";
import { disposeBatch, type DataLoader } from "../data/index.js";
import type { Module } from "../nn/index.js";
import { crossEntropy } from "../ops/index.js";
import { topK } from "./metrics.js";

export interface Evaluation {
  /** Mean cross-entropy. */
  loss: number;
  /** Share of images whose label is the model's first guess. */
  top1: number;
  /** Share of images whose label is among the model's first five guesses. */
  top5: number;
  images: number;
  /** Images left out because of errors: the loader's stats say which. */
  skipped: number;
  seconds: number;
}

/** Runs the model in evaluation mode over every image of the loader; leaves it in the mode it was in. */
export async function evaluate(model: Module, loader: DataLoader): Promise<Evaluation> {
  const training = model.training;
  model.eval();
  const begin = performance.now();
  let images = 0;
  let loss = 0;
  let hits1 = 0;
  let hits5 = 0;
  const { skipped } = loader.stats;
  try {
    for await (const batch of loader.epoch()) {
      noGrad(() =>
        tidy(() => {
          const logits = model.call(batch.images);
          loss += crossEntropy(logits, batch.labels, { reduction: "sum" }).item();
          const [one, five] = topK(logits, batch.labels, [1, 5]) as [number, number];
          hits1 += one;
          hits5 += five;
          images += batch.indices.length;
        }),
      );
      disposeBatch(batch);
    }
  } finally {
    model.train(training);
  }
  const seconds = (performance.now() - begin) / 1000;
  return {
    loss: loss / images,
    top1: hits1 / images,
    top5: hits5 / images,
    images,
    skipped: loader.stats.skipped - skipped,
    seconds,
  };
}
