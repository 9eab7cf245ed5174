// A whole training run: from arguments to a run folder.

import { checkFields, checkKinds } from "../errors/options.js";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Group } from "../core/group.js";
import { manualSeed } from "../core/random.js";
import type { LeftOut } from "../data/index.js";
import { DataError, reason, short, WasmError } from "../errors.js";
import { unfreeze } from "../nn/index.js";
import type { Schedule } from "../optim/index.js";
import {
  bestEpoch,
  bestWeights,
  captureCheckpoint,
  evaluationsOf,
  fit,
  meanImagesPerSecond,
  NonFiniteLossError,
  restoreCheckpoint,
  startPosition,
  type Checkpoint,
  type EpochReport,
  type EvaluatedWeights,
  type StepReport,
  type TrainingPosition,
  type WeightsKind,
} from "../train/index.js";
import { aborted, checkAlike } from "../train/same.js";
import { version } from "../version.js";
import { init, type Binary } from "../wasm/runtime.js";
import { readCheckpoint, saveCheckpoint } from "./checkpoint.js";
import type { LoadedDataset } from "./datasets/index.js";
import { environment } from "./environment.js";
import { configOf } from "../pretrained/config.js";
import { saveConfig } from "./model-folder.js";
import { collectReport, writeReport } from "./report/index.js";
import { defaultsBeside, isInUse, trainNames } from "./resolve-arguments.js";
import { checkEpochs, checkResumed, checkSameData, dataOf, resumeNote } from "./resumed-run.js";
import { LOCK_FILE } from "./run-lock.js";
import { RunFolder, type Metrics, type Scores } from "./run-folder.js";
import { SkippedFiles } from "./skipped.js";
import { EventWriter } from "./tensorboard.js";
import type { TrainArguments } from "./train-arguments.js";
import { groupNotes, ranksOf, sharedCheckpoint } from "./training-group.js";
import { setUpTraining, type Setup } from "./training-setup.js";
import { loadWeights, saveWeights } from "./weights.js";

/** A running training run; `binary`: the kernels that compute. */
export interface Training extends Setup {
  /** Which kernels compute. */
  binary: string;
  /** How many processes the run began with. @hidden */
  ranks: number;
}

/** Functions that runTraining() calls. */
export interface TrainingHooks {
  /** The data, if argumentsByData() has read them. */
  data?: LoadedDataset;
  /** Called when data, model and run folder are ready, before the first step. */
  onStart?: (training: Training, run: RunFolder) => void;
  /** Called with notes, a sentence each: after onStart. */
  onNote?: (note: string) => void;
  /** Called after every step. */
  onStep?: (report: StepReport) => void;
  /** Called after every epoch and its evaluation. */
  onEpoch?: (report: EpochReport) => void;
  /** At the end, if there were files that could not be used; `path` is their list. */
  onSkipped?: (files: readonly LeftOut[], path: string) => void;
  /** Ends training after the current step; its checkpoint is saved. */
  signal?: AbortSignal;
  /** The processes that train together; rank 0 writes the run's folder and calls the other hooks. Default: this one alone. */
  group?: Group;
  /** The command line, for the report. */
  command?: string;
}

/**
 * Trains according to the arguments and writes the run folder. Returns the final numbers; undefined if the signal ended it, in
 * which case resuming gives the same bits as an uninterrupted run.
 * @throws DataError for arguments that make no sense, before anything is trained or written; NonFiniteLossError, with
 * the batch saved in the run folder
 */
export async function runTraining(
  args: TrainArguments,
  hooks: TrainingHooks = {},
): Promise<Metrics | undefined> {
  checkFields("runTraining", "args", args, { model: "text", data: "path" });
  checkKinds("runTraining", { hooks }, { hooks: "object" });
  const group = hooks.group && hooks.group.size > 1 ? hooks.group : undefined;
  const run = !group || group.rank === 0 ? await claimFolder(args) : undefined;
  try {
    return await trainInto(run, args, hooks, group);
  } finally {
    await run?.release();
  }
}

async function trainInto(
  run: RunFolder | undefined,
  args: TrainArguments,
  hooks: TrainingHooks,
  group: Group | undefined,
): Promise<Metrics | undefined> {
  const path = run?.checkpoint ?? "the checkpoint";
  const before = sharedCheckpoint(group, run && args.resume !== null ? readCheckpoint(path) : undefined);
  if (before) {
    checkResumed(path, args, before);
    checkEpochs(path, args, before);
  } else if (run && existsSync(path)) {
    throw new DataError(`${run.path}: holds a training run already; resume it, or choose another folder`);
  }
  const { binary } = startKernels(path, args, before);
  manualSeed(args.seed);
  const ranks = ranksOf(group, before);
  const training = { ...(await setUpTraining(args, hooks.data, group, ranks)), binary, ranks };
  try {
    if (group)
      checkAlike("train", group, { "fovea's version": version, "the kernels": binary, ...alike(training) });
    if (before) checkSameData(path, training, before);
    await run?.open();
    const position = before ? restoreCheckpoint(training, before, path) : startPosition();
    const about = environment();
    const describeRun = async (): Promise<void> => {
      const { model, preparation, classes, trainedOn } = training;
      if (!run) return;
      await run.writeArgs({ ...args, classes, environment: about });
      const { smallImages } = args;
      const config = configOf(args.model, preparation, { classes, smallImages, trainedOn });
      await saveConfig(run.path, model, config);
    };
    await describeRun();
    const { leftOut, trainLoader, evalLoader } = training;
    const notes = [...training.notes, ...(group ? groupNotes(args, ranks, group) : [])];
    const loaders = [trainLoader, ...(evalLoader ? [evalLoader] : [])];
    const skipped = new SkippedFiles(run?.file("skipped.csv"), leftOut, loaders, before !== undefined);
    await skipped.write();
    if (run) hooks.onStart?.({ ...training, notes }, run);
    if (run && before) hooks.onNote?.(resumeNote(args, position, before));
    await train(args, training, run, position, skipped, hooks, group);
    const stopped = aborted(group, hooks.signal);
    if (stopped && run) await save(args, training, run, position);
    skipped.collect();
    if (!run) return undefined;
    const { files } = skipped;
    if (files.length > 0) hooks.onSkipped?.(files, skipped.path!);
    if (stopped) return undefined;
    const metrics = { ...finalNumbers(training, position), skipped: files.length, notes };
    if (!["args.json", "config.json"].every((name) => existsSync(run.file(name)))) await describeRun();
    await run.writeMetrics(metrics);
    await report(args, training, run, position, files, hooks);
    return hooks.signal?.aborted ? undefined : metrics;
  } finally {
    training.end();
  }
}

/** The run's folder, claimed: the given one, otherwise runs/<model>-<data>, with a number if that is taken. */
async function claimFolder({ resume, out, model, data }: TrainArguments): Promise<RunFolder> {
  const requested = resume ?? out;
  const base = `runs/${model}-${data.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "")}`;
  for (let n = 1; ; n++) {
    const run = new RunFolder(requested ?? (n === 1 ? base : `${base}-${n}`));
    if (resume !== null && !existsSync(run.path)) return run; // reading it reports the error
    if (requested === null && existsSync(run.path)) continue;
    try {
      await run.claim();
      return run;
    } catch (error) {
      if (requested !== null || !existsSync(run.file(LOCK_FILE))) throw error; // another process was quicker
    }
  }
}

/** @throws WasmError naming the checkpoint if its kernels do not run here */
function startKernels(
  path: string,
  { threads }: TrainArguments,
  before: Checkpoint | undefined,
): { binary: string } {
  const options = threads === null ? {} : { threads };
  if (!before) return init(options);
  try {
    return init({ ...options, binary: before.state.binary as Binary });
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    throw new WasmError(`${path}: of ${short(before.state.binary)} kernels: ${error.message}`);
  }
}

async function save(
  args: TrainArguments,
  training: Training,
  run: RunFolder,
  position: TrainingPosition,
): Promise<void> {
  await run.check();
  const about = { args, ranks: training.ranks, ...dataOf(training) };
  await saveCheckpoint(run.checkpoint, captureCheckpoint(training, position, about));
}

/** What all processes must have alike, each in words. */
const alike = (training: Training): Record<string, string> =>
  Object.fromEntries(
    Object.entries(dataOf(training)).map(([name, value]) => [`the data's ${name}`, String(value)]),
  );

async function train(
  args: TrainArguments,
  training: Training,
  run: RunFolder | undefined,
  position: TrainingPosition,
  skipped: SkippedFiles,
  { onStep, onEpoch, signal }: TrainingHooks,
  group: Group | undefined,
): Promise<void> {
  const { model, trainLoader } = training;
  const purge = position.history.length || position.step ? { purgeStep: position.epoch } : {};
  const events = run && new EventWriter(run.file("tensorboard"), purge);
  let saved = performance.now();
  const thaw = (): void => {
    if (args.freezeEpochs !== null && position.epoch > args.freezeEpochs) unfreeze(model);
  };
  thaw();
  let done = false;
  try {
    const { optimizer, schedule, loss, evalLoader, ema } = training;
    await fit(model, trainLoader, {
      optimizer,
      schedule,
      loss,
      ...(evalLoader && { evalLoader }),
      ...(ema && { ema }),
      epochs: args.epochs,
      accumulate: args.gradAccumSteps,
      evalInterval: args.valInterval,
      ...(args.clipGrad !== null && { clip: { [args.clipMode]: args.clipGrad } }),
      ...(args.patience !== null && { patience: args.patience }),
      position,
      ...(signal && { signal }),
      ...(onStep && run && { onStep }),
      ...(group && args.syncBn && { syncBatchNorm: true }),
      async onEpoch(row, history) {
        await run?.writeEpoch(history, model, training.ema);
        await skipped.write();
        await events?.epoch(row);
        if (run) onEpoch?.(row);
      },
      async onPosition() {
        const due = args.checkpointInterval > 0 && performance.now() - saved > args.checkpointInterval * 1000;
        if (position.step > 0 && !due) return;
        if (run) await save(args, training, run, position);
        saved = performance.now();
        if (position.step === 0) thaw();
      },
    });
    done = true;
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    if (!run) throw error;
    const path = run.file("failed-batch.safetensors");
    error.message += await saveWeights(path, error.batch).then(
      () => `; the batch is in ${short(path)}`,
      (why: unknown) => `; ${reason(why)}`,
    );
    throw error;
  } finally {
    await events?.close().catch((error: unknown) => {
      if (done) throw error; // otherwise it would hide the error that ended the training
    });
  }
}

const scoresOf = (evaluated: EvaluatedWeights | undefined): Scores => ({
  top1: evaluated?.top1 ?? null,
  top5: evaluated?.top5 ?? null,
  loss: evaluated?.loss ?? null,
  ...(evaluated?.map !== undefined && { map: evaluated.map }),
});

function finalNumbers({ classes, ema }: Training, { history }: TrainingPosition): Metrics {
  const best = bestWeights(history);
  const last = evaluationsOf(history.at(-1)!);
  const lastOf = (kind: WeightsKind): Scores => scoresOf(last.find(({ weights }) => weights === kind));
  return {
    ...scoresOf(best),
    bestEpoch: bestEpoch(history)!.epoch,
    bestWeights: best?.weights ?? "trained",
    last: lastOf("trained"),
    ...(ema && { lastEma: lastOf("ema") }),
    epochs: history.length,
    seconds: history.reduce((sum, row) => sum + row.seconds, 0),
    imagesPerSecond: meanImagesPerSecond(history),
    classes,
  };
}

/** Whether the epochs were trained with this schedule: another one applied before more epochs were requested. */
function explains(schedule: Schedule, history: readonly EpochReport[], stepsPerEpoch: number): boolean {
  return history.every(({ lr }, i) => {
    const losses = history.slice(0, i).flatMap((row) => row.eval_loss ?? []);
    return lr === schedule((i + 1) * stepsPerEpoch - 1, losses);
  });
}

/** Writes report.html, for the best weights. */
async function report(
  args: TrainArguments,
  training: Training,
  run: RunFolder,
  { history }: TrainingPosition,
  skipped: readonly LeftOut[],
  { signal, command }: TrainingHooks,
): Promise<void> {
  const { model, alone, schedule, evalLoader, ...rest } = training;
  const trainLoader = alone.train;
  const stepsPerEpoch = Math.ceil(training.trainLoader.batches / args.gradAccumSteps);
  await loadWeights(model, run.best);
  try {
    const data = await collectReport({
      ...rest,
      model,
      trainLoader,
      ...(evalLoader && { evalLoader: alone.val! }),
      ...(explains(schedule, history, stepsPerEpoch) && { schedule }),
      name: basename(run.path),
      architecture: args.model,
      data: basename(args.data),
      history,
      ...bestWeights(history),
      args: Object.fromEntries(
        trainNames.filter((name) => isInUse(args, name)).map((name) => [name, args[name]]),
      ),
      defaults: defaultsBeside(args),
      skipped,
      stepsPerEpoch,
      ...(signal && { signal }),
      ...(command !== undefined && { command }),
    });
    await writeReport(run.file("report.html"), data);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
