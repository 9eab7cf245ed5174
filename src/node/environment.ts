// What a run was made on, for args.json and reports.

import { arch, cpus, platform, release, totalmem } from "node:os";
import { version } from "../version.js";
import { told } from "../wasm/host.js";
import { runtime } from "../wasm/runtime.js";
import { decoderChoice } from "./decoder.js";

export interface Environment {
  fovea: string;
  node: string;
  /** Operating system and its release; "unknown", and 0 below, where the system refuses to say. */
  system: string;
  cpu: string;
  processors: number;
  /** Bytes. */
  memory: number;
  /** Threads that compute. */
  threads: number;
  /** Kernels. */
  binary: string;
  simd256: boolean;
  /** What reads JPEG files. */
  decoder: string;
  /** When it began, in ISO 8601. */
  date: string;
}

export function environment(): Environment {
  const { threads, binary, simd256 } = runtime();
  const processors = told(cpus, []);
  return {
    fovea: version,
    node: process.versions.node,
    system: told(() => `${platform()} ${release()} ${arch()}`, "unknown"),
    cpu: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    memory: told(totalmem, 0),
    threads,
    binary,
    simd256,
    decoder: decoderChoice(),
    date: new Date().toISOString(),
  };
}
