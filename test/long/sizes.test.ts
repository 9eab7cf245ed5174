// What `fovea models` says of every model's size is what the model has. Written anew by: vitest run --mode long test/long/sizes.test.ts -u

import { expect, it } from "vitest";
import { modelInfo, modelNames } from "../../src/index.js";

it("sizes of all models", async () => {
  const rows = modelNames().map((name) => {
    const { parameters, macs } = modelInfo(name);
    return `  "${name}": [${parameters}, ${macs}]`;
  });
  await expect(`{\n${rows.join(",\n")}\n}\n`).toMatchFileSnapshot("../../src/cli/model-sizes.json");
}, 120_000);
