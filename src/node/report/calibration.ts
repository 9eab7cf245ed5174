// The reliability diagram: how often the model is right at each level of confidence.

import type { CalibrationRow } from "./data.js";
import { html, percent, px, type Content, type Markup } from "./html.js";

const SIDE = 300;
const LEFT = 62;
const TOP = 8;
/** Height of the images' histogram below, and the gap before it. */
const BELOW = 56;
const GAP = 14;
const BOTTOM = 36;
/** A bin with fewer images is not significant, and drawn pale. */
const FEW = 10;

const x = (share: number): number => LEFT + share * SIDE;
const y = (share: number): number => TOP + (1 - share) * SIDE;
const FLOOR = TOP + SIDE + GAP + BELOW;

function rect(kind: string, left: number, top: number, width: number, height: number): Markup {
  return html`<rect
    class="${kind}"
    x="${px(left)}"
    y="${px(top)}"
    width="${px(width)}"
    height="${px(Math.max(0, height))}"
  />`;
}

/** One bin: the share that was right, and the gap between it and the mean confidence. */
function bar(
  { low, high, count, accuracy, confidence }: CalibrationRow,
  most: number,
  total: number,
): Markup {
  const [left, width] = [x(low) + 0.75, (high - low) * SIDE - 1.5];
  const range = `confidence ${percent(low, 0)} to ${percent(high, 0)}`;
  const hover = rect("hover", left, TOP, width, FLOOR - TOP);
  if (count === 0) {
    return html`<g class="bin"
      ><title>${range}: no images</title>${rect("empty", left, TOP, width, SIDE)}${hover}</g
    >`;
  }
  const sure = confidence > accuracy;
  const title =
    `${range}: ${count} ${count === 1 ? "image" : "images"} (${percent(count / total, 1)})\n` +
    `right ${percent(accuracy, 1)}, mean confidence ${percent(confidence, 1)}: ${sure ? "too sure" : "too modest"}`;
  const [lower, upper] = [Math.min(accuracy, confidence), Math.max(accuracy, confidence)];
  const tall = (count / most) * BELOW;
  return html`<g class="bin${count < FEW && " few"}"
    ><title>${title}</title>
    ${rect("right", left, y(lower), width, lower * SIDE)}
    ${rect(sure ? "sure" : "modest", left, y(upper), width, (upper - lower) * SIDE)}
    <path class="share" d="M${px(left)} ${px(y(accuracy))}h${px(width)}" />
    ${rect("images", left, FLOOR - tall, width, tall)}${hover}</g
  >`;
}

/** The legend of the colours in use. */
function legend(bins: readonly CalibrationRow[]): Content {
  const full = bins.filter(({ count }) => count > 0);
  const keys: [kind: string, text: string, there: boolean][] = [
    ["share", "share of guesses that were right", true],
    ["sure", "too sure: fewer were right than the model claims", full.some((b) => b.confidence > b.accuracy)],
    ["modest", "too modest: more were right than it claims", full.some((b) => b.accuracy > b.confidence)],
    ["few", `pale: fewer than ${FEW} images, which say little`, full.some((b) => b.count < FEW)],
    ["empty", "no image with such confidence", full.length < bins.length],
    ["diagonal", "where the bars should end", true],
    ["images", "below: how many images", true],
  ];
  return html`<ul class="keys">
    ${keys
      .filter(([, , there]) => there)
      .map(([kind, text]) => html`<li><span class="swatch ${kind}"></span> ${text}</li>`)}
  </ul>`;
}

/** The share that was right and the number of images, by bins of confidence. */
export function reliabilityDiagram(bins: readonly CalibrationRow[]): Markup {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const total = bins.reduce((sum, { count }) => sum + count, 0) || 1;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (tick) =>
      html`<path class="grid" d="M${LEFT} ${px(y(tick))}H${LEFT + SIDE}" />
        <text x="${LEFT - 7}" y="${px(y(tick) + 3.5)}" text-anchor="end">${percent(tick, 0)}</text>
        <text x="${px(x(tick))}" y="${FLOOR + 15}" text-anchor="middle">${percent(tick, 0)}</text>`,
  );
  return html`<figure class="reliability">
    <svg viewBox="0 0 ${LEFT + SIDE + 22} ${FLOOR + BOTTOM}" role="img" aria-label="Reliability diagram">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0V6" />
        </pattern>
      </defs>
      ${ticks}${bins.map((bin) => bar(bin, most, total))}
      <path class="diagonal" d="M${LEFT} ${px(y(0))}L${px(x(1))} ${px(y(1))}" />
      <path class="base" d="M${LEFT} ${px(y(0))}H${LEFT + SIDE}" />
      <path class="base" d="M${LEFT} ${FLOOR}H${LEFT + SIDE}" />
      <text class="axis" transform="translate(11 ${px(y(0.5))})rotate(-90)" text-anchor="middle">right</text>
      <text class="axis" x="${px(x(0.5))}" y="${FLOOR + BOTTOM - 4}" text-anchor="middle">confidence</text>
    </svg>
    ${legend(bins)}
  </figure>`;
}
