import { Command } from "commander";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { register } from "../../src/cli/models.js";
import { modelNames } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";

beforeAll(() => void init());
afterEach(() => void vi.restoreAllMocks());

async function run(...args: string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command();
  register(program);
  await program.parseAsync(args, { from: "user" });
  return text;
}

it("lists every model as a table", async () => {
  const lines = (await run("models")).trim().split("\n");
  expect(lines.length).toBe(modelNames().length + 1);
  expect(lines.find((line) => line.startsWith("resnet50 "))).toMatch(/ 25,557,032 +4\.089 +224×224×3$/);
});

it("lists every model as JSON", async () => {
  const models = JSON.parse(await run("models", "--json")) as { name: string }[];
  expect(models.map(({ name }) => name)).toEqual(modelNames());
  expect(models.find(({ name }) => name === "lenet5")).toEqual({
    name: "lenet5",
    parameters: 61_706,
    macs: 416_520,
    inputSize: [28, 28, 1],
  });
});
