// fovea bench: how fast a model is on this machine.

import type { Command } from "commander";
import { ShapeError, reason, short } from "../errors.js";
import { integer, list } from "../errors/kinds.js";
import { createModel, findModel, type Classifier } from "../models/index.js";
import { summary } from "../nn/index.js";
import { environment, type Environment } from "../node/environment.js";
import { preparationFor } from "../node/preprocessing.js";
import { measureSpeed, type Speed } from "../node/speed.js";
import { count } from "../node/status-line.js";
import { UsageError } from "../node/usage-error.js";
import { launched, type Mpi } from "../mpi/index.js";
import { runtime } from "../wasm/runtime.js";
import { benchTogether, scalingReport } from "./bench-job.js";
import { asJob } from "./job.js";
import { addModelOptions, modelFrom, parser, eitherOf, useLoadOptions, type ModelFlags } from "./options.js";
import { refuseUseless } from "./parser.js";
import { ms, rate, table } from "./table.js";

interface Flags extends ModelFlags {
  batchSize?: number[];
  threads?: number;
  eager?: true;
  train?: true;
  mpi?: true;
  json?: true;
}

/** The output of --json. */
interface Bench {
  model: string;
  /** The given file or folder, or the name of published weights; null for fresh ones. */
  weights: string | null;
  /** Size of an image: height, width, channels. */
  inputSize: readonly [number, number, number];
  parameters: number;
  /** Milliseconds to make the model with fresh weights, or to load it. */
  loadMs: number;
  environment: Environment;
  /** residentGrowth: bytes by which the process has grown since before the model was made. */
  speeds: (Omit<Speed, "residentBytes"> & { residentGrowth: number })[];
}

/** Largest reasonable batch size. */
const MOST_IMAGES = 65_536;

/** Images of a training step, if --batch-size is not given. */
const TRAINED_AT_ONCE = 32;

const batchSizes = parser(list(integer(1, MOST_IMAGES)));

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("bench")
    .description(
      "time a model on this machine, compiled as predict and eval use it: latency, images per second, memory",
    )
    .argument("[model]", "a model's name (fresh weights), or a folder: a saved model or a run");
  addModelOptions(command, { classes: false, preparation: false })
    .option("--img-size <n>", "side of the images in pixels (default: the model's)", parser(integer(8, 4096)))
    .option(
      "-b, --batch-size <n,…>",
      "images at once, of each process; several sizes are timed one after the other (default: 1; 32 with --mpi)",
      (value, before: number[] = []) => [...new Set([...before, ...batchSizes(value)])],
    )
    .option("--threads <n>", "threads that compute (default: all processors)", parser(integer(1, 64)))
    .option("--eager", "also time the model's own forward(), in turns")
    .option("--train", "also time a training step: forward, backward, update")
    .option(
      "--mpi",
      "time training steps of all processes that mpirun started, and predict those of more processes (under mpirun: the default)",
    )
    .option(
      "--json",
      "as JSON: { model, weights, inputSize, parameters, loadMs, environment, speeds }, times in milliseconds, memory in bytes",
    )
    .addHelpText(
      "after",
      "\nEach is timed for two seconds after a warm-up of a third of a second. images/s: batch size / median time; p95: of 20 runs or more.",
    )
    .action(async (argument: string | undefined, flags: Flags) => {
      const model = eitherOf(argument, "--model", flags.model);
      const all = { ...flags, ...(model !== undefined && { model }) };
      if (flags.mpi || launched()) return asJob("bench", (mpi) => benchJob(mpi, all));
      const found = await bench(all);
      console.log(flags.json ? JSON.stringify(found, null, 2) : report(found));
    });
}

interface Subject {
  model: Classifier;
  architecture: string;
  inputSize: readonly [number, number, number];
}

/** The model with the weights that flags name, or with fresh ones. @throws UsageError if there is no such model */
async function subject(flags: ModelFlags): Promise<Subject> {
  const { model: name, weights, pretrained, smallImages, imgSize } = flags;
  if (name === undefined && weights === undefined && pretrained === undefined) {
    throw new UsageError("--model: missing; expected a model's name, or a folder");
  }
  const info = name === undefined ? undefined : findModel(name);
  if (!info || weights !== undefined || pretrained !== undefined) {
    const { model, architecture, preparation } = await modelFrom(flags);
    return { model, architecture, inputSize: preparation().inputSize };
  }
  const { limits, name: architecture } = info;
  if (smallImages && (limits.smallImages !== undefined || limits.small)) {
    throw new UsageError(`--small-images: of no use; ${architecture} has only one form here`);
  }
  const model = createModel(architecture, { ...(smallImages && { smallImages }) }).eval();
  for (const parameter of model.parameters()) parameter.compute(); // drawn now: loading weights does the same
  const { inputSize } = preparationFor(architecture, undefined, {
    imgSize: imgSize ?? (smallImages ? 32 : null),
  });
  return { model, architecture, inputSize };
}

/** @throws UsageError for images of a size that the model refuses */
function requireSize({ model, architecture, inputSize }: Subject): void {
  try {
    summary(model, [1, ...inputSize]);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const [height, width] = inputSize;
    throw new UsageError(
      `--img-size: ${architecture} refuses images of ${height}×${width}; ${reason(error)}`,
    );
  }
}

/** All processes of a job at once; process 0 prints. */
async function benchJob(mpi: Mpi, flags: Flags): Promise<void> {
  refuseUseless(flags, ["eager", "train"], "processes of a job time training steps");
  await useLoadOptions({ ...(flags.threads && { threads: flags.threads }) });
  void runtime().tile;
  const its = await subject(flags);
  try {
    requireSize(its);
    const found = await benchTogether(mpi, its, flags.batchSize ?? [TRAINED_AT_ONCE]);
    if (found) console.log(flags.json ? JSON.stringify(found, null, 2) : scalingReport(found));
  } finally {
    its.model.dispose();
  }
}

async function bench(flags: Flags): Promise<Bench> {
  await useLoadOptions({ ...(flags.threads && { threads: flags.threads }) });
  void runtime().tile; // chosen by timing, which is not part of any model's time
  const resident = process.memoryUsage.rss();
  const begin = performance.now();
  const its = await subject(flags);
  const loadMs = performance.now() - begin;
  const { model, architecture, inputSize } = its;
  const { weights, pretrained } = flags;
  try {
    requireSize(its);
    const speeds: Bench["speeds"] = [];
    for (const batchSize of flags.batchSize ?? [1]) {
      for (const { residentBytes, ...speed } of await measureSpeed(model, batchSize, inputSize, flags)) {
        speeds.push({ ...speed, residentGrowth: residentBytes - resident });
      }
    }
    const named = pretrained === true ? architecture : (pretrained ?? weights);
    return {
      model: architecture,
      weights: named ?? (findModel(flags.model!) ? null : flags.model!),
      inputSize,
      parameters: model.parameters().reduce((n, p) => n + p.size, 0),
      loadMs,
      environment: environment(),
      speeds,
    };
  } finally {
    model.dispose();
  }
}

const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? "–" : (bytes / 2 ** 20).toFixed(1);

/** As text for people. */
function report({ model, weights, inputSize, parameters, loadMs, environment: its, speeds }: Bench): string {
  const from = weights === null ? "fresh weights" : `weights of ${short(weights)}`;
  const vectors = its.simd256 ? ", 256-bit vectors" : "";
  const threads = its.threads === 1 ? "1 thread" : `${its.threads} threads`;
  const rows = speeds.map((speed) => [
    speed.work,
    ...[count(speed.batchSize), ms(speed.compileMs), ms(speed.firstMs), ms(speed.medianMs), ms(speed.p95Ms)],
    ...[ms(speed.minMs), rate(speed.imagesPerSecond), count(speed.runs)],
    ...[mebibytes(speed.compiledBytes), mebibytes(speed.residentGrowth)],
  ]);
  const names = "work,images,compile ms,first ms,median ms,p95 ms,min ms,images/s,runs,model MiB,process MiB";
  const head = names.split(",");
  return [
    `${model}, ${from}: ${count(parameters)} parameters, images of ${inputSize.join("×")}`,
    `fovea ${its.fovea}, ${its.binary} kernels${vectors}, ${threads}, ${its.cpu}, Node ${its.node}`,
    `${weights === null ? "made" : "loaded"} in ${ms(loadMs)} ms`,
    "",
    ...table(
      [head, ...rows],
      head.map((_, i) => (i === 0 ? "left" : "right")),
    ),
  ].join("\n");
}
