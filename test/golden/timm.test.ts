// Weights under timm's own names give timm's logits, and what timm says of its published weights prepares images as timm does.
// timm_models.py and timm_preparations.py wrote the files; weights and images are drawn alike.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createModel, DataError, noGrad, tensor, tidy, type StateDict } from "../../src/index.js";
import {
  atTestSize,
  loadModel,
  loadWeights,
  preprocessingOf,
  readConfig,
  saveConfig,
  saveWeights,
} from "../../src/node.js";
import { resizeOf } from "../../src/data/preprocessing.js";
import { init } from "../../src/wasm/runtime.js";
import { drawInto, drawnTensors } from "../helpers/drawn.js";
import { isLong } from "../helpers/ring.js";
import preparations from "./timm-preparations.json" with { type: "json" };
import golden from "./timm.json" with { type: "json" };

interface Golden {
  model: string;
  size: number;
  logits: number[];
  tensors: string[];
}

const rows = Object.entries(golden.rows as Record<string, Golden>);

function stateOf({ tensors }: Golden): StateDict {
  const entries = tensors.map((line) => {
    const [name, shape] = line.split(" ") as [string, string];
    return { name, shape: shape.split("x").map(Number) };
  });
  return drawnTensors(entries);
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fovea-timm-"));
  try {
    await test(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each(isLong ? rows : rows.slice(0, 1))("%s", (name, row) => {
  it("loads under timm's names, with timm's logits", () =>
    inFolder(async (folder) => {
      init({ winograd: false });
      const path = join(folder, "model.safetensors");
      await saveWeights(path, stateOf(row));
      const model = createModel(row.model, { numClasses: 7, initialise: false }).eval();
      expect((await loadWeights(model, path)).unexpected).toEqual([]);
      const x = tensor(drawInto(8, new Float32Array(2 * row.size ** 2 * 3)), [2, row.size, row.size, 3]);
      const logits = noGrad(() => tidy(() => model.forward(x).data()));
      const largest = Math.max(...row.logits.map(Math.abs));
      row.logits.forEach((want, i) => expect(Math.abs(logits[i]! - want) / largest).toBeLessThan(1e-5));
      model.dispose();
      x.dispose();
    }));

  it("is told from files that lack a tensor or have one too many", () =>
    inFolder(async (folder) => {
      const model = createModel(row.model, { numClasses: 7, initialise: false });
      const state = stateOf(row);
      const path = join(folder, "model.safetensors");
      const [first, tensor] = [...state][0]!;
      await saveWeights(path, new Map([...state].slice(1)));
      await expect(loadWeights(model, path)).rejects.toThrow(DataError);
      await saveWeights(path, new Map([...state, [`${first}.copy`, tensor]]));
      await expect(loadWeights(model, path)).rejects.toThrow(/unexpected/);
      model.dispose();
    }));

  it("opens as a folder of timm's", () =>
    inFolder(async (folder) => {
      await saveWeights(join(folder, "model.safetensors"), stateOf(row));
      const own = createModel(row.model, { numClasses: 7, initialise: false });
      await saveConfig(folder, own, { architecture: row.model });
      own.dispose();
      const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
      await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, architecture: name }));
      const opened = await loadModel(folder);
      expect(opened.config.architecture).toBe(row.model);
      opened.model.dispose();
    }));
});

describe("how images are prepared for published weights", () => {
  it.each(preparations.rows)("$name", ({ name, cfg, ...wanted }) =>
    inFolder(async (folder) => {
      const path = join(folder, "config.json");
      const [architecture] = name.split(".");
      await writeFile(path, JSON.stringify({ architecture, num_classes: 1000, pretrained_cfg: cfg }));
      const plain = preprocessingOf((await readConfig(path)).config);
      expect(plain.cropMode ?? "center").toBe(cfg.crop_mode);
      for (const [prepared, want] of [
        [plain, wanted.plain],
        [atTestSize(plain), wanted.test],
      ] as const) {
        // prettier-ignore
        expect({ ...prepared, resize: resizeOf(prepared) }).toMatchObject(want);
      }
    }),
  );
});
