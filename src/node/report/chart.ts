// Line charts as SVG.

import { extent, nice, ticks } from "d3-array";
import { figure, html, px, type Content, type Markup } from "./html.js";

export interface Series {
  readonly name: string;
  /** "main" is drawn over "side". */
  readonly tone: "main" | "side";
  readonly points: readonly { x: number; y: number }[];
}

export interface Chart {
  readonly title: string;
  readonly series: readonly Series[];
  /** How values are written, in the legend and on hover. Default: four digits. */
  readonly format?: (value: number) => string;
  /** The largest possible value: the axis does not exceed it. Nor does it go below 0 if no value does. */
  readonly limit?: number;
  /** A line below the title. */
  readonly note?: string;
  /** Lines go up or down in steps, and have no dots. */
  readonly dense?: boolean;
}

const WIDTH = 360;
const HEIGHT = 214;
const LEFT = 52;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 34;
/** Up to this many points have dots. */
const DOTS = 40;

type Scale = (value: number) => number;

function scale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** 0.1 + 0.2 → "0.3": a tick without the noise of its last bits. */
function plain(value: number): string {
  const text = String(Number(value.toPrecision(6)));
  return text.replace("e-", "e−");
}

/** The points as runs without gaps. */
function runs(points: Series["points"]): Series["points"][] {
  const found: { x: number; y: number }[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.y)) found.at(-1)!.push(point);
    else found.push([]);
  }
  return found.filter((run) => run.length > 0);
}

function lineOf({ tone, points }: Series, x: Scale, y: Scale, dots: boolean): Content {
  const path = runs(points)
    .map((run) => run.map((p, i) => `${i ? "L" : "M"}${px(x(p.x))} ${px(y(p.y))}`).join(""))
    .join("");
  const alone = runs(points).flatMap((run) => (dots || run.length === 1 ? run : []));
  const marks = alone.map((p) => html`<circle cx="${px(x(p.x))}" cy="${px(y(p.y))}" r="2.5" />`);
  return html`<g class="${tone}"><path d="${path}" />${marks}</g>`;
}

/** Bands over the plot, one for each x, that show its values. */
function hovers(
  series: readonly Series[],
  x: Scale,
  xs: readonly number[],
  say: (value: number) => string,
): Content {
  return xs.map((at, i) => {
    const left = i === 0 ? LEFT : x((xs[i - 1]! + at) / 2);
    const right = i === xs.length - 1 ? WIDTH - RIGHT : x((at + xs[i + 1]!) / 2);
    const values = series.flatMap(({ name, points }) => {
      const point = points.find((p) => p.x === at);
      return point && Number.isFinite(point.y) ? [`${name} ${say(point.y)}`] : [];
    });
    const title = [`epoch ${plain(at)}`, ...values].join("\n");
    const [w, h] = [right - left, HEIGHT - TOP - BOTTOM];
    return html`<rect class="hover" x="${px(left)}" y="${TOP}" width="${px(w)}" height="${h}"
      ><title>${title}</title></rect
    >`;
  });
}

/** Curves over epochs, or nothing if there is no finite value. */
export function lineChart({
  title,
  series,
  format = figure,
  limit = Infinity,
  note,
  dense,
}: Chart): Markup | undefined {
  const shown = series.filter(({ points }) => points.some(({ y }) => Number.isFinite(y)));
  const points = shown.flatMap((s) => s.points);
  const [low, high] = extent(points.map(({ y }) => y).filter(Number.isFinite));
  if (low === undefined || high === undefined) return undefined;
  const xs = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b);
  const pad = high === low ? Math.abs(high) * 0.1 || 0.1 : (high - low) * 0.04;
  const lowest = low >= 0 ? Math.max(0, low - pad) : low - pad;
  const [bottom, top] = nice(lowest, Math.min(limit, high + pad), 5);
  const [first, last] = xs.length === 1 ? [xs[0]! - 0.5, xs[0]! + 0.5] : [xs[0]!, xs.at(-1)!];
  const x = scale([first, last], [LEFT + 6, WIDTH - RIGHT - 6]);
  const y = scale([bottom, top], [HEIGHT - BOTTOM, TOP]);
  const rows = ticks(bottom, top, 5).map(
    (tick) =>
      html`<path class="grid" d="M${LEFT} ${px(y(tick))}H${WIDTH - RIGHT}" />
        <text x="${LEFT - 7}" y="${px(y(tick) + 3.5)}" text-anchor="end"
          >${format === figure ? plain(tick) : format(tick)}</text
        >`,
  );
  const columns = ticks(first, last, 6)
    .filter(Number.isInteger)
    .map(
      (tick) =>
        html`<text x="${px(x(tick))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick}</text>`,
    );
  const lines = shown.map((s) => lineOf(s, x, y, !dense && s.points.length <= DOTS));
  const legend = shown.map(({ name, tone, points }) => {
    const value = points.findLast((p) => Number.isFinite(p.y))!.y;
    return html`<span class="key ${tone}"><i></i>${name} <b>${format(value)}</b></span>`;
  });
  return html`<figure class="chart">
    <figcaption><strong>${title}</strong><span class="legend">${legend}</span></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} by epoch">
      ${rows}${columns}
      <text class="axis" x="${WIDTH - RIGHT}" y="${HEIGHT - 4}" text-anchor="end">epoch</text>
      ${lines}${hovers(shown, x, xs, format)}
    </svg>
    ${note && html`<p class="note">${note}</p>`}
  </figure>`;
}
