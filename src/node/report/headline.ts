// The numbers at the top of a report.

import type { HistoryRow, ReportData } from "./data.js";
import { figure, NONE, percent } from "./html.js";

/** "after epoch 7, averaged weights; 93.10 % after the last": the weights of a number. */
function whose(
  { epoch, weights }: ReportData["summary"],
  history: readonly HistoryRow[],
  last: Share,
): string {
  if (epoch === undefined) return "";
  const after = history.at(-1);
  const then = epoch !== after?.epoch && Number.isFinite(after?.[last]);
  return (
    `after epoch ${epoch}${weights === "ema" ? ", averaged weights" : ""}` +
    (then ? `; ${percent(after![last])} after the last` : "")
  );
}

type Share = "eval_top1" | "eval_map";

/** The numbers at the top: name, value, meaning. */
export function headline({ summary, history, calibration }: ReportData): [string, string, string?][] {
  const { top1, top5, map, loss, epochs, seconds, imagesPerSecond, dataWait, images } = summary;
  const count = images === undefined ? "" : `of ${images.toLocaleString("en")} images`;
  const of = (last: Share): string => [count, whose(summary, history, last)].filter(Boolean).join(" ");
  const numbers: ([string, string, string?] | false | undefined)[] = [
    top1 !== undefined && ["Top-1", percent(top1), of("eval_top1")],
    top5 !== undefined && ["Top-5", percent(top5)],
    map !== undefined && ["Mean average precision", percent(map), of("eval_map")],
    loss !== undefined && ["Loss", figure(loss)],
    loss === undefined && history.length > 0 && ["Training loss", figure(history.at(-1)?.train_loss)],
    calibration && ["Calibration error", percent(calibration.ece)],
    epochs > 0 && ["Epochs", figure(epochs)],
    epochs > 0 && ["Time", duration(seconds)],
    imagesPerSecond !== undefined && ["Images/s", figure(Math.round(imagesPerSecond)), "in training"],
    dataWait !== undefined && ["Data wait", percent(dataWait, 1), "of the training time"],
  ];
  return numbers.filter((number) => number !== undefined && number !== false);
}

/** 75 s as "1 min 15 s". */
function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const s = Math.round(seconds);
  return `${Math.floor(s / 60)} min ${s % 60} s`;
}
