// What operations on axes, pieces and numbers say when something is wrong: rows of errors.test.ts.

import * as fovea from "../../src/index.js";
import { tensor, zeros, type Tensor } from "../../src/index.js";
import type { Row } from "./loss-errors.js";

const x = (...shape: number[]): Tensor => zeros(shape);
const index = (...shape: number[]): Tensor<"i32"> => zeros(shape, "i32");
const text = "2" as never;

export const tensorOps: Row[] = [
  ["no limit", () => fovea.clamp(x(2)), "clamp: expected min, max or both; got neither"],
  ["text", () => fovea.clamp(x(2), text, 1), "clamp: min and max must be numbers; got a string and 1"],
  ["NaN", () => fovea.clamp(x(2), NaN), "clamp: min and max must be numbers; got NaN and Infinity"],
  ["text", () => fovea.pow(x(2), text), "pow: exponent must be a finite number; got a string"],
  ["a tensor", () => fovea.pow(x(2), x(2) as never), "pow: exponent must be a finite number; got a Tensor"],
  ["shapes", () => fovea.eq(x(2), x(3)), "equal: shapes do not broadcast; got a:[2] b:[3]"],
  ["shapes", () => x(2).where(x(3), 1), "keepWhere: shapes do not broadcast; got a:[2] b:[3]"],
  ["alpha", () => fovea.elu(x(2), text), "elu: alpha must be a number; got a string"],
  ["no elements", () => fovea.max(x(0, 3)), "max: x has no elements; got x:[0,3]"],
  ["no elements", () => fovea.std(x(0, 3), 0), "mean: x has no elements; got x:[0,3] axis 0"],
  ["axis", () => fovea.variance(x(3), 1), "variance: no such axis; got axis 1 for x:[3]; expected -1…0"],
  ["axis", () => fovea.squeeze(x(3), 1), "squeeze: no such axis; got axis 1 for x:[3]; expected -1…0"],
  ["axis", () => fovea.unsqueeze(x(3), 2), "unsqueeze: no such axis; got axis 2 for x:[3,1]; expected -2…1"],
  ["nothing", () => fovea.stack([]), "stack: expected at least one tensor; got none"],
  ["shapes", () => fovea.stack([x(2), x(3)]), "stack: shapes must be equal; got first:[2] other:[3]"],
  [
    "sizes",
    () => fovea.split(x(2, 3), [1, 1], 1)[0]!,
    "split: sizes must be an integer ≥ 1, or integers that add up to 3; got [1,1] for x:[2,3] axis 1",
  ],
  [
    "size 0",
    () => fovea.split(x(2, 3), 0)[0]!,
    "split: sizes must be an integer ≥ 1, or integers that add up to 2; got [0] for x:[2,3] axis 0",
  ],
  ["chunks", () => fovea.chunk(x(2), 0)[0]!, "chunk: chunks must be an integer ≥ 1; got 0"],
  [
    "shapes",
    () => fovea.gather(x(2, 3), 1, index(3, 1)),
    "gather: sizes of x and index must be equal except for axis 1; got x:[2,3] index:[3,1]",
  ],
  [
    "dtype",
    () => fovea.gather(x(2, 3), 1, x(2, 1) as never),
    "gather: index has the wrong dtype; got f32; expected i32",
  ],
  [
    "shapes",
    () => fovea.mseLoss(x(2), x(3)),
    "mseLoss: x and target must have one shape; got x:[2] target:[3]",
  ],
  [
    "delta",
    () => fovea.huberLoss(x(2), x(2), { delta: 0 }),
    "huberLoss: delta must be finite and > 0; got 0",
  ],
  [
    "beta",
    () => fovea.smoothL1Loss(x(2), x(2), { beta: -1 }),
    "smoothL1Loss: beta must be finite and ≥ 0; got -1",
  ],
  [
    "reduction",
    () => fovea.l1Loss(x(2), x(2), { reduction: "average" as never }),
    "l1Loss: unknown reduction 'average'; known: mean, none, sum",
  ],
  [
    "target",
    () => fovea.nllLoss(x(2, 3), index(3)),
    "nllLoss: expected x:[n,classes] and target i32:[n]; got x:[2,3] target:[3], target i32",
  ],
  [
    "range",
    () => fovea.arange(0, 5, -1),
    "arange: start, end and step must be finite, and step must lead from start to end; got 0, 5, -1",
  ],
  ["steps", () => fovea.linspace(0, 1, 1.5), "linspace: sizes must be integers ≥ 0; got [1.5]"],
  ["size", () => fovea.eye(-1), "eye: sizes must be integers ≥ 0; got [-1,-1]"],
  [
    "shape",
    () => fovea.rand(3 as never),
    "rand: shape must be an array of sizes; got 3; expected one such as [3]",
  ],
];

export const tensorValues: Row[] = [
  [
    "an index of gather",
    () => fovea.gather(x(2, 3), 1, tensor([[0], [3]], undefined, { dtype: "i32" })),
    "gather: no such index along axis 1; got 3 at index 1; expected 0…2",
  ],
  [
    "a class number of nllLoss",
    () => fovea.nllLoss(x(2, 3), tensor(Int32Array.of(0, -1))),
    "nllLoss: label out of range; got -1 at index 1; expected 0…2",
  ],
  ["options of var", () => fovea.variance(x(2), 0, { unbiased: 1 } as never), "variance: unknown option 'unbiased'; known: correction, keepdim"], // prettier-ignore
];
