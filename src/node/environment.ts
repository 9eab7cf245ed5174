// The environment of a run, for args.json and reports.

import { arch, cpus, platform, release, totalmem } from "node:os";
import { version } from "../version.js";
import { attempt } from "../wasm/host.js";
import { runtime } from "../wasm/runtime.js";
import { decoderChoice } from "./decoder.js";

/** The machine and the versions that a run was computed with. */
export interface Environment {
  /** fovea's version. */
  fovea: string;
  /** The runtime's version. */
  node: string;
  /** Operating system and its release; "unknown", and 0 below, if the system refuses to report it. */
  system: string;
  /** The processor's name. */
  cpu: string;
  /** Number of logical processors. */
  processors: number;
  /** Bytes of memory. */
  memory: number;
  /** Threads that compute. */
  threads: number;
  /** Kernels. */
  binary: string;
  /** Whether vectors are joined to 256 bits; see init(). */
  simd256: boolean;
  /** The decoder of JPEG files. */
  decoder: string;
  /** Start of the run, in ISO 8601. */
  date: string;
}

/** The machine and the versions at hand, as run folders and reports name them. */
export function environment(): Environment {
  const { threads, binary, simd256 } = runtime();
  const processors = attempt(cpus, []);
  return {
    fovea: version,
    node: process.versions.node,
    system: attempt(() => `${platform()} ${release()} ${arch()}`, "unknown"),
    cpu: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    memory: attempt(totalmem, 0),
    threads,
    binary,
    simd256,
    decoder: decoderChoice(),
    date: new Date().toISOString(),
  };
}
