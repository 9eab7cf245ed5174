// The reference of every op, by the op's name: its definition in plain float64 loops.

import * as conv from "./conv.js";
import * as elementwise from "./elementwise.js";
import * as loss from "./loss.js";
import * as matmul from "./matmul.js";
import * as movement from "./movement.js";
import * as norm from "./norm.js";
import * as pool from "./pool.js";
import * as reduce from "./reduce.js";
import type { Values } from "./values.js";

export type { Values } from "./values.js";

/** Inputs and attributes by the names that the op gives them; tensors among the attributes are Values too. */
export type Reference = (inputs: Record<string, Values>, attrs: Record<string, unknown>) => Values;

const references: Record<string, unknown> = {
  ...elementwise,
  ...loss,
  ...matmul,
  ...movement,
  ...norm,
  ...pool,
  ...reduce,
  conv2d: conv.conv2d,
};

export function referenceOf(op: string): Reference {
  const reference = references[op];
  if (typeof reference !== "function") throw new Error(`no reference of ${op}`);
  return reference as Reference;
}
