// The case table of every registered op.

import { convolutions } from "./conv.js";
import { elementwise } from "./elementwise.js";
import { lossOps } from "./loss.js";
import { products } from "./matmul.js";
import { movements } from "./movement.js";
import { norms } from "./norm.js";
import { pools } from "./pool.js";
import { reduceOps } from "./reduce.js";
import { ofRing } from "../helpers/ring.js";
import type { OpCases } from "./types.js";
import { stride2 } from "./stride2.js";
import { winograd } from "./winograd.js";

export type { Case, OpCases } from "./types.js";

const all: readonly OpCases[] = [
  {
    op: "conv2d",
    cases: [...convolutions, ...winograd, ...stride2],
    tolerance: 3e-6,
    fastTolerance: 5e-5,
    tiled: true,
  },
  ...elementwise,
  ...lossOps,
  ...products,
  ...movements,
  ...norms,
  ...pools,
  ...reduceOps,
];

export const opCases: readonly OpCases[] = all.map((suite) => ({ ...suite, cases: ofRing(suite.cases) }));
