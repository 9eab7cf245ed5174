// The output of fovea eval: as text for people, as JSON for programs, as files.

import { percent } from "../node/report/html.js";
import type { Judged, JudgedModel } from "../node/report/index.js";
import { count, cut } from "../node/status-line.js";
import type { ClassScores } from "../train/index.js";
import type { Dataset } from "../data/index.js";
import { table, type Align } from "./table.js";

/** Shown to people: classes in full up to this many, then the worst of them; confused pairs; mistakes. */
const CLASSES = 60;
const WORST = 20;
const PAIRS = 5;
const MISTAKES = 5;
/** Limits in JSON. */
const ALL_PAIRS = 20;

type Scores = ClassScores & { ap?: number };
type ClassLine = Scores & { name: string };

/** The scores of each class, in the order of the classes. */
export function perClassOf({ judgement }: JudgedModel): Scores[] {
  return judgement.confusion?.perClass() ?? judgement.precision?.perClass() ?? [];
}

/** Path of image i, or its number. */
const placeOf = (dataset: Dataset, i: number): string => dataset.path?.(i) ?? `image ${i}`;

/** For --json: first the documented numbers, then the part of the data that they belong to. */
export function evaluationJson(judged: JudgedModel, dataset: Dataset, split: object = {}): object {
  const { evaluation, judgement } = judged;
  const { top1, top5, map, loss, count: images } = evaluation;
  const { classes } = dataset;
  const { confusion, calibration, mistakes } = judgement;
  const perClass = perClassOf(judged).map(({ support, ...scores }, i) => ({
    class: classes[i]!,
    ...scores,
    count: support,
  }));
  const pairs = confusion
    ?.mostConfused(ALL_PAIRS)
    .map(({ label, guess, ...rest }) => ({ class: classes[label]!, predicted: classes[guess]!, ...rest }));
  return {
    ...{ top1, top5, map, loss, images },
    ...split,
    perClass,
    ...(pairs && { confused: pairs }),
    ...(calibration && { calibrationError: calibration.ece }),
    mistakes: mistakes.map(({ index, truth, guess, probability }) => ({
      file: placeOf(dataset, index),
      class: truth.map((label) => classes[label]!).join("|"),
      predicted: classes[guess]!,
      probability,
    })),
  };
}

/** The classes' scores and their mean; only the worst if there are many classes. */
function classTable(judged: JudgedModel, classes: readonly string[], width: number): string[] {
  const scores = perClassOf(judged);
  const ap = scores.some((one) => one.ap !== undefined);
  const measure = ({ ap: precision, f1 }: Scores): number => (ap ? (precision ?? NaN) : f1);
  const guessed = ({ precision, support }: Scores): boolean => support > 0 || precision > 0;
  const all = scores.map((one, i): ClassLine => ({ ...one, name: classes[i]! })).filter(guessed);
  const worst = [...all].sort((a, b) => measure(a) - measure(b)).slice(0, WORST);
  const shown = all.length <= CLASSES ? all : worst;
  const share = (value: number): string => percent(value, 1);
  const line = ({ name, ap: average, precision, recall, f1, support }: ClassLine): string[] => [
    name,
    ...(ap ? [share(average ?? NaN)] : []),
    ...[precision, recall, f1].map(share),
    count(support),
  ];
  const macro = judged.judgement.confusion?.macro();
  const rows = [
    ["class", ...(ap ? ["AP"] : []), "precision", "recall", "F1", "count"],
    ...shown.map(line),
    ...(macro ? [line({ ...macro, name: "mean of the classes" })] : []),
  ];
  const aligns = rows[0]!.map((_, i): Align => (i === 0 ? "left" : "right"));
  const rest = all.length - shown.length;
  return [
    ...table(rows, aligns, width),
    ...(rest ? [`the ${WORST} worst of ${count(all.length)} classes; --json and --report have all`] : []),
  ];
}

function confusedLines({ judgement }: JudgedModel, classes: readonly string[], width: number): string[] {
  const pairs = judgement.confusion?.mostConfused(PAIRS) ?? [];
  if (pairs.length === 0) return [];
  const half = Math.max(8, Math.floor((width - 36) / 2)); // for each name, beside the rest of the line
  const rows = pairs.map(({ label, guess, count: n, share }) => [
    `  ${cut(classes[label]!, half)} taken for ${cut(classes[guess]!, half)}`,
    count(n),
    percent(share, 1),
  ]);
  return ["", "most confused", ...table(rows, ["left", "right", "right"], width)];
}

function mistakeLines(mistakes: readonly Judged[], dataset: Dataset): string[] {
  if (mistakes.length === 0) return [];
  const { classes } = dataset;
  const lines = mistakes.slice(0, MISTAKES).map(({ index, truth, guess, probability }) => {
    const is = truth.map((label) => classes[label]!).join(", ") || "none";
    return `  ${placeOf(dataset, index)}  ${classes[guess]} ${percent(probability, 1)}, is ${is}`;
  });
  return ["", "worst mistakes", ...lines];
}

/** As text for people. `width`: the terminal's columns; unlimited elsewhere. */
export function evaluationText(judged: JudgedModel, dataset: Dataset, width = Infinity): string {
  const { top1, top5, map, loss, count: images, skipped, seconds } = judged.evaluation;
  const numbers = [
    ["images", count(images)],
    ...(skipped > 0 ? [["skipped", count(skipped)]] : []),
    ["top-1", percent(top1)],
    ["top-5", percent(top5)],
    ...(map === undefined ? [] : [["mAP", percent(map)]]),
    ["loss", loss.toFixed(4)],
    ["images/s", count(images / seconds)],
  ];
  return [
    ...numbers.map(([name, value]) => `${name!.padEnd(8)}  ${value!.padStart(10)}`),
    "",
    ...classTable(judged, dataset.classes, width),
    ...confusedLines(judged, dataset.classes, width),
    ...mistakeLines(judged.judgement.mistakes, dataset),
  ].join("\n");
}

/** The confusion matrix as lines of cells: a row for each true class, a column for each guess. */
export function confusionRows(
  matrix: readonly (readonly number[])[],
  classes: readonly string[],
): (string | number)[][] {
  return [["label", ...classes], ...matrix.map((row, i) => [classes[i]!, ...row])];
}
