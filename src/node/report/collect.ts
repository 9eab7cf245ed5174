// A report's data, from a trained model, its loaders and its history.

import { checkFields } from "../../errors/options.js";
import { disposeBatch, type DataLoader, type LeftOut } from "../../data/index.js";
import type { Module } from "../../nn/index.js";
import type { Schedule } from "../../optim/index.js";
import {
  evaluate,
  gradCam,
  hasTwoParts,
  meanImagesPerSecond,
  type EpochReport,
  type EvaluateOptions,
  type Evaluation,
  type TwoPartModule,
  type WeightsKind,
} from "../../train/index.js";
import { environment } from "../environment.js";
import type { HistoryRow, JudgedPicture, LookedPicture, Picture, ReportData } from "./data.js";
import { Judgement } from "./judgement.js";
import { dataUri, denormalised, overlay, thumbnail } from "./pictures.js";

/** Numbers of pictures shown: mistakes, augmented inputs, and maps of mistakes and of right guesses. */
const MISTAKES = 20;
const SAMPLES = 24;
const LOOKS = 4;
const PAIRS = 12;
/** Points of the learning-rate curve. */
const RATES = 240;

/** Options of collectReport(). */
export interface CollectOptions {
  /** The run's. */
  name: string;
  /** The model's name. */
  architecture: string;
  /** The data's name. Default: the dataset's name. */
  data?: string;
  /** The model to report on. */
  model: Module;
  /** Evaluated again, for results that are not in the history. Without it, the report only shows the history. */
  evalLoader?: DataLoader;
  /** The first batch of its first epoch is shown. */
  trainLoader?: DataLoader;
  /** A row for each epoch. */
  history: readonly HistoryRow[];
  /** The epoch of the history after which the model had these weights, and their kind. Default: the report does not mention it. */
  row?: HistoryRow;
  /** Which weights were evaluated: as trained, or averaged. */
  weights?: WeightsKind;
  /** The run's arguments. */
  args: Readonly<Record<string, unknown>>;
  /** The arguments' defaults. */
  defaults?: Readonly<Record<string, unknown>>;
  /** Notes about the data at the start. */
  notes?: readonly string[];
  /** Files that could not be used. */
  skipped?: readonly LeftOut[];
  /** The command line that started the run. */
  command?: string;
  /** Draws the learning rate's curve step by step. Default: the history's rates. */
  schedule?: Schedule;
  /** Optimizer steps in an epoch, for the schedule. Default: the training loader's batches. */
  stepsPerEpoch?: number;
  /** The result of judge() for model and evalLoader. Default: it is called. */
  judged?: JudgedModel;
  /** Ends the evaluation soon after the signal is aborted. */
  signal?: AbortSignal;
}

/** An evaluation and its details, for a report. */
export interface JudgedModel {
  /** The numbers of the evaluation. */
  readonly evaluation: Evaluation;
  /** Details about single classes and pictures. */
  readonly judgement: Judgement;
}

/** Evaluates a model for a report. @throws as evaluate() */
export async function judge(
  model: Module,
  loader: DataLoader,
  { metrics = [], ...options }: EvaluateOptions = {},
): Promise<JudgedModel> {
  const judgement = new Judgement(MISTAKES, LOOKS);
  const evaluation = await evaluate(model, loader, { ...options, metrics: [judgement, ...metrics] });
  return { evaluation, judgement };
}

/**
 * Evaluates the model, and collects the data for writeReport(). Leaves model and heap unchanged.
 * @throws as evaluate() and the loaders
 */
export async function collectReport(options: CollectOptions): Promise<ReportData> {
  checkFields("collectReport", "options", options, {
    name: "text",
    architecture: "text",
    model: "object",
    history: "list",
    args: "object",
  });
  const { name, architecture, evalLoader, trainLoader, history, args, command } = options;
  const dataset = (evalLoader ?? trainLoader)?.dataset;
  const rates = learningRates(options);
  const summary = trainingSummary(options);
  const { date, ...machine } = environment();
  return {
    name,
    model: architecture,
    dataset: options.data ?? dataset?.name ?? "unknown data",
    date,
    summary,
    history,
    classes: dataset?.classes ?? [],
    environment: {
      ...machine,
      memory: machine.memory > 0 ? `${(machine.memory / 2 ** 30).toFixed(1)} GiB` : "unknown",
    },
    args,
    ...(rates && { learningRates: rates }),
    ...(options.defaults && { defaults: options.defaults }),
    ...(command !== undefined && { command }),
    ...(options.notes && { notes: options.notes }),
    ...(options.skipped && { skipped: options.skipped }),
    ...(trainLoader && { samples: await augmented(trainLoader) }),
    ...(evalLoader && (await judged(options, evalLoader, summary))),
  };
}

function trainingSummary({ history, row, weights }: CollectOptions): ReportData["summary"] {
  const timed = history.filter(
    (one): one is HistoryRow & Pick<EpochReport, "train_count" | "images_per_second"> =>
      Number.isFinite(one.train_count) && Number.isFinite(one.images_per_second),
  );
  const time = timed.map(({ train_count, images_per_second }) => train_count / images_per_second);
  const trained = time.reduce((a, b) => a + b, 0);
  const waited = timed.reduce((sum, { data_wait = NaN }, i) => sum + data_wait * time[i]!, 0);
  return {
    epochs: history.length,
    seconds: history.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    ...(row && { epoch: row.epoch }),
    ...(weights && { weights }),
    ...(timed.length > 0 && { imagesPerSecond: meanImagesPerSecond(timed) }),
    ...(Number.isFinite(waited / trained) && { dataWait: waited / trained }),
  };
}

/** The schedule, replayed: it depends only on the step and the evaluation losses so far. */
function learningRates(options: CollectOptions): ReportData["learningRates"] {
  const { schedule, history, trainLoader, stepsPerEpoch = trainLoader?.batches } = options;
  if (!schedule || !stepsPerEpoch || history.length === 0) return undefined;
  const steps = history.length * stepsPerEpoch;
  const count = Math.min(steps, RATES);
  return Array.from({ length: count }, (_, i) => {
    const step = count === 1 ? 0 : Math.round((i * (steps - 1)) / (count - 1));
    const before = history.slice(0, Math.floor(step / stepsPerEpoch));
    const losses = before.flatMap((row) => row.eval_loss ?? []);
    return { at: (step + 1) / stepsPerEpoch, lr: schedule(step, losses) };
  });
}

/** All results of an evaluation. */
async function judged(
  { model, signal, judged }: CollectOptions,
  loader: DataLoader,
  training: ReportData["summary"],
): Promise<Partial<ReportData>> {
  const { evaluation, judgement } = judged ?? (await judge(model, loader, { ...(signal && { signal }) }));
  const { loss, top1, top5, count: images } = evaluation;
  const { confusion, calibration, precision, mistakes } = judgement;
  const map = precision?.value;
  const gradCam = hasTwoParts(model) ? await looks(model, loader, judgement) : [];
  return {
    summary: { ...training, loss, images, ...(map === undefined ? { top1, top5 } : { map }) },
    mistakes: await Promise.all(mistakes.map((mistake) => shown(loader, mistake))),
    gradCam,
    ...(confusion && {
      confusion: confusion.matrix,
      confused: confusion.mostConfused(PAIRS),
      perClass: confusion.perClass(),
    }),
    ...(calibration && { calibration: { ece: calibration.ece, bins: calibration.bins } }),
    ...(precision && { perClass: precision.perClass() }),
  };
}

type Judged = Judgement["mistakes"][number];

/** A file's name, preceded by its folder's unless that is a class of the picture. */
function shortened(path: string, classes: readonly string[]): string {
  const [folder, file] = path.split(/[/\\]/).slice(-2) as [string, string?];
  return file === undefined ? folder : classes.includes(folder) ? file : `${folder}/${file}`;
}

function named(
  loader: DataLoader,
  { index, truth, guess, probability }: Judged,
): Omit<JudgedPicture, "src" | "width" | "height"> {
  const { classes } = loader.dataset;
  const names = truth.map((label) => classes[label]!);
  const file = loader.dataset.path?.(index);
  const said = { truth: names.join(", "), guess: classes[guess]!, probability };
  return {
    ...said,
    caption: file === undefined ? `image ${index}` : shortened(file, names),
    ...(file !== undefined && { file }),
  };
}

/** The dataset's own picture, before any transform. */
async function shown(loader: DataLoader, judged: Judged): Promise<JudgedPicture> {
  const image = thumbnail(await loader.dataset.image(judged.index));
  const { width, height } = image;
  return { src: dataUri(image), width, height, ...named(loader, judged) };
}

/** Grad-CAM of the worst mistakes and of some right guesses, each for the guess. */
async function looks(
  model: TwoPartModule,
  loader: DataLoader,
  { mistakes, right }: Judgement,
): Promise<LookedPicture[]> {
  const chosen = [...right, ...mistakes.slice(0, LOOKS)];
  if (chosen.length === 0) return [];
  const batch = await loader.batch(Uint32Array.from(chosen, ({ index }) => index));
  try {
    const { maps } = gradCam(model, batch.images, chosen.map(({ guess }) => guess)); // prettier-ignore
    const inputs = picturesOf(batch.images.data(), batch.images.shape, loader);
    return chosen.map((judged, i) => {
      const { picture, overlay: laid } = overlay(inputs[i]!, maps[i]!);
      const { width, height } = picture;
      return { src: dataUri(picture), overlay: dataUri(laid), width, height, ...named(loader, judged) };
    });
  } finally {
    disposeBatch(batch);
  }
}

/** A batch's images [n,h,w,c] as pictures again. */
function picturesOf(data: Float32Array, shape: readonly number[], { normalization }: DataLoader) {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const size = height * width * channels;
  return Array.from({ length: n }, (_, i) =>
    denormalised({ data: data.subarray(i * size, (i + 1) * size), height, width, channels }, normalization),
  );
}

/** The first training inputs. */
async function augmented(loader: DataLoader): Promise<Picture[]> {
  const { classes } = loader.dataset;
  for await (const batch of loader.epoch(0)) {
    try {
      const count = Math.min(SAMPLES, batch.indices.length);
      const pixels = batch.images.data();
      const pictures = picturesOf(pixels, [count, ...batch.images.shape.slice(1)], loader);
      const labels = batch.labels.data();
      const targets = batch.targets?.data();
      return pictures.map((picture, i) => {
        const image = thumbnail(picture);
        const row = targets?.subarray(i * classes.length, (i + 1) * classes.length);
        const caption = row ? mixture(row, classes) : classes[labels[i]!]!;
        return { src: dataUri(image), width: image.width, height: image.height, caption };
      });
    } finally {
      disposeBatch(batch);
    }
  }
  return [];
}

/** Soft targets in words: "cat 0.62, dog 0.38". */
function mixture(row: ArrayLike<number>, classes: readonly string[]): string {
  const parts = classes.map((name, i) => ({ name, share: row[i]! })).filter(({ share }) => share > 0.005);
  const main = parts.sort((a, b) => b.share - a.share).slice(0, 3);
  if (main.every(({ share }) => share > 0.995)) return main.map(({ name }) => name).join(", ");
  return main.map(({ name, share }) => `${name} ${share.toFixed(2)}`).join(", ");
}
