// Networks of the zoo in the eyes of others, one of each kind, all in the long ring: onnx's checker finds nothing, and onnxruntime
// gives fovea's logits. Needs a Python with onnx and onnxruntime: FOVEA_PYTHON=/path/to/python npx vitest run test/onnx/runtime.test.ts

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init, modelInfo, noGrad, permute, slice, tidy, type Module } from "../../src/index.js";
import { exportOnnx } from "../../src/onnx/index.js";
import { moderate, ONE_OF_EACH, SMALLEST } from "../helpers/models.js";
import { NETWORKS } from "./networks.js";
import { fillSanely, images } from "./random-weights.js";

const python = process.env["FOVEA_PYTHON"] ?? "";
const found = python !== "" && spawnSync(python, ["-c", "import onnx, onnxruntime, numpy"]).status === 0;
if (!found)
  console.warn(
    "test/onnx: FOVEA_PYTHON names no Python with onnx and onnxruntime: nothing is compared with them",
  );

interface Answer {
  failure?: string;
  error?: number;
  largest?: number;
  metadata?: Record<string, string>;
}

const ALL = process.env["FOVEA_RING"] === "long";

let child: ChildProcess;
let folder: string;
let answers: AsyncIterator<string>;
const report: string[] = [];

beforeAll(async () => {
  // Files are compared, not roundings: with drawn weights Winograd's are 1.3e-4 of CSPDarkNet-53's logits and 2.1e-4 of Inception V3's,
  // otherwise 3.4e-5 and 6.2e-5 (PyTorch's: 2.7e-5 and 4.4e-5). golden/zoo.test.ts compares with them.
  init({ threads: 1, winograd: false });
  if (!found) return;
  folder = mkdtempSync(join(tmpdir(), "fovea-onnx-"));
  child = spawn(python, [fileURLToPath(new URL("check.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  report.push((await answers.next()).value as string);
}, 60_000);

afterAll(() => {
  if (!found) return;
  child.stdin!.end();
  rmSync(folder, { recursive: true });
  if (process.env["FOVEA_ONNX_REPORT"]) writeFileSync(process.env["FOVEA_ONNX_REPORT"], report.join("\n"));
});

/** What onnxruntime makes of a network, for one image and for two. */
async function compare(
  name: string,
  model: Module,
  [h, w, c]: readonly [number, number, number],
): Promise<Answer> {
  const file = (what: string): string => join(folder, what);
  const x = images([2, h, w, c]);
  const many = images([8, h, w, c]);
  fillSanely(model, many);
  many.dispose();
  writeFileSync(file("model.onnx"), exportOnnx(model, { inputSize: [h, w, c] }));
  const bytes = (values: ArrayBufferView): Uint8Array =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const cases = [1, 2].map((batch) =>
    noGrad(() =>
      tidy(() => {
        const part = slice(x, [{ end: batch }, {}, {}, {}]);
        writeFileSync(file(`x${batch}`), bytes(permute(part, [0, 3, 1, 2]).data()));
        writeFileSync(file(`y${batch}`), bytes(Float32Array.from(model.forward(part).data())));
        return { x: file(`x${batch}`), y: file(`y${batch}`), shape: [batch, c, h, w] };
      }),
    ),
  );
  x.dispose();
  child.stdin!.write(`${JSON.stringify({ model: file("model.onnx"), cases })}\n`);
  const answer = JSON.parse((await answers.next()).value as string) as Answer;
  report.push(`${name} ${JSON.stringify(answer)}`);
  return answer;
}

/** Of images where a network takes any: small ones, so that the test is quick. */
function sizeOf(name: string): readonly [number, number, number] {
  const { inputSize } = modelInfo(name);
  const side = Math.max(64, SMALLEST[name] ?? 0);
  return inputSize[0] <= side ? inputSize : [side, side, inputSize[2]];
}

describe.skipIf(!found)("onnxruntime", () => {
  it.each(found ? (ALL ? moderate() : ONE_OF_EACH) : [])(
    "gives %s's logits",
    async (name) => {
      const model = createModel(name, { initialise: false });
      try {
        const { failure, error, largest } = await compare(name, model, sizeOf(name));
        expect(failure).toBeUndefined();
        expect(largest).toBeGreaterThan(0.1);
        expect(largest).toBeLessThan(1e4);
        expect(error).toBeLessThan(1e-4);
      } finally {
        model.dispose();
      }
    },
    300_000,
  );

  it.each(Object.entries(NETWORKS))("gives what %s gives", async (name, { make, inputSize = [6, 5, 4] }) => {
    const model = make();
    try {
      const { failure, error } = await compare(name, model, inputSize);
      expect(failure).toBeUndefined();
      expect(error).toBeLessThan(1e-5);
    } finally {
      model.dispose();
    }
  });
});
