// The README's programs, run as a newcomer would: copied into a file, with data that is there (documents.ts). Its commands are
// run by guides.test.ts in the long ring.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readDocument, smaller, writeData } from "./helpers/documents.js";
import { root, runSource } from "./helpers/run-source.js";

const folder = mkdtempSync(join(tmpdir(), "fovea-readme-"));
const [classify, train] = readDocument("README.md").programs;

beforeAll(() => writeData(folder));
afterAll(() => rmSync(folder, { recursive: true }));

it("is a front page", () => {
  expect(readFileSync(join(root, "README.md"), "utf8").split("\n").length).toBeLessThanOrEqual(151);
});

it("the first program names what is in a photo", async () => {
  expect(await runSource(folder, smaller(classify!))).toMatch(/^(.+ \d\.\d+(e-\d+)?\n){5}$/);
});

it("the second one trains, evaluates and saves", async () => {
  expect(await runSource(folder, smaller(train!))).toMatch(/top1: [\d.]+/);
  expect(readFileSync(join(folder, "lenet5.safetensors")).length).toBeGreaterThan(100_000);
});
