// fovea bench in the processes of a job: training steps together, and those that the cost model expects of more processes.

import { hostname } from "node:os";
import { gatherValues } from "../core/group.js";
import type { Mpi } from "../mpi/index.js";
import type { Classifier } from "../models/index.js";
import { environment, type Environment } from "../node/environment.js";
import { measureScaling, type Scaling } from "../node/scaling.js";
import { count } from "../node/status-line.js";
import { forecast, type Forecast, type Link } from "../train/scaling.js";
import { ms, rate, table } from "./table.js";

/** The numbers of processes that are predicted. */
export const PREDICTED = [2, 4, 8, 64, 512, 1024];

/**
 * Links between hosts by what they are sold as. Ethernet's frames of 1,538 bytes carry 1,448 of TCP. A message takes about this long on
 * networks of its kind: TCP through the kernel, the same with better cards, and remote memory access.
 */
export const LINKS: Readonly<Record<string, Link>> = {
  "1 Gbit/s": { bitsPerSecond: 0.94e9, latencyMs: 0.05 },
  "10 Gbit/s": { bitsPerSecond: 9.4e9, latencyMs: 0.03 },
  "100 Gbit/s": { bitsPerSecond: 94e9, latencyMs: 0.005 },
};

interface Expectation extends Forecast {
  link: string;
  processes: number;
}

/** The output of --json: of each batch size what was measured, and what the cost model expects. */
export interface JobBench {
  model: string;
  /** Size of an image: height, width, channels. */
  inputSize: readonly [number, number, number];
  parameters: number;
  environment: Environment;
  /** The MPI; null for a process that is alone. */
  library: string | null;
  hosts: number;
  scalings: (Scaling & { forecasts: Expectation[] })[];
}

interface Subject {
  readonly model: Classifier;
  readonly architecture: string;
  readonly inputSize: readonly [number, number, number];
}

/** Times training steps of all processes of the job. Returns what process 0 prints; undefined in the others. */
export async function benchTogether(
  mpi: Mpi,
  { model, architecture, inputSize }: Subject,
  batchSizes: readonly number[],
): Promise<JobBench | undefined> {
  const names = gatherValues(mpi, hostname());
  const scalings: JobBench["scalings"] = [];
  for (const batchSize of batchSizes) {
    const found = await measureScaling(mpi, model, batchSize, inputSize);
    const forecasts = Object.entries(LINKS).flatMap(([link, its]) =>
      PREDICTED.map((processes) => ({ link, processes, ...forecast(found.cost, processes, its) })),
    );
    scalings.push({ ...found, forecasts });
  }
  if (mpi.rank > 0) return undefined;
  return {
    model: architecture,
    inputSize,
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
    environment: environment(),
    library: mpi.library ?? null,
    hosts: new Set(names).size,
    scalings,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const plural = (n: number, one: string, several: string): string =>
  n === 1 ? `1 ${one}` : `${count(n)} ${several}`;

function measured({ batchSize, processes, alone, apart, together, efficiency }: Scaling): string[] {
  const row = (
    what: string,
    { medianMs, minMs, runs }: Scaling["alone"],
    n: number,
    share: string,
  ): string[] => [
    what,
    ...[ms(medianMs), ms(minMs), rate((1000 * n * batchSize) / medianMs), count(runs), share],
  ];
  const head = ["training step", "median ms", "min ms", "images/s", "runs", "efficiency"];
  const rows = [row("one process alone", alone, 1, "100 %")];
  if (processes > 1) {
    rows.push(
      row(`${processes} processes, each its own`, apart, processes, percent(alone.medianMs / apart.medianMs)),
    );
    rows.push(row(`${processes} processes together`, together, processes, percent(efficiency)));
  }
  return table([head, ...rows], head.map((_, i) => (i === 0 ? "left" : "right"))); // prettier-ignore
}

function sums({ gradientBytes, cost, reduceMs, hidden, link, expected, together }: Scaling): string[] {
  const size = `${mega(gradientBytes)} in ${plural(cost.buckets.length, "bucket", "buckets")}`;
  if (!link || !expected) return [`gradients: ${size}`];
  const off = expected.stepMs / together.medianMs - 1;
  const speed = `${(link.bitsPerSecond / 1e9).toPrecision(3)} Gbit/s, ${ms(link.latencyMs)} ms a message`;
  return [
    `gradients: ${size}; their sums by themselves take ${ms(reduceMs)} ms, of which backward hides ${percent(hidden)}`,
    `cost model: at ${speed}, as these sums show, a step takes ${ms(expected.stepMs)} ms (${off < 0 ? "−" : "+"}${percent(Math.abs(off))})`,
  ];
}

function predicted({ cost, forecasts }: JobBench["scalings"][number]): string[] {
  const names = Object.keys(LINKS);
  const cell = ({ stepMs, efficiency }: Forecast): string =>
    `${ms(stepMs)} ms ${percent(efficiency).padStart(6)}`;
  const rows = PREDICTED.map((n) => [
    count(n),
    ...names.map((name) => cell(forecasts.find(({ link, processes }) => link === name && processes === n)!)),
  ]);
  return [
    `predicted: hosts with a step of ${ms(cost.stepMs)} ms each, by links (step, efficiency)`,
    ...table([["processes", ...names], ...rows], ["left", ...names.map(() => "right" as const)]),
  ];
}

/** As text for people. */
export function scalingReport({
  model,
  inputSize,
  parameters,
  environment: its,
  library,
  hosts,
  scalings,
}: JobBench): string {
  const n = scalings[0]!.processes;
  const threads = `${plural(its.threads, "thread", "threads")}${n > 1 ? " each" : ""}`;
  return [
    `${model}, fresh weights: ${count(parameters)} parameters, images of ${inputSize.join("×")}`,
    `fovea ${its.fovea}, ${its.binary} kernels, ${threads}, ${its.cpu}, Node ${its.node}`,
    ...(library === null
      ? []
      : [
          `${plural(n, "process", "processes")} on ${plural(hosts, "host", "hosts")}, ${library.split(",")[0]!}`,
        ]),
    ...scalings.flatMap((each) => [
      ...["", `${plural(each.batchSize, "image", "images")} per process`, ...measured(each)],
      ...[...sums(each), "", ...predicted(each)],
    ]),
  ].join("\n");
}
