// The series of PaddleClas against PyTorch: names and shapes, logits in evaluation, for one or more of each series gradients.
// zoo.py wrote the files.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { createModel, modelInfo } from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { init } from "../../src/wasm/runtime.js";
import { entriesOf } from "../helpers/drawn.js";
import { ONE_OF_EACH } from "../helpers/models.js";
import { isLong } from "../helpers/ring.js";
import {
  calibrated,
  drawnFor,
  logitsError,
  trainingErrors,
  type GradientsGolden,
  type LogitsGolden,
} from "../helpers/golden-models.js";

interface Row extends Partial<LogitsGolden> {
  /** Of the names and shapes of all tensors. */
  digest: string;
  parameters: number;
  /** Absent where logits are. */
  exponents?: string;
  trained?: GradientsGolden & {
    /** Where PyTorch's own float32 is this far off: a normalisation over four images magnifies rounding. */
    rounding: Record<string, number>;
  };
}

const folder = new URL("zoo/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const read = (file: string) =>
  Object.entries(
    (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { rows: Record<string, Row> }).rows,
  );

/** Logits of one of each kind, unless it is large, in the ordinary ring; of all, and gradients, in the long one. */
const LARGE = "darknet53 cspdarknet53 xception41 paddle_xception41 inception_v3 res2net50_48w_2s dpn68".split(
  " ",
);
const counts = (name: string): boolean => isLong || (ONE_OF_EACH.includes(name) && !LARGE.includes(name));

beforeAll(() => void init());

describe.each(files)("%s", (file) => {
  const rows = read(file);

  it.each(rows)("%s has PyTorch's names, shapes and number of parameters", (name, { digest, parameters }) => {
    const entries = shapesOnly(() => entriesOf(createModel(name, { initialise: false })));
    const lines = entries.map((e) => `${e.name} [${e.shape.join(", ")}]`).sort();
    const own = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
    expect({ digest: own, parameters: modelInfo(name).parameters }).toEqual({ digest, parameters });
  });

  it.each(rows.filter(([name, { logits }]) => logits && counts(name)))(
    "%s has PyTorch's logits",
    (name, row) => {
      const { evaluated } = drawnFor(name, {});
      expect(logitsError(name, calibrated(evaluated, row.exponents!), row as LogitsGolden)).toBeLessThan(
        1e-4,
      );
    },
  );

  it.each(rows.filter(([, { trained }]) => isLong && trained))(
    "%s has PyTorch's loss and gradients",
    (name, { trained }) => {
      const errors = trainingErrors(name, drawnFor(name, {}), trained!, {});
      expect(errors.logits).toBeLessThan(1e-3);
      expect(errors.loss).toBeLessThan(1e-4);
      expect(errors.names).toEqual(Object.keys(trained!.gradients).sort());
      const most = (key: string): number => Math.max(1e-3, 4 * (trained!.rounding[key] ?? 0));
      expect(errors.gradients.filter(([error, key]) => !(error < most(key)))).toEqual([]);
    },
  );
});
