// One model of each family against PyTorch: logits in evaluation; in training the loss and every parameter's gradient.
// models.py wrote the files and draws weights and images by the same formulas.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  add,
  createModel,
  crossEntropy,
  mul,
  noGrad,
  outputsOf,
  permute,
  tensor,
  tidy,
  type StateDict,
} from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { init } from "../../src/wasm/runtime.js";
import { forEachBinary } from "../helpers/binaries.js";
import { drawInto, drawnTensors, dropoutOff, entriesOf, seedOf } from "../helpers/drawn.js";
import logitsGolden from "./models.json" with { type: "json" };
import golden from "./model-gradients.json" with { type: "json" };

interface Golden {
  size: number;
  /** Seed of the images. */
  images: number;
  logits: number[];
  loss: number;
  /** Its norm, and of its products with drawn numbers the sums of every fourth. */
  gradients: Record<string, number[]>;
}

/** Largest difference, in parts of the largest wanted. */
function relativeError(got: ArrayLike<number>, want: readonly number[]): number {
  return Math.max(...want.map((v, i) => Math.abs(v - got[i]!))) / Math.max(...want.map(Math.abs));
}

/**
 * How far a gradient is from the wanted one. Drawn numbers r have mean square ⅓, so 3·(Σ e·r)² estimates Σ e²: four such
 * sums that share no element add up to an estimate for the whole.
 */
function gradientDistance(g: Float32Array, drawn: Float32Array, sums: readonly number[]): number {
  const own = [0, 0, 0, 0];
  for (let i = 0; i < g.length; i++) own[i % 4]! += g[i]! * drawn[i]!;
  return Math.sqrt(3 * own.reduce((sum, v, j) => sum + (v - sums[j]!) ** 2, 0));
}

describe.each(Object.entries(golden.rows as Record<string, Golden>))("%s", (title, want) => {
  const [name, small] = title.split(", ") as [string, string?];
  const forEvaluation = { numClasses: 7, initialise: false };
  const forTraining = { numClasses: 10, smallImages: small !== undefined, initialise: false };
  /** Drawn once for all that follows. */
  let evaluated: StateDict;
  let trained: StateDict;
  let products: Map<string, Float32Array>;

  beforeAll(() => {
    init();
    const entries = (options: object) => shapesOnly(() => entriesOf(createModel(name, options)));
    evaluated = drawnTensors(entries(forEvaluation));
    trained = drawnTensors(entries(forTraining), true);
    products = new Map(
      [...trained].map(([key, { data }]) => [key, drawInto(seedOf(key) + 1, new Float32Array(data.length))]),
    );
  });

  afterAll(() => {
    evaluated = trained = products = new Map();
  });

  forEachBinary((binary) =>
    describe.each([false, true])("with Winograd %s", (winograd) => {
      beforeAll(() => void init({ binary, winograd }));

      // The golden is float64's, as PyTorch computes it. MobileNet V2 with these weights magnifies rounding most: over 32 pairs
      // of images PyTorch's own float32 is off by 6.6e-6 on average and 1.6e-5 at most, the plain kernels by 6.4e-6 and 1.3e-5, the
      // relaxed ones by 6.1e-6 and 1.9e-5.
      it("has PyTorch's logits in evaluation", () => {
        const { size, logits } = logitsGolden.rows[name as keyof typeof logitsGolden.rows];
        const model = createModel(name, forEvaluation).eval();
        model.loadStateDict(evaluated);
        const x = tensor(drawInto(8, new Float32Array(2 * size * size * 3)), [2, size, size, 3]);
        const error = relativeError(
          noGrad(() => tidy(() => model.forward(x).data())),
          logits,
        );
        expect(error).toBeLessThan(winograd ? 1e-4 : 1e-5);
        model.dispose();
        x.dispose();
      });

      // The images are such that no maximum and no ReLU is within rounding of going the other way: decided() of models.py.
      it("has PyTorch's loss and gradients in training", () => {
        const model = createModel(name, forTraining);
        model.loadStateDict(trained);
        dropoutOff(model);
        const { size } = want;
        tidy(() => {
          const x = tensor(drawInto(want.images, new Float32Array(4 * size * size * 3)), [4, size, size, 3]);
          const labels = tensor(Int32Array.of(0, 1, 2, 3));
          const outputs = outputsOf(model.forward(x));
          expect(relativeError(outputs[0]!.logits.data(), want.logits)).toBeLessThan(1e-3);
          const loss = outputs
            .map(({ weight, logits }) => mul(crossEntropy(logits, labels), weight))
            .reduce((a, b) => add(a, b));
          expect(Math.abs(loss.item() / want.loss - 1)).toBeLessThan(1e-4);
          loss.backward();
        });
        expect(model.namedParameters().map(([key]) => key).sort()).toEqual(Object.keys(want.gradients).sort()); // prettier-ignore
        // What a normalisation behind takes out again (a bias) has a gradient of 0, or of the little that is left of large
        // terms: below 1e-4 of the whole gradient it is compared in parts of that.
        const whole = Math.hypot(...Object.values(want.gradients).map(([norm]) => norm!));
        const errors = model.namedParameters().map(([key, p]): [number, string] => {
          const g = tidy(() => (p.fileAxes ? noGrad(() => permute(p.grad!, p.fileAxes!)) : p.grad!).data());
          const [norm, ...sums] = want.gradients[key]! as [number, ...number[]];
          return [
            gradientDistance(g as Float32Array, products.get(key)!, sums) / Math.max(norm, 1e-4 * whole),
            key,
          ];
        });
        const worst = errors.sort((a, b) => b[0] - a[0]);
        expect(worst.filter(([error]) => !(error < 1e-3))).toEqual([]);
        model.dispose();
      });
    }),
  );
});
