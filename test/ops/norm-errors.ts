// The messages of batch normalisation.

import type { Group } from "../../src/core/group.js";
import * as fovea from "../../src/index.js";
import { zeros, type Tensor } from "../../src/index.js";
import type { Row } from "./loss-errors.js";

const x = (...shape: number[]): Tensor => zeros(shape);

const normBatch = (options: fovea.BatchNormOptions, ...t: (Tensor | undefined)[]): Tensor =>
  fovea.batchNorm(t[0]!, t[1], t[2], t[3], t[4], options);

/** A group of one process. */
const ALONE: Group = {
  rank: 0,
  size: 1,
  allReduce: () => undefined,
  startAllReduce: () => ({ advance: () => true }),
  allGather: (bytes) => [bytes],
  broadcast: () => undefined,
};

export const norms: Row[] = [
  [
    "length of the weight",
    () => normBatch({ training: true }, x(2, 4, 4, 3), undefined, undefined, x(4)),
    "batchNorm: expected x:[…,c] and [c] for the others; got x:[2,4,4,3] weight:[4]",
  ],
  [
    "shape of the running mean",
    () => normBatch({}, x(2, 3), x(1, 3), x(3), x(3), x(3)),
    "batchNorm: expected x:[…,c] and [c] for the others; got x:[2,3] weight:[3] bias:[3] runningMean:[1,3] runningVar:[3]",
  ],
  [
    "rank of x",
    () => normBatch({}, x(3), x(3), x(3)),
    "batchNorm: expected x:[…,c] and [c] for the others; got x:[3] runningMean:[3] runningVar:[3]",
  ],
  [
    "negative eps",
    () => normBatch({ eps: -1, training: true }, x(2, 3)),
    "batchNorm: eps must be ≥ 0; got -1",
  ],
  [
    "one value for each channel",
    () => normBatch({ training: true }, x(1, 1, 1, 3)),
    "batchNorm: training needs more than one value per channel; got x:[1,1,1,3]",
  ],
  [
    "one value for each channel in all processes",
    () => normBatch({ training: true, group: ALONE }, x(1, 1, 1, 3)),
    "batchNorm: training needs more than one value per channel; got one in all processes",
  ],
  [
    "no statistics",
    () => normBatch({}, x(2, 3), x(3)),
    "batchNorm: evaluation needs runningMean and runningVar",
  ],
];
