// Everything that `fovea` and `fovea/node` give to those who import them: a name that comes, goes or is hidden by another is
// seen here. After a change on purpose: npx vitest run test/public -u

import { expect, test } from "vitest";
import * as fovea from "../../src/index.js";
import * as node from "../../src/node.js";
import * as onnx from "../../src/onnx/index.js";
import * as web from "../../src/web/index.js";

/** Names with what they are, sorted. */
const surface = (module: object): string[] =>
  Object.entries(module)
    .map(([name, value]) => `${name}: ${kind(value)}`)
    .sort();

function kind(value: unknown): string {
  if (typeof value !== "function") return Array.isArray(value) ? "array" : typeof value;
  return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
}

test("fovea exports what it did", () => {
  expect(surface(fovea)).toMatchSnapshot();
});

test("fovea/node exports what it did", () => {
  expect(surface(node)).toMatchSnapshot();
});

test("fovea/onnx exports what it did", () => {
  expect(surface(onnx)).toEqual(["exportOnnx: function"]);
});

test("fovea/web exports what it did", () => {
  expect(surface(web)).toMatchSnapshot();
});

test("they do not share a name, which one import would hide; no program imports those for Node and for pages", () => {
  const names = [fovea, node, onnx].flatMap((module) => Object.keys(module));
  for (const name of Object.keys(web)) expect(Object.keys({ ...fovea, ...onnx })).not.toContain(name);
  expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
});

test("initialisers are there by name, and init() starts the kernels", () => {
  const { fill, init, kaimingNormal, kaimingUniform, normal, tensor, uniform, xavierNormal, xavierUniform } =
    fovea;
  expect(init({ threads: 1 }).threads).toBe(1);
  fovea.manualSeed(1);
  const w = tensor(new Float32Array(64 * 32), [64, 32]);
  const spread = (): number =>
    Math.sqrt((w.data() as Float32Array).reduce((sum, v) => sum + v * v, 0) / w.size);
  for (const [start, std] of [
    [() => kaimingNormal(w, { nonlinearity: "relu" }), Math.sqrt(2 / 32)],
    [() => kaimingUniform(w, { nonlinearity: "relu", mode: "fanOut" }), Math.sqrt(2 / 64)],
    [() => xavierNormal(w), Math.sqrt(2 / 96)],
    [() => xavierUniform(w, { gain: 2 }), 2 * Math.sqrt(2 / 96)],
    [() => normal(w, 0, 3), 3],
    [() => uniform(w, -1, 1), Math.sqrt(1 / 3)],
    [() => fill(w, -4), 4],
  ] as const) {
    start();
    expect(spread() / std).toBeCloseTo(1, 1);
  }
  const layer = new fovea.Linear(3, 4, { weightInit: kaimingNormal, biasInit: (b) => fill(b, 0.5) });
  expect([...layer.bias!.data()]).toEqual([0.5, 0.5, 0.5, 0.5]);
  for (const each of [w, layer]) each.dispose();
});
