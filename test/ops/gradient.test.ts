import { describe, expect, test } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import { opCases } from "../cases/index.js";
import { forOwnBinary, forEachOp } from "../helpers/binaries.js";
import { checkGradient, expectedDerivatives } from "../helpers/gradcheck.js";
import { applyOp, drawCase } from "../helpers/run-case.js";

test.each([...registeredOps().values()].map((op) => [op.name, op] as const))(
  "every differentiable input of %s has a gradient check",
  (name, { differentiable }) => {
    const cases = opCases.find((suite) => suite.op === name)?.cases ?? [];
    const checked = cases.filter((c) => c.gradient !== false).flatMap((c) => Object.keys(c.inputs));
    expect(checked).toEqual(expect.arrayContaining([...differentiable]));
  },
);

forOwnBinary((binary) =>
  forEachOp(binary, (suite) => {
    if (registeredOps().get(suite.op)!.differentiable.length === 0) return;
    describe(`the gradient of ${suite.op} is the derivative of its reference:`, () => {
      const cases = suite.cases.filter((c) => c.gradient !== false);
      test.each(cases.map((c) => [c.name, c] as const))("%s", (name, c) => {
        const { dy, derivatives } = expectedDerivatives(suite, c);
        const { gradients } = applyOp(suite, c, drawCase(suite, c), dy);
        expect(Object.keys(gradients).sort()).toEqual(Object.keys(derivatives).sort());
        for (const [input, derivative] of Object.entries(derivatives)) {
          checkGradient(`${suite.op}, ${name}, ${input}`, gradients[input]!, derivative, dy);
        }
      });
    });
  }),
);
