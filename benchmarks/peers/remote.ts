// Peers as processes that prepare a workload and run it a given number of times, measured by their own clock.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Contender } from "../contender.js";
import type { Workload } from "../workload.js";
import { startPage } from "./page.js";

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

interface Answer {
  version?: string;
  ms?: number;
  skip?: string;
  error?: string;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Installs the peers' packages unless they are there. */
export function installPeers(): void {
  if (existsSync(here("node_modules"))) return;
  console.error("installing the peers into benchmarks/peers/node_modules (about 700 MB) …");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: here("."),
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error("npm ci in benchmarks/peers failed; see its messages above");
}

/** Starts a peer: torch in the Python that FOVEA_PYTHON names, the others under this Node. @throws Error if it cannot */
export async function startPeer(impl: string, threads: number): Promise<Peer> {
  if (/chromium|firefox/.test(impl)) return startPage(impl, threads);
  if (impl !== "torch") {
    return connect(impl, process.execPath, [...process.execArgv, here("serve.ts"), impl, `${threads}`]);
  }
  const python = process.env["FOVEA_PYTHON"];
  if (!python) throw new Error("FOVEA_PYTHON names no Python");
  return connect(impl, python, ["-u", here("torch_bench.py"), `${threads}`]);
}

async function connect(impl: string, command: string, args: string[]): Promise<Peer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {}); // a write to a process that has ended: the next answer reports it
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`its process ended with code ${code}`)));
  });
  ended.catch(() => {}); // waiting for an answer reports it
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Answer> => {
    const { value, done } = await Promise.race([lines.next(), ended]);
    if (done) return ended;
    const parsed = JSON.parse(value) as Answer;
    if (parsed.error !== undefined) throw new Error(parsed.error);
    return parsed;
  };
  const ask = (request: object): Promise<Answer> => {
    child.stdin.write(JSON.stringify(request) + "\n");
    return answer();
  };
  const close = (): void => void child.stdin.end();
  try {
    const { version = "" } = await answer();
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
                child.kill("SIGKILL");
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
  } catch (error) {
    close();
    throw error;
  }
}
