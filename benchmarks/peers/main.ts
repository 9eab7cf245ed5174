// The micro-benchmarks beside other libraries, in turns: npm run bench:peers -- [--suite NAME] [--filter TEXT]
// [--threads N] [--json FILE] [--results FILE] [--peers NAME,NAME]

import { init } from "../../src/index.js";
import { pick, readOptions, runMain, UsageError } from "../cli.js";
import { contender } from "../contender.js";
import { interleave, median, summary, type Timing } from "../harness.js";
import { environment, rowOf, setup, Table, writeJson, writeResults, type Row } from "../report.js";
import { convCases } from "../suites/conv.js";
import { gemmCases } from "../suites/gemm.js";
import { inferCases, trainCases } from "../suites/models.js";
import { ceilings } from "../suites/peak.js";
import type { Case } from "../workload.js";
import { Stopped, type Peer, type PeerRun } from "./peer.js";
import { installPeers, startPeer } from "./remote.js";

const SUITES = ["gemm", "conv", "train", "infer"];
const IMPLS = ["tfjs-wasm", "tfjs-cpu", "ort-web", "ort-native", "jax-js", "torch"];
/** fovea and ONNX Runtime in pages of these browsers: only if they are named. */
const IN_PAGES = ["chromium", "firefox", "ort-chromium", "ort-firefox"];
const KNOWN = [...IMPLS, ...IN_PAGES];

/** Notes, each printed once, above the rows that need it. */
const noted = new Set<string>();
function skip(impl: string, reason: string): void {
  const message = `${impl} skipped: ${reason}`;
  if (!noted.has(message)) console.log(`(${message})`);
  noted.add(message);
}

async function startPeers(impls: readonly string[], threads: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const impl of impls) {
    try {
      peers.push(await startPeer(impl, threads));
    } catch (error) {
      skip(impl, (error as Error).message);
    }
  }
  return peers;
}

/** Most milliseconds of a peer's first call. */
const LIMIT_MS = 300_000;

/** The peers that can do the case, after a first run, and the names of stopped ones, which are replaced by new processes. */
async function prepare(
  c: Case,
  peers: Peer[],
  threads: number,
): Promise<{ runs: PeerRun[]; stopped: string[] }> {
  const runs: PeerRun[] = [];
  const stopped: string[] = [];
  for (const [i, peer] of peers.entries()) {
    try {
      const run = await peer.prepare(c.workload);
      if (typeof run === "string") {
        skip(peer.impl, run);
        continue;
      }
      await run.warmUp(LIMIT_MS);
      runs.push(run);
    } catch (error) {
      if (error instanceof Stopped) {
        stopped.push(peer.impl);
        peers[i] = await startPeer(peer.impl, threads);
      } else skip(peer.impl, `${c.name}: ${(error as Error).message}`);
    }
  }
  return { runs, stopped };
}

async function compare(
  c: Case,
  peers: Peer[],
  threads: number,
  rowFor: (impl: string, timing: Timing) => Row,
  table: Table,
): Promise<void> {
  const { runs, stopped } = await prepare(c, peers, threads);
  const ways = Object.entries({ fovea: () => c.prepare(), ...c.also });
  const ours = ways.map(([impl, prepare]) => ({ impl, ...prepare() }));
  const contenders = [...ours.map(({ impl, run }) => contender(impl, run)), ...runs];
  for (const { time } of contenders.slice(0, ours.length)) await time(1);
  const samples = await interleave(contenders);
  for (const run of [...ours, ...runs]) await run.dispose();
  const valid = (values: number[]): number[] => values.filter((ms) => !Number.isNaN(ms));
  const fovea = summary(valid(samples[0]!));
  contenders.forEach(({ impl }, i) => {
    const timing = summary(valid(samples[i]!));
    const row = rowFor(impl, timing);
    const ratios = valid(samples[i]!.map((ms, round) => ms / samples[0]![round]!));
    row.ratio = timing.samples === 1 ? timing.ms / fovea.ms : median(ratios);
    table.add(row);
  });
  for (const impl of stopped) {
    // The first call holds the compilation of some peers: it gives no ratio.
    table.add({ ...rowFor(impl, { ms: LIMIT_MS, spread: NaN, samples: 1 }), stopped: true });
  }
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2), SUITES);
  const impls = options.peers ?? IMPLS;
  const unknown = impls.find((impl) => !KNOWN.includes(impl));
  if (unknown) throw new UsageError(`unknown peer '${unknown}'; known: ${KNOWN.join(", ")}`);
  init({ threads: options.threads });
  const cases = pick([gemmCases, convCases, trainCases, inferCases].flat(), options);
  installPeers();
  const top = await ceilings();
  const where = environment();
  console.log(`${where.machine}, Node ${where.node}, ${where.date}`);
  console.log(`fovea: ${setup(top)}`);
  const peers = await startPeers(impls, options.threads);
  const versions = peers.map(({ impl, version }) => `${impl}: ${version}`);
  for (const line of versions) console.log(line);
  console.log("");
  const table = new Table(cases, { peers: true });
  try {
    for (const c of cases) {
      await compare(
        c,
        peers,
        options.threads,
        (impl, timing) => rowOf(c, impl, options.threads, timing, top),
        table,
      );
    }
  } finally {
    for (const peer of peers) peer.close();
  }

  if (options.json) await writeJson(options.json, where, table.rows);
  const notes = [`fovea: ${setup(top)}`, ...versions, ...noted];
  if (options.results) await writeResults(options.results, "fovea and its peers", where, notes, table);
});
