// One model of each classic family against PyTorch: logits in evaluation; in training the loss and every parameter's gradient.
// models.py wrote the files and draws weights and images by the same formulas.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../src/wasm/runtime.js";
import { forOwnBinary } from "../helpers/binaries.js";
import {
  drawnFor,
  logitsError,
  trainingErrors,
  type Drawn,
  type GradientsGolden,
} from "../helpers/golden-models.js";
import logitsGolden from "./models.json" with { type: "json" };
import golden from "./model-gradients.json" with { type: "json" };
import { isLong } from "../helpers/ring.js";

describe.each(Object.entries(golden.rows as Record<string, GradientsGolden>))("%s", (title, want) => {
  const [name, small] = title.split(", ") as [string, string?];
  const forTraining = { smallImages: small !== undefined };
  /** Drawn once for all that follows. */
  let drawn: Drawn | undefined;

  beforeAll(() => {
    init();
    drawn = drawnFor(name, forTraining);
  });

  afterAll(() => {
    drawn = undefined;
  });

  forOwnBinary((binary) =>
    describe.each(isLong ? [false, true] : [true])("with Winograd %s", (winograd) => {
      beforeAll(() => void init({ binary, winograd }));

      // The golden is float64's, as PyTorch computes it. MobileNet V2 with these weights magnifies rounding most: over 32 pairs
      // of images PyTorch's own float32 is off by 6.6e-6 on average and 1.6e-5 at most, the plain kernels by 6.4e-6 and 1.3e-5, the
      // relaxed ones by 6.1e-6 and 1.9e-5.
      it("has PyTorch's logits in evaluation", () => {
        const row = logitsGolden.rows[name as keyof typeof logitsGolden.rows];
        expect(logitsError(name, drawn!.evaluated, row)).toBeLessThan(winograd ? 1e-4 : 1e-5);
      });

      // The images are such that no maximum and no ReLU is within rounding of going the other way: decided() of models.py.
      it("has PyTorch's loss and gradients in training", () => {
        const errors = trainingErrors(name, drawn!, want, forTraining);
        expect(errors.logits).toBeLessThan(1e-3);
        expect(errors.loss).toBeLessThan(1e-4);
        expect(errors.names).toEqual(Object.keys(want.gradients).sort());
        expect(errors.gradients.filter(([error]) => !(error < 1e-3))).toEqual([]);
      });
    }),
  );
});
