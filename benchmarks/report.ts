// The measurements, as a table on the screen, as JSON and as Markdown.

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { runtime } from "../src/wasm/runtime.js";
import type { Ceilings } from "./suites/peak.js";
import type { Timing } from "./harness.js";
import type { Case } from "./workload.js";

export interface Row {
  suite: string;
  case: string;
  impl: string;
  threads: number;
  /** The algorithm of a convolution. */
  algorithm?: string;
  /** Whether it is the default algorithm. */
  chosen?: boolean;
  /** Median. */
  ms: number;
  /** null if the time does not depend on operations. */
  gflops: number | null;
  /** (p75 − p25) / median; NaN for a single run. */
  spread: number;
  /** The first call was stopped after ms. */
  stopped?: boolean;
  /** Bytes read and written at least, for memory-bound cases. */
  gbps?: number;
  /** gflops of the measured multiply-add peak, or gbps of a measured copy of the same size. */
  fraction?: number;
  /** For peers: the time relative to fovea's, median over the rounds of the run. */
  ratio?: number;
}

export interface Environment {
  machine: string;
  node: string;
  date: string;
}

export function environment(): Environment {
  const cores = cpus();
  const model = cores[0]?.model.trim() ?? process.arch;
  return {
    machine: `${model}, ${cores.length} cores`,
    node: process.version,
    date: new Date().toISOString(),
  };
}

/** The kernels of fovea that run, and the rows to compare with. */
export function setup({ instruction }: Ceilings): string {
  const { binary, tile, kernels, winograd, threads, simd256 } = runtime();
  const shape = `${kernels.tileRows(tile)}x${kernels.tileColumns(tile)}`;
  const on = (flag: boolean): string => (flag ? "on" : "off");
  const how = `binary ${binary}, tile ${shape}, threads ${threads}, winograd ${on(winograd)}, simd256 ${on(simd256)}`;
  return `${how}; peak: ${instruction}`;
}

export function rowOf(c: Case, impl: string, threads: number, { ms, spread }: Timing, top: Ceilings): Row {
  const row: Row = { suite: c.suite, case: c.name, impl, threads, ms, gflops: null, spread };
  if (c.flops !== undefined) {
    row.gflops = c.flops / ms / 1e6;
    row.fraction = row.gflops / top.gflops();
  }
  if (c.bytes !== undefined) {
    row.gbps = c.bytes / ms / 1e6;
    row.fraction = row.gbps / top.gbps(c.bytes);
  }
  return row;
}

const digits = (x: number | null | undefined, n: number): string => (x == null ? "" : x.toFixed(n));
const percent = (x: number | undefined): string => (x === undefined ? "" : `${(x * 100).toFixed(0)} %`);
const msText = ({ ms, stopped }: Row): string =>
  stopped ? `> ${ms / 1000} s` : ms.toFixed(ms < 1 ? 4 : ms < 100 ? 3 : 1);
function spreadText({ spread, stopped }: Row): string {
  if (stopped) return "stopped";
  return Number.isNaN(spread) ? "1 run" : percent(spread);
}

const algorithmText = ({ algorithm, chosen }: Row): string => (algorithm ?? "") + (chosen ? " *" : "");

interface Column {
  title: string;
  width: number;
  text(row: Row): string;
}

function columns(cases: readonly Case[], peers: boolean): Column[] {
  const named = !peers && cases.some((c) => c.algorithms);
  const longest = Math.max(4, ...cases.map((c) => c.name.length));
  const all: Column[] = [
    { title: "suite", width: -6, text: (r) => r.suite },
    { title: "case", width: -longest, text: (r) => r.case },
    { title: "impl", width: -10, text: (r) => r.impl },
    ...(named ? [{ title: "algorithm", width: -18, text: algorithmText }] : []),
    { title: "ms", width: 10, text: msText },
    { title: "spread", width: 7, text: spreadText },
    { title: "GFLOP/s", width: 8, text: (r) => digits(r.gflops, 1) },
  ];
  if (!peers) all.push({ title: "GB/s", width: 6, text: (r) => digits(r.gbps, 1) });
  all.push({ title: "of peak", width: 7, text: (r) => percent(r.fraction) });
  if (peers) all.push({ title: "x fovea", width: 8, text: (r) => digits(r.ratio, 2) });
  return all;
}

function pad(text: string, width: number): string {
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

/** Prints rows as they come. */
export class Table {
  readonly rows: Row[] = [];
  readonly #columns: Column[];

  constructor(cases: readonly Case[], { peers = false }: { peers?: boolean } = {}) {
    this.#columns = columns(cases, peers);
    console.log(this.#columns.map(({ title, width }) => pad(title, width)).join("  "));
  }

  add(row: Row): void {
    this.rows.push(row);
    console.log(this.#columns.map(({ text, width }) => pad(text(row), width)).join("  "));
  }

  markdown(): string {
    const line = (cells: string[]): string => `| ${cells.join(" | ")} |`;
    return [
      line(this.#columns.map(({ title }) => title)),
      line(this.#columns.map(({ width }) => (width < 0 ? "---" : "---:"))),
      ...this.rows.map((row) => line(this.#columns.map(({ text }) => text(row)))),
    ].join("\n");
  }
}

const round = (x: number): number => Number(x.toPrecision(6));

export async function writeJson(
  file: string,
  { machine, node, date }: Environment,
  rows: Row[],
): Promise<void> {
  const rounded = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === "number" ? round(v) : v])),
  );
  await writeFile(file, JSON.stringify({ machine, node, date, rows: rounded }, null, 2) + "\n");
}

/** A Markdown page of the results: machine, date, versions, table. */
export async function writeResults(
  file: string,
  title: string,
  { machine, node, date }: Environment,
  notes: readonly string[],
  table: Table,
): Promise<void> {
  const facts = [`Machine: ${machine}`, `Node ${node}`, `Date: ${date}`, ...notes];
  const page = [`# ${title}`, facts.map((fact) => `- ${fact}`).join("\n"), table.markdown()];
  await writeFile(file, page.join("\n\n") + "\n");
}
