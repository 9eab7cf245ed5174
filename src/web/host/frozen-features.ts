// Where the head alone is trained and pictures do not change, what the rest makes of them is computed once.

import { noGrad } from "../../core/grad-mode.js";
import { tidy } from "../../core/scope.js";
import type { Tensor } from "../../core/tensor.js";
import {
  DataLoader,
  type AnyImage,
  type Dataset,
  type LoaderOptions,
  type RawImage,
  type Transform,
} from "../../data/index.js";
import type { Classifier } from "../../models/index.js";
import { Identity, Linear, Module } from "../../nn/index.js";
import { inEvaluation } from "../../nn/evaluation.js";
import { flatten } from "../../ops/index.js";
import { breathe } from "../../train/breath.js";
import { Inference } from "../../train/inference.js";
import type { Call } from "../rpc.js";
import type { FitProgress } from "../trainer-types.js";

/** A network's last layer, for its features. Shares it with the network. */
export class HeadAlone extends Module {
  readonly head: Module & { forward(x: Tensor): Tensor };

  constructor(head: Linear) {
    super();
    this.head = head;
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(flatten(x));
  }
}

/** Floats of a dataset are bytes to it; this makes them floats again. */
const asFloats: Transform = {
  apply({ data, height }: AnyImage): AnyImage {
    const floats = new Float32Array(data.slice().buffer);
    return { data: floats, height, width: 1, channels: floats.length };
  },
};

/** What the network makes of x without its last layer. */
function before(model: Classifier, inference: Inference, x: Tensor): Tensor {
  const head = model.setSubmodule(model.head, new Identity());
  try {
    return inference.run(x);
  } finally {
    model.setSubmodule(model.head, head);
  }
}

/** Whether the last layer ends the network: applied to the features it gives the network's own numbers. */
function endsWithHead(model: Classifier, inference: Inference, head: Linear, x: Tensor): boolean {
  return tidy(() => {
    const features = before(model, inference, x);
    if (features.shape.length !== 2 || features.shape[1] !== head.weight.shape[1]) return false;
    const mine = noGrad(() => head.forward(features)).data();
    const own = Array.from(noGrad(() => inEvaluation(model, () => model.forward(x))).data());
    const most = own.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-6);
    return own.every((v, i) => Math.abs(v - mine[i]!) < 1e-3 * most);
  });
}

/** A dataset's features as a dataset, and the network that learns from them. */
export interface FrozenFeatures {
  readonly network: HeadAlone;
  readonly dataset: Dataset;
  readonly transforms: Pick<LoaderOptions, "transform">;
}

/** @returns undefined where the network has no such head. @throws what the loader throws; what the signal says */
export async function frozenFeatures(
  model: Classifier,
  {
    dataset,
    transforms,
  }: { dataset: Dataset; transforms: Pick<LoaderOptions, "transform" | "normalization" | "workers"> },
  call: Call,
): Promise<FrozenFeatures | undefined> {
  const head = model.getSubmodule(model.head);
  if (!(head instanceof Linear)) return undefined;
  const inference = new Inference(model);
  const rows: RawImage[] = [];
  const loader = new DataLoader(dataset, { batchSize: Math.min(16, dataset.length), ...transforms });
  try {
    for await (const batch of loader.epoch()) {
      if (rows.length === 0 && !endsWithHead(model, inference, head, batch.images)) return undefined;
      tidy(() => {
        const features = before(model, inference, batch.images);
        const bytes = new Uint8Array(Float32Array.from(features.data()).buffer);
        const size = bytes.length / batch.indices.length;
        for (let i = 0; i < batch.indices.length; i++) {
          rows.push({ data: bytes.slice(i * size, (i + 1) * size), height: 1, width: 1, channels: size });
        }
      });
      call.signal.throwIfAborted();
      call.emit({ kind: "features", done: rows.length, total: dataset.length } satisfies FitProgress);
      await breathe();
    }
  } finally {
    inference.dispose();
    loader.close();
  }
  const { name, length, classes, labels } = dataset;
  return {
    dataset: { name, length, classes, labels, image: (i) => rows[i]! },
    network: new HeadAlone(head),
    transforms: { transform: asFloats },
  };
}
