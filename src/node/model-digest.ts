// Whether two processes, or two runs of a command, have the same model.

import { createHash } from "node:crypto";
import type { Preprocessing } from "../data/index.js";
import type { TrainedModel } from "./open-model.js";

/** SHA-256 of all that a prediction depends on: the architecture, every number, the classes' names, how images are prepared. */
export function modelDigest(
  { model, architecture, classes }: TrainedModel,
  preparation: Preprocessing,
): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify({ architecture, classes, preparation }));
  for (const [name, { dtype, shape, data }] of model.stateDict()) {
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
