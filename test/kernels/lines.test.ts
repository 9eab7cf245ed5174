// Where Winograd's drivers have vectors in their scratch memory: at whole lines of the cache, as the memory itself begins. A vector
// that lies across two lines costs two loads; with the transforms' own at odd places a step of ResNet-20 took 1.10 times as long
// (Xeon with AVX-512, Node 24.21, 2026-11-30).

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../../kernels/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
const files = [
  "shapes.ts",
  "tile/tile.ts",
  ...readdirSync(new URL("winograd/", folder))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `winograd/${name}`),
].map((path) => ({ path, source: read(path) }));

/** Bytes of a class of 32-bit fields. */
function bytesOf(name: string): number {
  const all = [...files.map(({ source }) => source), read("arguments.ts")].join("\n");
  const body = new RegExp(`class ${name} \\{([^}]*)\\n\\}`).exec(all)?.[1];
  if (!body) throw new Error(`no class ${name}`);
  return 4 * [...body.matchAll(/^\s+\w+: (i32|f32|usize) = /gm)].length;
}

/** The value of a constant that a file declares or imports. */
function valueOf(name: string, path: string): number {
  const pattern = new RegExp(`const ${name}: (?:usize|i32) = ([^;]+);`);
  const home = [...files].sort((a, b) => Number(b.path === path) - Number(a.path === path));
  const file = home.find(({ source }) => pattern.test(source));
  if (!file) throw new Error(`no constant ${name}`);
  const text = pattern
    .exec(file.source)![1]!
    .replace(/offsetof<(\w+)>\(\)/g, (_, type: string) => String(bytesOf(type)))
    .replace(/\b[A-Z_]{3,}\b/g, (other) => String(valueOf(other, file.path)));
  if (!/^[\d\s()+*&~-]+$/.test(text)) throw new Error(`${name} is ${text}`);
  return new Function(`return ${text}`)() as number;
}

describe("Winograd's scratch memory", () => {
  it.each([
    ["winograd/block.ts", "TRANSFORM_AT"],
    ["winograd/block.ts", "LEAD"],
    ["winograd/gradient.ts", "TRANSFORM_AT"],
    ["winograd/gradient.ts", "LEAD"],
    ["winograd/weights.ts", "TAPS_AT"],
    ["winograd/tile-products.ts", "SUM_SCRATCH"],
  ])("of %s has %s at a whole line", (path, name) => {
    const bytes = valueOf(name, path);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes % 64, `${name} is ${bytes}`).toBe(0);
  });

  it("lies beside structs that are no whole lines", () => {
    expect(bytesOf("Grid") % 64).not.toBe(0);
    expect(bytesOf("Strip")).toBe(48);
  });
});
