// fovea's losses against PyTorch's: values and gradients, logits of ±1000 included. losses.py wrote the file.

import { beforeAll, describe, expect, it } from "vitest";
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  DistillationLoss,
  focalLoss,
  Module,
  sigmoidFocalLoss,
  tensor,
  tidy,
  type LossTarget,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import golden from "./losses.json" with { type: "json" };

interface Row {
  loss: string;
  options: Record<string, unknown>;
  x: number[][];
  target: number[] | number[][];
  y: number[];
  shape: number[];
  gradient: number[];
}

/** A teacher that knows its answer. */
class Constant extends Module {
  readonly rows: number[][];

  constructor(rows: number[][]) {
    super();
    this.rows = rows;
  }
  forward(): Tensor {
    return tensor(this.rows);
  }
}

const losses: Record<string, (x: Tensor, target: LossTarget, options: never) => Tensor> = {
  crossEntropy,
  binaryCrossEntropyWithLogits,
  sigmoidFocalLoss,
  focalLoss,
  distillation: (x: Tensor, target: LossTarget, { teacher, ...options }: { teacher: number[][] }) =>
    new DistillationLoss(new Constant(teacher), options).forward(x, target, x),
};

const rows = (golden.rows as Row[]).map((row, i) => {
  const { teacher: _, ...options } = row.options;
  return [row.loss, i, JSON.stringify(options), row] as const;
});

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("the loss and its gradient are PyTorch's:", () => {
    it.each(rows)("%s, row %i %s", (name, _i, _options, row) => {
      tidy(() => {
        const x = tensor(row.x, undefined, { requiresGrad: true });
        const indices = typeof row.target[0] === "number";
        const target = indices ? tensor(Int32Array.from(row.target as number[])) : tensor(row.target);
        const y = losses[name]!(x, target, row.options as never);
        expect(y.shape).toEqual(row.shape);
        allclose(name, y.data(), row.y, 3e-6);
        y.sum().backward();
        allclose(`gradient of ${name}`, x.grad!.data(), row.gradient, 3e-6);
        x.grad!.dispose();
      });
    });
  });
});
