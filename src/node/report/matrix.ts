// The confusion matrix as a heat map.

import type { ConfusedRow } from "./data.js";
import { html, percent, px, type Content, type Markup } from "./html.js";

/** More classes than this are not drawn in full. */
export const MOST_CLASSES = 120;
/** If there are more, the most confused ones are drawn: this many. */
const REDUCED = 24;
/** Most classes with names beside the rows and columns, and with counts in the cells. */
const NAMED = 30;
const COUNTED = 14;
/** Widest name beside a row or above a column; longer ones are cut. Few classes leave more room. */
const NAME = 104;
const widest = (classes: number): number => Math.max(NAME, 240 - 24 * classes);
/** On phones: the available width; the most classes with numbered rows and columns; narrower cells have no counts. */
const PHONE = 352;
const NUMBERED = 16;
const COUNTABLE = 22;
/** Cells darker than this have white letters. */
const FULL = 0.85;
/** Column names are rotated if cells are narrower than this. */
const DEGREES = 55;
const TURNED = 60;
const [SIN, COS] = [Math.sin((DEGREES * Math.PI) / 180), Math.cos((DEGREES * Math.PI) / 180)];

/** Width of a letter at 11 pixels, in wide fonts. */
function letterWidth(letter: string): number {
  if (letter.codePointAt(0)! >= 0x1100) return 12;
  if (/[ijl.,:;|!'()[\] ]/.test(letter)) return 4.5;
  if (/[mwMW@%]/.test(letter)) return 11;
  return /[A-Z]/.test(letter) ? 8.5 : 7.2;
}

const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + letterWidth(letter), 0);

/** A name that fits the margin. */
function short(name: string, most: number): string {
  if (widthOf(name) <= most) return name;
  let kept = "";
  for (const letter of name) {
    if (widthOf(kept + letter) > most - 11) break;
    kept += letter;
  }
  return `${kept.trimEnd()}…`;
}

interface Grid {
  readonly cell: number;
  /** Labels beside the rows and above the columns, if any. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly counted: boolean;
  /** Start of the cells. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function gridOf(names: readonly string[]): Grid {
  const n = names.length;
  const cell = n <= 3 ? 92 : n <= COUNTED ? 46 : n <= NAMED ? 24 : Math.max(5, Math.floor(640 / n));
  if (n > NAMED) return bare(n, cell);
  const rows = names.map((name) => short(name, widest(n)));
  const widths = rows.map(widthOf);
  const left = Math.max(34, ...widths) + 14;
  const turned = cell < TURNED;
  const top = turned ? Math.max(...widths) * SIN + 24 : 28;
  // The names of the last columns extend to the right.
  const right = Math.max(
    ...widths.map((w, i) => (turned ? (i + 0.5) * cell + w * COS + 12 : (i + 0.5) * cell + w / 2)),
  );
  const size = { width: left + Math.max(n * cell, right) + 2, height: top + n * cell + 2 };
  return { cell, rows, columns: rows, counted: n <= COUNTED, left, top, ...size };
}

/** Without names. */
const bare = (n: number, cell: number, margin = 22): Grid => ({
  ...{ cell, rows: [], columns: [], counted: false, left: margin, top: margin },
  ...{ width: margin + 2 + n * cell, height: margin + 2 + n * cell },
});

/** As wide as a phone: classes have numbers, which precede the names of the rows. */
function phoneGridOf(names: readonly string[]): Grid {
  const n = names.length;
  if (n > NUMBERED) return bare(n, (PHONE - 4) / n, 2);
  const rows = names.map((name, i) => `${i + 1} ${short(name, NAME - 18)}`);
  const left = Math.max(...rows.map(widthOf)) + 12;
  const cell = Math.min(46, Math.floor((PHONE - left - 2) / n));
  const columns = names.map((_, i) => String(i + 1));
  const size = { width: PHONE, height: 24 + n * cell };
  return { cell, rows, columns, counted: cell >= COUNTABLE, left, top: 22, ...size };
}

function labelsOf(names: readonly string[], { cell, rows, columns, left, top }: Grid): Content {
  const turned = rows === columns && cell < TURNED;
  return rows.map((row, i) => {
    const [across, down] = [left + (i + 0.5) * cell, top + (i + 0.5) * cell];
    const title = html`<title>${names[i]}</title>`;
    const column = turned
      ? html`<text transform="translate(${px(across + 4)} ${px(top - 8)})rotate(${-DEGREES})"
          >${title}${columns[i]}</text
        >`
      : html`<text x="${px(across)}" y="${px(top - 8)}" text-anchor="middle">${title}${columns[i]}</text>`;
    return html`<text x="${px(left - 8)}" y="${px(down + 4)}" text-anchor="end">${title}${row}</text
      >${column}`;
  });
}

function cellsOf(
  matrix: readonly (readonly number[])[],
  totals: readonly number[],
  names: readonly string[],
  { cell, counted, left, top }: Grid,
): Content {
  const gap = cell > 12 ? 1 : 0;
  return matrix.flatMap((row, i) =>
    row.map((count, j) => {
      if (count === 0) return undefined;
      const share = count / totals[i]!;
      const depth = Math.max(0.06, i === j ? share : Math.sqrt(share)); // few mistakes must be visible too
      const [x, y] = [left + j * cell, top + i * cell];
      const said = i === j ? `${names[i]}: ${count} right` : `${names[i]} taken for ${names[j]}: ${count}`;
      const title = `${said} of ${totals[i]} (${percent(share, 1)})`;
      const box = html`<rect
        class="${i === j ? "right" : "wrong"}"
        x="${px(x)}"
        y="${px(y)}"
        width="${cell - gap}"
        height="${cell - gap}"
        fill-opacity="${px(depth)}"
        ><title>${title}</title></rect
      >`;
      if (!counted) return box;
      const text = html`<text
        class="${depth > FULL ? "over" : "count"}"
        x="${px(x + (cell - gap) / 2)}"
        y="${px(y + cell / 2 + 4)}"
        text-anchor="middle"
        >${count}</text
      >`;
      return html`${box}${text}`;
    }),
  );
}

/** The classes of the most frequent mistakes, in their order. */
function confusedClasses(confused: readonly ConfusedRow[]): number[] {
  const found = new Set<number>();
  for (const { label, guess } of confused) {
    if (found.size + Number(!found.has(label)) + Number(!found.has(guess)) > REDUCED) continue;
    found.add(label).add(guess);
  }
  return [...found].sort((a, b) => a - b);
}

/** Rows are classes, columns guesses; if there are many classes, only the most confused ones. */
export function confusionMatrix(
  matrix: readonly (readonly number[])[],
  classes: readonly string[],
  confused: readonly ConfusedRow[],
): Markup | undefined {
  const whole = classes.length <= MOST_CLASSES;
  const picked = whole ? classes.map((_, i) => i) : confusedClasses(confused);
  if (picked.length === 0) return undefined;
  const names = picked.map((i) => classes[i]!);
  const totals = picked.map((i) => matrix[i]!.reduce((a, b) => a + b, 0));
  const cells = picked.map((i) => picked.map((j) => matrix[i]![j]!));
  const draw = (grid: Grid, kind: string): Markup => {
    const { left, top, width, height, cell, rows } = grid;
    const least = rows.length > 0 ? width * 0.8 : 0; // names must be readable
    const side = px(names.length * cell);
    return html`<svg
      class="${kind}"
      viewBox="0 0 ${px(width)} ${px(height)}"
      style="width:clamp(${px(least)}px,100%,${px(width)}px)"
      role="img"
      aria-label="Confusion matrix"
    >
      <rect class="field" x="${px(left - 0.5)}" y="${px(top - 0.5)}" width="${side}" height="${side}" />
      ${labelsOf(names, grid)} ${cellsOf(cells, totals, names, grid)}
    </svg>`;
  };
  const grid = gridOf(names);
  const narrow = grid.rows.length === 0 || grid.width * 0.8 <= PHONE;
  return html`<figure class="matrix">
    <div class="scroll">
      ${draw(grid, narrow ? "" : "wide")} ${!narrow && draw(phoneGridOf(names), "narrow")}
    </div>
    <p class="note">
      Rows are the true classes, columns the model's guesses. <span class="swatch right"></span> right,
      <span class="swatch wrong"></span> wrong; the deeper, the larger the share of the row.
      ${!whole && `Of ${classes.length} classes, the ${picked.length} that are confused most.`}
    </p>
  </figure>`;
}
