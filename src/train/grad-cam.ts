// Where a network looks: Grad-CAM. R. R. Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via
// Gradient-based Localization (2016, https://arxiv.org/abs/1610.02391), §3.

import { noGrad } from "../core/grad-mode.js";
import { keep, tidy } from "../core/scope.js";
import { checkTensors, zeros, type Tensor } from "../core/tensor.js";
import type { FloatImage } from "../data/index.js";
import { DataError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { inEvaluation } from "../nn/evaluation.js";
import { Module } from "../nn/index.js";
import "../tensor-methods.js";

/** A network in two parts, as every model of the registry is: maps, and logits from maps. */
export interface TwoPartModule extends Module {
  /** x:[n,h,w,c] → [n,h′,w′,features]. */
  forwardFeatures(x: Tensor): Tensor;
  /** [n,h′,w′,features] → logits [n,classes]. */
  forwardHead(features: Tensor): Tensor;
}

/** Whether gradCam() supports the model. */
export function hasTwoParts(model: Module): model is TwoPartModule {
  return model instanceof Module && "forwardFeatures" in model && "forwardHead" in model;
}

/** What gradCam() returns. */
export interface GradCam {
  /** The class of each map. */
  classes: Int32Array;
  /**
   * A map for each image, of the size of the network's last maps: the evidence of each place for the class, relative to the
   * strongest place; all 0 if there is no evidence. One channel.
   */
  maps: FloatImage[];
}

/**
 * map = relu(Σₖ αₖ·Aₖ) with Aₖ the k-th of the model's last feature maps and αₖ the mean over places of the gradient of the
 * class's logit with respect to Aₖ; scaled to [0, 1]. images:[n,h,w,c] as the model takes them; classes: one for each image, by
 * default the model's first guess. Runs in evaluation mode; leaves the model and its gradients unchanged.
 * @throws DataError unless there is a class for each image, and the model has these classes
 */
export function gradCam(model: TwoPartModule, images: Tensor, classes?: ArrayLike<number>): GradCam {
  if (!hasTwoParts(model)) {
    throw wrongKind("gradCam", "model", model, "a network with forwardFeatures() and forwardHead()");
  }
  checkTensors("gradCam", { images });
  const n = images.shape[0]!;
  if (classes && classes.length !== n) {
    throw new DataError(
      `gradCam: ${classes.length} classes for images:[${images.shape.join(",")}]; expected ${n}`,
    );
  }
  const trainable = model.parameters().filter((p) => p.requiresGrad);
  for (const p of trainable) p.requiresGrad = false;
  let features: Tensor | undefined;
  try {
    return inEvaluation(model, () => {
      const seen = (features = keep(noGrad(() => tidy(() => model.forwardFeatures(images)))));
      seen.requiresGrad = true;
      const chosen = tidy(() => speakFor(model.forwardHead(seen), classes));
      return { classes: chosen, maps: mapsOf(seen, seen.grad!) };
    });
  } finally {
    features?.dispose();
    for (const p of trainable) p.requiresGrad = true;
  }
}

/** Differentiates the logit of each row's class; rows do not depend on each other. Returns the classes. */
function speakFor(logits: Tensor, requested: ArrayLike<number> | undefined): Int32Array {
  const [n, count] = logits.shape as [number, number];
  const classes = Int32Array.from(requested ?? noGrad(() => logits.argmax(1).data()));
  const bad = classes.find((c) => c < 0 || c >= count);
  if (bad !== undefined) throw new DataError(`gradCam: no class ${bad}; expected 0…${count - 1}`);
  const pick = zeros([n, count]);
  classes.forEach((c, row) => (pick.view()[row * count + c] = 1));
  logits.mul(pick).sum().backward();
  return classes;
}

function mapsOf(features: Tensor, gradient: Tensor): FloatImage[] {
  const [n, height, width, channels] = features.shape as [number, number, number, number];
  const [a, g] = [features.data(), gradient.data()];
  const places = height * width;
  return Array.from({ length: n }, (_, i) => {
    const at = i * places * channels;
    const alpha = new Float64Array(channels);
    for (let p = 0; p < places * channels; p++) alpha[p % channels]! += g[at + p]! / places;
    const data = new Float32Array(places);
    for (let p = 0; p < places; p++) {
      let sum = 0;
      for (let k = 0; k < channels; k++) sum += alpha[k]! * a[at + p * channels + k]!;
      data[p] = Math.max(0, sum);
    }
    const most = data.reduce((x, y) => Math.max(x, y), 0);
    if (most > 0) for (let p = 0; p < places; p++) data[p]! /= most;
    return { data, height, width, channels: 1 };
  });
}
