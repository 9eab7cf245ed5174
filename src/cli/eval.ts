// fovea eval: evaluates a trained model.

import { basename } from "node:path";
import type { Command } from "commander";
import { DataLoader, resizeOf, type OnError, type Preprocessing } from "../data/index.js";
import { short } from "../errors.js";

import type { Mpi } from "../mpi/index.js";
import { csvText } from "../node/csv.js";
import type { EvalPart } from "../node/eval-part.js";
import { writeFileAtomic } from "../node/files.js";
import { choice, text } from "../errors/kinds.js";
import { digestsOf, type PartDigest } from "../node/held-out.js";
import { modelDigest } from "../node/model-digest.js";
import { Predictions } from "../node/predictions.js";
import { defaultWorkers, evalTransforms, fits } from "../node/preprocessing.js";
import { leftOutNotes } from "../node/datasets/index.js";
import { relabel } from "../node/relabel.js";
import { collectReport, judge, writeReport } from "../node/report/index.js";
import { unreadable } from "../node/skipped.js";
import { Counter } from "../node/status-line.js";
import { UsageError } from "../node/usage-error.js";
import { checkAlike } from "../train/same.js";
import { taskOf, type Metric, type MetricBatch, type Tta } from "../train/index.js";
import { confusionRows, evaluationJson, evaluationText } from "./eval-output.js";
import {
  addDataOptions,
  addLoadOptions,
  addModelOptions,
  dataFrom,
  evalBatchSize,
  evalPartFrom,
  modelFrom,
  parser,
  useLoadOptions,
  type DataFlags,
  type LoadFlags,
  type ModelFlags,
} from "./options.js";
import { asJob, checkEnough, leaderFirst } from "./job.js";
import { requireWritable } from "./outputs.js";
import { refuseUseless } from "./parser.js";
import { preparationFor } from "./preparation.js";

interface Files {
  report?: string;
  confusion?: string;
  predictions?: string;
}

type Flags = ModelFlags & DataFlags & LoadFlags & Files & { tta?: Tta; onError?: OnError; json?: true };

/** Ten crops need pictures larger than the model's. */
function withMargin(preparation: Preprocessing): Preprocessing {
  const resize = resizeOf(preparation);
  const [height, , channels] = preparation.inputSize;
  const side = resize > height ? resize : Math.round((height * 8) / 7);
  return { ...preparation, cropPct: 1, inputSize: [side, side, channels] };
}

/** Updates a counter with every batch. */
class Counted implements Metric {
  readonly counter: Counter;
  #done = 0;

  constructor(images: number) {
    this.counter = new Counter("evaluated", images);
  }

  update({ indices }: MetricBatch): void {
    this.counter.at((this.#done += indices.length));
  }
}

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program.command("eval").description("evaluate a trained model on a labelled dataset");
  const file = parser(text);
  addLoadOptions(addDataOptions(addModelOptions(command)))
    .option(
      "--tta <kind>",
      "average several views: flip or ten-crop",
      parser(choice(() => ["flip", "ten-crop"])),
    )
    .option(
      "--on-error <what>",
      "images that cannot be read: throw (the first ends the evaluation) or skip (they are listed and left out)",
      parser(choice(() => ["throw", "skip"] as const)),
      "throw",
    )
    .option("--report <file.html>", "write a report for the browser", file)
    .option("--confusion <file.csv>", "write the confusion matrix: a row for each true class", file)
    .option(
      "--predictions <file.csv>",
      "write the model's prediction for each image: file,label,predicted,probability,correct,label_probability",
      file,
    )
    .option(
      "--json",
      "as JSON: { top1, top5, loss, images, split, perClass, confused, calibrationError, mistakes, skipped }, accuracies as fractions; " +
        "also mAP with several classes per picture",
    )
    .action((argument: string | undefined, flags: Flags) =>
      asJob("eval", (mpi) => evaluateInJob(mpi, argument, flags)),
    );
}

async function evaluateInJob(mpi: Mpi, argument: string | undefined, flags: Flags): Promise<void> {
  const source = dataFrom(argument, flags);
  await useLoadOptions(flags);
  const trained = await leaderFirst(mpi, () => modelFrom(flags));
  const { model, architecture, classes } = trained;
  const opened = (): Promise<EvalPart> => evalPartFrom(source, flags, trained.trainedOn);
  const part = await (flags.download ? leaderFirst(mpi, opened) : opened());
  const data = relabel(part.data, model.numClasses, classes);
  if (flags.confusion !== undefined && !taskOf(data).metrics().confusion) {
    throw new UsageError(`--confusion: images of ${data.name} have several classes each; expected one`);
  }
  const leads = mpi.rank === 0;
  if (leads) await requireWritable([flags.report, flags.confusion, flags.predictions]);
  for (const note of [...part.notes, part.note ?? []].flat()) console.error(`fovea: ${note}`);
  if (fits(data, trained.preparation(data)) && flags.tta !== "ten-crop") {
    refuseUseless(
      flags,
      ["interpolation", "resample", "cropMode"],
      `images of ${short(source)} have the model's size`,
    );
  }
  const prepared = preparationFor(trained, data);
  if (mpi.size > 1) {
    checkEnough("eval", mpi, data.length, "images");
    const [{ images, sha256 }] = digestsOf([data]) as [PartDigest];
    checkAlike("eval", mpi, {
      "the model": modelDigest(trained, prepared),
      "the number of images": String(images),
      "the images' names or classes": sha256,
    });
  }
  const loader = new DataLoader(data, {
    group: mpi,
    batchSize: flags.batchSize ?? evalBatchSize(prepared.inputSize[0]),
    workers: flags.workers ?? defaultWorkers(data),
    onError: flags.onError ?? "throw",
    ...evalTransforms(data, flags.tta === "ten-crop" ? withMargin(prepared) : prepared),
  });
  const counted = new Counted(data.length);
  const predictions = new Predictions(data);
  const metrics = [counted, ...(flags.predictions === undefined ? [] : [predictions])];
  const tta = flags.tta && { tta: flags.tta, crop: prepared.inputSize[0] };
  try {
    const judged = await judge(model, loader, { metrics, ...tta }).finally(() => counted.counter.end());
    const skipped = unreadable(loader);
    if (!leads) return;
    if (flags.predictions !== undefined) await writeFileAtomic(flags.predictions, predictions.csv);
    if (flags.confusion !== undefined) {
      const rows = confusionRows(judged.judgement.confusion!.matrix, data.classes);
      await writeFileAtomic(flags.confusion, csvText(rows));
    }
    if (flags.report !== undefined) {
      const report = await collectReport({
        name: reportName(flags, source),
        architecture,
        data: basename(source),
        model,
        evalLoader: loader,
        judged,
        history: [],
        skipped,
        args: { ...argumentsOf(argument, flags), ...splitOf(part) },
        command: `fovea ${process.argv.slice(2).join(" ")}`,
      });
      await writeReport(flags.report, report);
    }
    for (const note of leftOutNotes(skipped)) console.error(`fovea: ${note}`);
    const shown = flags.json
      ? JSON.stringify({ ...evaluationJson(judged, data, splitOf(part)), skipped }, null, 2)
      : evaluationText(judged, data, process.stdout.isTTY ? process.stdout.columns : Infinity);
    console.log(shown);
  } finally {
    loader.close();
  }
}

/** The evaluated part, and how the dataset was split if necessary. */
function splitOf({ split, valFraction, seed }: EvalPart): Omit<EvalPart, "data" | "notes"> {
  return { split, ...(valFraction !== undefined && { valFraction }), ...(seed !== undefined && { seed }) };
}

/** "resnet18-photos on photos" */
function reportName({ model, weights, pretrained }: Flags, data: string): string {
  const which = [model, weights, pretrained].find((name) => typeof name === "string") ?? "model";
  return `${basename(which)} on ${basename(data)}`;
}

function argumentsOf(data: string | undefined, flags: Flags): Record<string, unknown> {
  return { ...(data !== undefined && { data }), ...flags };
}
