import { describe, expect, test } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import { opCases } from "../cases/index.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary, forEachOp } from "../helpers/binaries.js";
import { applyOp, drawCase, expected } from "../helpers/run-case.js";

test("every registered op has cases, and every row of the table an op", () => {
  expect(opCases.map((suite) => suite.op).sort()).toEqual([...registeredOps().keys()].sort());
});

test("the cases of an op have different names", () => {
  for (const { op, cases } of opCases) {
    const names = cases.map((c) => c.name);
    expect(
      names.filter((name, i) => names.indexOf(name) !== i),
      op,
    ).toEqual([]);
  }
});

forEachBinary((binary) =>
  forEachOp(binary, (suite, tolerance) => {
    describe(`${suite.op} equals its float64 reference:`, () => {
      test.each(suite.cases.map((c) => [c.name, c] as const))("%s", (name, c) => {
        const { y, state } = applyOp(suite, c, drawCase(suite, c));
        const want = expected(suite, c);
        expect(y.shape).toEqual(want.y.shape);
        allclose(`${suite.op}, ${name}`, y.data, want.y.data, tolerance);
        for (const [key, values] of Object.entries(want.state)) {
          allclose(`${suite.op}, ${name}, ${key}`, state[key]!, values.data, tolerance);
        }
      });
    });
  }),
);
