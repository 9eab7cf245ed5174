// Every registered operation on its largest row in the tests' case table (test/cases).

import { registeredOps } from "../../src/core/op.js";
import { noGrad, tensor, tidy, type AnyTensor } from "../../src/index.js";
import { opCases, type OpCases } from "../../test/cases/index.js";
import type { Case as Row, Input } from "../../test/cases/types.js";
import { draw, drawIntegers } from "../../test/helpers/random.js";
import type { Case, Prepared } from "../workload.js";

const shapeOf = (input: Input): readonly number[] => ("shape" in input ? input.shape : input);
const sizeOf = (input: Input): number => shapeOf(input).reduce((a, b) => a * b, 1);

function elements(row: Row): number {
  return Object.values(row.inputs).reduce((total, input) => total + sizeOf(input), 0);
}

function tensorOf(suite: OpCases, row: Row, name: string, input: Input): AnyTensor {
  const n = sizeOf(input);
  if (suite.dtypes?.[name] === "i32") {
    const axis = suite.labelsBelow === "axis" ? (row.attrs!["axis"] as number) : suite.labelsBelow!;
    const below = shapeOf(row.inputs["x"]!)[axis]!;
    return tensor(Int32Array.from(drawIntegers(name, n, below)), shapeOf(input));
  }
  const own = "shape" in input ? input : undefined;
  const values = own?.values ?? draw(own?.draw ?? suite.draw?.[name] ?? "normal", name, n);
  return tensor(Float32Array.from(values), shapeOf(input));
}

function prepare(suite: OpCases, row: Row): Prepared {
  const make = (inputs: Row["inputs"]): Record<string, AnyTensor> =>
    Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, tensorOf(suite, row, name, x)]));
  const inputs = make(row.inputs);
  const state = make(row.state ?? {});
  const op = registeredOps().get(suite.op)!;
  const attrs = { ...row.attrs, ...state };
  return {
    run: () => noGrad(() => tidy(() => op.apply(inputs, attrs).compute())),
    dispose: () => [...Object.values(inputs), ...Object.values(state)].forEach((t) => t.dispose()),
  };
}

export const opsCases: Case[] = opCases.map((suite) => {
  const row = suite.cases.reduce((a, b) => (elements(b) > elements(a) ? b : a));
  return {
    suite: "ops",
    name: `${suite.op}: ${row.name}`,
    workload: { kind: "own" },
    prepare: () => prepare(suite, row),
  };
});
