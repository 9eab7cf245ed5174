// Features in files: what is written comes back, and what is damaged is told.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { readFeatures, writeFeatures } from "../../src/node/feature-files.js";

const root = mkdtempSync(join(tmpdir(), "fovea-features-"));
afterAll(() => rmSync(root, { recursive: true }));
const at = (name: string): string => join(root, name);

const files = ["a.jpg", 'b, "c".jpg', "日本\n.png", "=1.jpg"];
const data = Float32Array.of(0.1, -1e-30, 3.4e38, 16777217, 1 / 3, 0, -0.5, 1e10);
const found = { files, data, features: 2 };

describe("feature files", () => {
  it.each(["x.npy", "x.csv", "x.safetensors"])("%s comes back to the last bit", async (name) => {
    await writeFeatures(at(name), found);
    expect(readFeatures(at(name))).toEqual(found);
  });

  it("are NumPy's format, aligned to 64 bytes", async () => {
    await writeFeatures(at("y.npy"), found);
    const bytes = readFileSync(at("y.npy"));
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
    const end = 10 + bytes.readUInt16LE(8);
    expect([end % 64, bytes.length - end, bytes[end - 1]]).toEqual([0, 32, 10]);
    expect(bytes.subarray(10, end).toString().trim()).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }",
    );
  });

  it.each<[string, string, string]>([
    ["none.npy", "", "none.npy: cannot be read"],
    ["bad.npy", "no array", "no array of features; expected '<f4', C order, [pictures, features]"],
    ["bad.csv", "file,label\na,b\n", "no table of features; expected file,f0,f1,…"],
    ["text.csv", "file,f0\na,x\n", "row 1 does not hold 1 numbers"],
    ["hole.csv", "file,f0,f1\na,1,\n", "row 1 does not hold 2 numbers"],
    ["empty.csv", "file,f0\n", "no features; expected a row for each picture"],
    ["bad.safetensors", "", "not a safetensors file"],
  ])("%s is refused", (name, text, message) => {
    if (name !== "none.npy") writeFileSync(at(name), text);
    expect(() => readFeatures(at(name))).toThrow(DataError);
    expect(() => readFeatures(at(name))).toThrow(message);
  });

  it("refuses an array that is cut, and one with more rows than names", async () => {
    await writeFeatures(at("z.npy"), found);
    const bytes = readFileSync(at("z.npy"));
    writeFileSync(at("z.npy"), bytes.subarray(0, -4));
    expect(() => readFeatures(at("z.npy"))).toThrow("28 bytes of numbers; expected 32 for [4,2]");
    writeFileSync(at("z.npy"), bytes);
    writeFileSync(at("z.files.csv"), "file\na\nb\n");
    expect(() => readFeatures(at("z.npy"))).toThrow("4 rows of features for 2 pictures; expected one each");
  });
});
