// Peers as processes that prepare a workload and run it a given number of times, measured by their own clock.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startPage } from "./page.js";
import { peerOf, type Answer, type Peer } from "./peer.js";

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
    return peerOf({ impl, version, ask, close, kill: () => void child.kill("SIGKILL") });
  } catch (error) {
    close();
    throw error;
  }
}
