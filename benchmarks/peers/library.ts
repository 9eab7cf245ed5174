// The interface of a measured JavaScript library (serve.ts, in-page.ts).

import type { Workload } from "../workload.js";

export interface Work {
  /** Does the work once, completely: nothing may be left lazy or pending. */
  run(): unknown;
  dispose(): unknown;
}

export interface Library {
  /** Package and version, for the report. */
  version: string;
  /** The work, or the reason why the library does not do it. */
  prepare(workload: Workload): Work | string | Promise<Work | string>;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
