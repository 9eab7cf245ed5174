// The reliability diagram: how often the model is right when it says how sure it is.

import type { CalibrationRow } from "./data.js";
import { html, percent, px, type Markup } from "./html.js";

const SIDE = 300;
const LEFT = 46;
const TOP = 8;
/** Height of the images' histogram below, and the gap before it. */
const BELOW = 56;
const GAP = 12;
const BOTTOM = 34;

/** For bins of confidence the share that was right, and how many images there were. */
export function reliabilityDiagram(bins: readonly CalibrationRow[]): Markup {
  const x = (share: number): number => LEFT + share * SIDE;
  const y = (share: number): number => TOP + (1 - share) * SIDE;
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const floor = TOP + SIDE + GAP + BELOW;
  const total = bins.reduce((sum, { count }) => sum + count, 0) || 1;
  const bars = bins
    .filter(({ count }) => count > 0)
    .map(({ low, high, count, accuracy, confidence }) => {
      const [left, width] = [x(low) + 0.75, (high - low) * SIDE - 1.5];
      const tall = (count / most) * BELOW;
      const title =
        `confidence ${percent(low, 0)} to ${percent(high, 0)}: ${count} images (${percent(count / total, 1)})\n` +
        `right ${percent(accuracy, 1)}, mean confidence ${percent(confidence, 1)}`;
      const gap = [y(Math.max(accuracy, confidence)), Math.abs(accuracy - confidence) * SIDE] as const;
      return html`<g
        ><title>${title}</title>
        <rect
          class="right"
          x="${px(left)}"
          y="${px(y(accuracy))}"
          width="${px(width)}"
          height="${px(accuracy * SIDE)}" />
        <rect class="gap" x="${px(left)}" y="${px(gap[0])}" width="${px(width)}" height="${px(gap[1])}" />
        <rect
          class="images"
          x="${px(left)}"
          y="${px(floor - tall)}"
          width="${px(width)}"
          height="${px(tall)}" />
        <rect class="hover" x="${px(left)}" y="${TOP}" width="${px(width)}" height="${px(floor - TOP)}"
      /></g>`;
    });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (tick) =>
      html`<path class="grid" d="M${LEFT} ${px(y(tick))}H${LEFT + SIDE}" />
        <text x="${LEFT - 7}" y="${px(y(tick) + 3.5)}" text-anchor="end">${percent(tick, 0)}</text>
        <text x="${px(x(tick))}" y="${floor + 15}" text-anchor="middle">${percent(tick, 0)}</text>`,
  );
  return html`<figure class="reliability">
    <svg viewBox="0 0 ${LEFT + SIDE + 18} ${floor + BOTTOM}" role="img" aria-label="Reliability diagram">
      ${ticks}
      <path class="diagonal" d="M${LEFT} ${px(y(0))}L${px(x(1))} ${px(y(1))}" />
      ${bars}
      <path class="base" d="M${LEFT} ${floor}H${LEFT + SIDE}" />
      <text class="axis" x="${LEFT + SIDE}" y="${floor + BOTTOM - 4}" text-anchor="end">
        confidence; below, images in each bin
      </text>
    </svg>
  </figure>`;
}
