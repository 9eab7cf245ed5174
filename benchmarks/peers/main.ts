// The micro-benchmarks beside other libraries, in turns: npm run bench:peers -- [--suite NAME] [--filter TEXT]
// [--threads N] [--json FILE] [--results FILE] [--peers NAME,NAME]

import { init } from "../../src/index.js";
import { pick, readOptions, runMain, UsageError } from "../cli.js";
import { contender, interleave, median, summary, type Timing } from "../harness.js";
import { environment, rowOf, setup, Table, writeJson, writeResults, type Row } from "../report.js";
import { convCases } from "../suites/conv.js";
import { gemmCases } from "../suites/gemm.js";
import { inferCases, trainCases } from "../suites/models.js";
import { ceilings } from "../suites/peak.js";
import type { Case } from "../workload.js";
import { installPeers, startPeer, type Peer, type PeerRun } from "./remote.js";

const SUITES = ["gemm", "conv", "train", "infer"];
const IMPLS = ["tfjs-wasm", "tfjs-cpu", "ort-web", "ort-native", "jax-js", "torch"];

/** Each said once, above the rows that lack it. */
const said = new Set<string>();
function skip(impl: string, reason: string): void {
  const message = `${impl} skipped: ${reason}`;
  if (!said.has(message)) console.log(`(${message})`);
  said.add(message);
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

/** The peers that can do the case, having done it once. */
async function prepare(c: Case, peers: readonly Peer[]): Promise<PeerRun[]> {
  const runs: PeerRun[] = [];
  for (const peer of peers) {
    try {
      const run = await peer.prepare(c.workload);
      if (typeof run === "string") {
        skip(peer.impl, run);
        continue;
      }
      await run.time(1);
      runs.push(run);
    } catch (error) {
      skip(peer.impl, `${c.name}: ${(error as Error).message}`);
    }
  }
  return runs;
}

async function compare(
  c: Case,
  peers: readonly Peer[],
  rowFor: (impl: string, timing: Timing) => Row,
  table: Table,
): Promise<void> {
  const runs = await prepare(c, peers);
  const ours = c.prepare();
  const contenders = [contender("fovea", ours.run), ...runs];
  const samples = await interleave(contenders);
  for (const run of [ours, ...runs]) await run.dispose();
  const valid = (values: number[]): number[] => values.filter((ms) => !Number.isNaN(ms));
  contenders.forEach(({ impl }, i) => {
    const row = rowFor(impl, summary(valid(samples[i]!)));
    row.ratio = median(valid(samples[i]!.map((ms, round) => ms / samples[0]![round]!)));
    table.add(row);
  });
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2), SUITES);
  const impls = options.peers ?? IMPLS;
  const unknown = impls.find((impl) => !IMPLS.includes(impl));
  if (unknown) throw new UsageError(`unknown peer '${unknown}'; known: ${IMPLS.join(", ")}`);
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
      await compare(c, peers, (impl, timing) => rowOf(c, impl, options.threads, timing, top), table);
    }
  } finally {
    for (const peer of peers) peer.close();
  }

  if (options.json) await writeJson(options.json, where, table.rows);
  const notes = [`fovea: ${setup(top)}`, ...versions, ...said];
  if (options.results) await writeResults(options.results, "fovea and its peers", where, notes, table);
});
