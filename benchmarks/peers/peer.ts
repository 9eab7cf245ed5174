// A peer that lives elsewhere, in a process or a page, and answers requests.

import type { Contender } from "../contender.js";
import type { Workload } from "../workload.js";

/** A stopped first call, whose process has been ended. */
export class Stopped extends Error {}

export interface PeerRun extends Contender {
  /** Does the work for the first time. @throws Stopped if that takes longer than limitMs */
  warmUp(limitMs: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface Peer {
  impl: string;
  /** Package and version, for the report. */
  version: string;
  /** A run of the workload, or the reason why there is none. */
  prepare(workload: Workload): Promise<PeerRun | string>;
  close(): void;
}

export type PeerRequest = { prepare: Workload } | { time: number } | { dispose: true };

export interface Answer {
  version?: string;
  ms?: number;
  skip?: string;
  error?: string;
}

/** ask: sends a request and returns the answer; kill: ends what computes at once. */
export function peerOf({
  impl,
  version,
  ask,
  close,
  kill,
}: Pick<Peer, "impl" | "version" | "close"> & {
  ask(request: PeerRequest): Promise<Answer>;
  kill(): void;
}): Peer {
  return {
    impl,
    version,
    close,
    async prepare(workload) {
      const { skip } = await ask({ prepare: workload });
      if (skip !== undefined) return skip;
      return {
        impl,
        async warmUp(limitMs) {
          let timer: NodeJS.Timeout | undefined;
          const late = new Promise<never>((_, reject) => {
            timer = setTimeout(() => {
              kill();
              reject(new Stopped(`a call takes over ${limitMs} ms`));
            }, limitMs);
          });
          try {
            await Promise.race([ask({ time: 1 }), late]);
          } finally {
            clearTimeout(timer);
          }
        },
        time: async (calls) => (await ask({ time: calls })).ms!,
        dispose: async () => void (await ask({ dispose: true })),
      };
    },
  };
}
