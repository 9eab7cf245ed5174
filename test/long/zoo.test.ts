// Every registered model, compiled, gives what its forward() gives.

import { beforeAll, describe, it } from "vitest";
import { init, manualSeed } from "../../src/index.js";
import { moderate } from "../helpers/models.js";
import { expectEager } from "../helpers/compiled.js";

beforeAll(() => {
  init({ threads: 1 });
  manualSeed(1);
});

describe("compiled models give what their forward() gives", () => {
  it.each(moderate())("%s", (name) => expectEager(name), 120_000);
});
