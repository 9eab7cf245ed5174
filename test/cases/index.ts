// The case table of every registered op.

import { convolutions } from "./conv.js";
import { elementwise } from "./elementwise.js";
import { lossOps } from "./loss.js";
import { products } from "./matmul.js";
import { movements } from "./movement.js";
import { norms } from "./norm.js";
import { pools } from "./pool.js";
import { reduceOps } from "./reduce.js";
import type { OpCases } from "./types.js";

export type { Case, OpCases } from "./types.js";

export const opCases: readonly OpCases[] = [
  ...convolutions,
  ...elementwise,
  ...lossOps,
  ...products,
  ...movements,
  ...norms,
  ...pools,
  ...reduceOps,
];
