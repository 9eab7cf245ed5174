// Every function that is exported, called with arguments of another kind: an error of ours, or none; never the engine's.

import { beforeAll, expect, test } from "vitest";
import { shapesOnly } from "../../src/core/op.js";
import * as fovea from "../../src/index.js";
import { FoveaError } from "../../src/index.js";
import * as node from "../../src/node.js";
import * as onnx from "../../src/onnx/index.js";
import { Names } from "../../src/node/datasets/names.js";
import { ONE_OF_EACH } from "../helpers/models.js";

/** A tensor is what it is made of by others; and what changes the kernels, or a registry, for all. */
const LEFT_OUT = /^(Tensor|NonFiniteLossError|Classifier|init|setDecoder|register\w+)$/;
const VALUES = [undefined, null, 5, true, [null], { num_classes: 5 }];

const networks = new Set(fovea.modelNames());
/** Functions that build networks are all made by one; of those, one of each kind. */
const isOneOfMany = (name: string): boolean => networks.has(name) && !ONE_OF_EACH.includes(name);

const functions = Object.entries({ ...fovea, ...node, ...onnx }).filter(
  ([name, value]) => typeof value === "function" && !LEFT_OUT.test(name) && !isOneOfMany(name),
) as unknown as [string, (...args: unknown[]) => unknown][];

beforeAll(() => void fovea.init({ threads: 1 }));

test.each(functions)("%s", async (name, fn) => {
  const isClass = /^class\b/.test(Function.prototype.toString.call(fn));
  const Kind = fn as unknown as new (...args: unknown[]) => unknown;
  const isNetwork = networks.has(name) || fn.prototype instanceof fovea.Classifier;
  for (const value of VALUES) {
    for (const count of [1, 3]) {
      const args = new Array<unknown>(count).fill(value);
      const call = (): unknown => (isClass ? new Kind(...args) : fn(...args));
      let got: unknown;
      try {
        await (isNetwork ? shapesOnly(call) : call());
      } catch (error) {
        got = error;
      }
      if (got !== undefined) expect(got, `of ${String(value)} × ${count}`).toBeInstanceOf(FoveaError);
    }
  }
});

test("a dataset of files has a label for each, and options that are known", () => {
  const fields = {
    name: "x",
    root: "/",
    files: Names.from([]),
    labels: Int32Array.of(),
    classes: ["a"],
    options: {},
  };
  const make = (more: object) => () => new node.FileDataset({ ...fields, ...more } as never);
  expect(make({ labels: Int32Array.of(0) })).toThrow("FileDataset: 1 labels for 0 files; expected one each");
  expect(make({ options: { chanels: 1 } })).toThrow(
    "FileDataset: unknown option 'chanels'; did you mean channels?",
  );
});

test("options of files and reports are known by name", async () => {
  const any = (value: unknown): never => value as never;
  expect(() => new node.EventWriter("/nowhere", any({ purge_step: 1 }))).toThrow("did you mean purgeStep?");
  await expect(node.checkFolder("/nowhere", any({ min_size: 1 }))).rejects.toThrow("did you mean minSize?");
  await expect(node.download("x", "/nowhere", any({ sha: "x" }))).rejects.toThrow(
    "download: unknown option 'sha'",
  );
});
