// The README's first blocks, run as a newcomer would: copied into a file, with the path of data that is there.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { idx, png } from "./helpers/pictures.js";
import { runSource } from "./helpers/run-source.js";

const folder = mkdtempSync(join(tmpdir(), "fovea-readme-"));
const blocks = [
  ...readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8").matchAll(
    /^```ts\n([^]*?)^```$/gm,
  ),
].map(([, text]) => text!);

beforeAll(() => {
  for (const [part, count] of [
    ["train", 128],
    ["t10k", 20],
  ] as const) {
    writeFileSync(
      join(folder, `${part}-images-idx3-ubyte`),
      idx([count, 28, 28], new Uint8Array(count * 784)),
    );
    const labels = Array.from({ length: count }, (_, i) => i % 10);
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idx([count], labels));
  }
  for (const [name, colour] of [
    ["red", [200, 0, 0]],
    ["blue", [0, 0, 200]],
  ] as const) {
    mkdirSync(join(folder, "photos/train", name), { recursive: true });
    for (let i = 0; i < 4; i++) {
      writeFileSync(join(folder, "photos/train", name, `${i}.png`), png(40, 30, colour));
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it("the first block trains, evaluates, saves and guesses", async () => {
  const source = blocks[0]!.replace("path/to/mnist", folder.replaceAll("\\", "/"));
  expect(source).not.toBe(blocks[0]);
  const said = await runSource(folder, `${source}\nconsole.log("guess", guess);`);
  expect(said).toMatch(/top1: [\d.]+/);
  expect(said).toMatch(/^guess \d$/m);
  expect(readFileSync(join(folder, "lenet5.safetensors")).length).toBeGreaterThan(100_000);
});

it("the second block reads photos, and its loop frees the batches", async () => {
  const shown = blocks[1]!
    .replace("from: 120", "from: 0")
    .replace("import { ", "import { leakReport, ")
    .replace(/(for await .*\{\n)[^]*?(^\})/m, "$1batches++; shape = images.shape;\n$2");
  const source = `let batches = 0; let shape: readonly number[] = [];\n${shown}\nconsole.log(batches, shape.join("x"), Object.keys(leakReport().live).length); process.exit(0);`;
  expect(await runSource(folder, source)).toBe("1 8x224x224x3 0\n");
});
