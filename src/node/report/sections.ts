// The parts of a report, from the available data. A part without data is undefined.

import { reliabilityDiagram } from "./calibration.js";
import { lineChart, type Series } from "./chart.js";
import type { HistoryRow, JudgedPicture, LookedPicture, Picture, ReportData } from "./data.js";
import { breakable, html, percent, type Content, type Markup } from "./html.js";
import { leftOut } from "./left-out.js";
import { confusionMatrix, MOST_CLASSES } from "./matrix.js";
import { setting } from "./setting.js";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** A sentence that explains the part. */
  readonly about?: string;
  readonly body: Content;
}

type Part = (data: ReportData) => Section | undefined;

/** Tables longer than this scroll. */
const LONG = 24;

function curves(
  name: string,
  history: readonly HistoryRow[],
  keys: Record<string, keyof HistoryRow>,
): Series[] {
  return Object.entries(keys).map(([series, key]) => ({
    name: series,
    tone: series === name ? "main" : "side",
    points: history.map((row) => ({ x: row.epoch, y: row[key] ?? NaN })),
  }));
}

/** "best 91.25 % at epoch 11". */
function best(history: readonly HistoryRow[], key: keyof HistoryRow): string | undefined {
  const rows = history.filter((row) => Number.isFinite(row[key]));
  if (rows.length < 2) return undefined;
  const top = rows.reduce((a, b) => (b[key]! > a[key]! ? b : a));
  return `Best ${percent(top[key])} at epoch ${top.epoch}`;
}

const training: Part = ({ history, learningRates }) => {
  const share = { format: (v: number) => percent(v, 1), limit: 1 };
  const has = (key: keyof HistoryRow): boolean => history.some((row) => Number.isFinite(row[key]));
  const main = has("eval_loss") ? "eval" : "train";
  const rates = learningRates ?? history.map(({ epoch, lr }) => ({ at: epoch, lr: lr ?? NaN }));
  const rate: Series = {
    name: "at the end",
    tone: "main",
    points: rates.map(({ at, lr }) => ({ x: at, y: lr })),
  };
  const note = best(history, has("eval_map") ? "eval_map" : "eval_top1");
  const averaged = (key: "ema_loss" | "ema_top1" | "ema_map"): Record<string, keyof HistoryRow> =>
    has(key) ? { averaged: key } : {};
  const charts = [
    lineChart({
      title: "Loss",
      series: curves(main, history, { train: "train_loss", eval: "eval_loss", ...averaged("ema_loss") }),
    }),
    has("eval_map")
      ? lineChart({ title: "Mean average precision", series: curves(main, history, { eval: "eval_map", ...averaged("ema_map") }), ...share, ...(note && { note }) }) // prettier-ignore
      : lineChart({ title: "Top-1", series: curves(main, history, { train: "train_top1", eval: "eval_top1", ...averaged("ema_top1") }), ...share, ...(note && { note }) }), // prettier-ignore
    lineChart({ title: "Learning rate", series: [rate], dense: learningRates !== undefined }),
  ].filter((chart) => chart !== undefined);
  return charts.length
    ? { id: "training", title: "Training", body: html`<div class="charts">${charts}</div>` }
    : undefined;
};

const confusion: Part = ({ confusion: matrix, confused = [], classes }) => {
  const map = matrix && confusionMatrix(matrix, classes, confused);
  if (!map && confused.length === 0) return undefined;
  const rows = confused.map(
    ({ label, guess, count, share }) =>
      html`<tr>
        <td class="name">${breakable(classes[label]!)}</td>
        <td class="name guess">${breakable(classes[guess]!)}</td>
        <td class="number images">${count}</td>
        <td class="number">${percent(share, 1)}</td>
      </tr>`,
  );
  const pairs =
    rows.length > 0 &&
    html`<div>
      <h3>Most confused pairs</h3>
      <table class="stacks pairs" style="--numbers:2">
        <thead>
          <tr>
            <th>True class</th>
            <th>Taken for</th>
            <th class="number">Images</th>
            <th class="number">Share</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
      <p class="note">Share of the true class’s images.</p>
    </div>`;
  const wide = classes.length > 30 && classes.length <= MOST_CLASSES;
  return {
    id: "confusion",
    title: "Confusion",
    body: html`<div class="${wide ? "charts" : "columns"}">${map}${pairs}</div>`,
  };
};

/** A share as a cell that sorts by its value, perhaps with a bar. */
function shareCell(share: number, bar = false): Markup {
  const value = Number.isFinite(share) ? share : -1;
  return html`<td class="number" data-value="${value}">
    ${percent(share, 1)}${
      bar && html`<span class="bar" style="--share:${(Math.max(0, value) * 100).toFixed(1)}%"></span>`
    }
  </td>`;
}

const perClass: Part = ({ perClass: rows, classes }) => {
  if (!rows?.length) return undefined;
  const ap = rows.some((row) => row.ap !== undefined);
  const heads = [...(ap ? ["Average precision"] : []), "Precision", "Recall", "F1", "Images"];
  const lines = rows.map(
    (row, i) =>
      html`<tr>
        <td class="name">${breakable(classes[i]!)}</td>
        ${ap && shareCell(row.ap ?? NaN, true)}
        ${shareCell(row.precision)}${shareCell(row.recall)}${shareCell(row.f1, !ap)}
        <td class="number" data-value="${row.support}">${row.support.toLocaleString("en")}</td>
      </tr>`,
  );
  return {
    id: "classes",
    title: "Classes",
    about:
      "Precision: the share of the images taken for the class that are of it. Recall: the share of the class’s images that were found. F1: the harmonic mean of the two.",
    body: html`<div class="${rows.length > LONG ? "tall" : "scroll"}">
      <table class="sortable stacks scores" style="--numbers:${heads.length}">
        <thead>
          <tr>
            <th>Class</th>
            ${heads.map((head) => html`<th class="number">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>`,
  };
};

/** Small pictures are shown as pixels, not blurred. */
const PIXELS = 64;

function image(src: string, { width, height, caption }: Picture): Markup {
  const kind = Math.max(width, height) <= PIXELS ? html` class="pixels"` : undefined;
  return html`<img
    src="${src}"
    width="${width}"
    height="${height}"
    alt="${caption}"
    decoding="async"
    ${kind}
  />`;
}

function verdict({ truth, guess, probability, caption, file }: JudgedPicture): Markup {
  const wrong = truth !== guess;
  return html`<figcaption>
    <span class="verdict name${wrong && " wrong"}">${breakable(guess)}</span>
    <span class="whole">${percent(probability, 1)}</span>
    ${wrong && html`<br /><span class="sub">is <span class="name">${breakable(truth)}</span></span>`}
    ${caption && html`<br /><span class="sub name" ${file !== undefined && html` title="${file}"`}>${breakable(caption)}</span>`}
  </figcaption>`;
}

const mistakes: Part = ({ mistakes: pictures }) =>
  pictures?.length
    ? {
        id: "mistakes",
        title: "Worst mistakes",
        about:
          "The evaluated images with the largest loss: what the model predicted, how sure it was, and what they are.",
        body: html`<div class="pictures">
          ${pictures.map((p) => html`<figure>${image(p.src, p)}${verdict(p)}</figure>`)}
        </div>`,
      }
    : undefined;

const calibration: Part = ({ calibration: measured }) =>
  measured && measured.bins.some(({ count }) => count > 0)
    ? {
        id: "calibration",
        title: "Calibration",
        about:
          `Can its confidence be believed? Of the guesses made with 80 % confidence 80 % should be right: a bar should reach ` +
          `the dashed line. Expected calibration error, the mean distance of the two: ${percent(measured.ece)}.`,
        body: reliabilityDiagram(measured.bins),
      }
    : undefined;

function look(picture: LookedPicture): Markup {
  return html`<figure>
    <div class="pair">${image(picture.src, picture)}${image(picture.overlay, picture)}</div>
    ${verdict(picture)}
  </figure>`;
}

const gradCam: Part = ({ gradCam: pictures }) =>
  pictures?.length
    ? {
        id: "grad-cam",
        title: "Where the model looks",
        about: "Grad-CAM: the places that speak for the model’s guess, the more yellow, the more strongly.",
        body: html`<div class="pictures looks">${pictures.map(look)}</div>`,
      }
    : undefined;

const samples: Part = ({ samples: pictures }) =>
  pictures?.length
    ? {
        id: "inputs",
        title: "Training inputs",
        about: "Augmented images of the training set, as the network sees them.",
        body: html`<div class="pictures small">
          ${pictures.map(
            (p) =>
              html`<figure>
                ${image(p.src, p)}
                <figcaption class="sub name">${breakable(p.caption)}</figcaption>
              </figure>`,
          )}
        </div>`,
      }
    : undefined;

/** In the order of the page. */
export const parts: readonly Part[] = [
  training,
  confusion,
  perClass,
  mistakes,
  calibration,
  gradCam,
  samples,
  leftOut,
  (data) => ({ id: "setting", title: "How it was made", body: setting(data) }),
];
