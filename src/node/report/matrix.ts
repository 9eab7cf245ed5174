// The confusion matrix as a heat map.

import type { ConfusedRow } from "./data.js";
import { html, percent, px, type Content, type Markup } from "./html.js";

/** More classes than this are not drawn in full. */
export const MOST_CLASSES = 120;
/** Of more, so many are: those confused most. */
const REDUCED = 24;
/** Up to so many classes, names stand beside the rows and columns; up to so many, counts in the cells. */
const NAMED = 30;
const COUNTED = 14;
const LETTERS = 14;

/** A name that fits the margin. */
function short(name: string): string {
  const letters = [...name];
  return letters.length > LETTERS ? `${letters.slice(0, LETTERS - 1).join("")}…` : name;
}

interface Grid {
  readonly cell: number;
  /** Where the cells begin, from the left and from above. */
  readonly margin: number;
  readonly size: number;
}

function gridOf(names: readonly string[]): Grid {
  const n = names.length;
  const cell = n <= 3 ? 92 : n <= COUNTED ? 46 : n <= NAMED ? 24 : Math.max(5, Math.floor(640 / n));
  const longest = Math.max(...names.map((name) => [...short(name)].length));
  const margin = n <= NAMED ? Math.max(34, longest * 6.6 + 14) : 22;
  return { cell, margin, size: margin + n * cell + 2 };
}

function labelsOf(names: readonly string[], { cell, margin }: Grid): Content {
  if (names.length > NAMED) return undefined;
  return names.map((name, i) => {
    const middle = margin + (i + 0.5) * cell;
    const turned = cell < 60;
    const column = turned
      ? html`<text transform="translate(${px(middle + 4)} ${px(margin - 8)})rotate(-55)"
          >${short(name)}</text
        >`
      : html`<text x="${px(middle)}" y="${px(margin - 8)}" text-anchor="middle">${short(name)}</text>`;
    return html`<text x="${px(margin - 8)}" y="${px(middle + 4)}" text-anchor="end">${short(name)}</text
      >${column}`;
  });
}

function cellsOf(
  matrix: readonly (readonly number[])[],
  totals: readonly number[],
  names: readonly string[],
  { cell, margin }: Grid,
): Content {
  const gap = cell > 12 ? 1 : 0;
  return matrix.flatMap((row, i) =>
    row.map((count, j) => {
      if (count === 0) return undefined;
      const share = count / totals[i]!;
      const depth = Math.max(0.06, i === j ? share : Math.sqrt(share)); // few mistakes must be seen too
      const [x, y] = [margin + j * cell, margin + i * cell];
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
      if (names.length > COUNTED) return box;
      const text = html`<text
        class="${depth > 0.55 ? "over" : "count"}"
        x="${px(x + (cell - gap) / 2)}"
        y="${px(y + cell / 2 + 4)}"
        text-anchor="middle"
        >${count}</text
      >`;
      return html`${box}${text}`;
    }),
  );
}

/** The classes that the most frequent mistakes are about, in their order. */
function confusedClasses(confused: readonly ConfusedRow[]): number[] {
  const found = new Set<number>();
  for (const { label, guess } of confused) {
    if (found.size + Number(!found.has(label)) + Number(!found.has(guess)) > REDUCED) continue;
    found.add(label).add(guess);
  }
  return [...found].sort((a, b) => a - b);
}

/** Rows are classes, columns guesses; of many classes those that are confused most. */
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
  const grid = gridOf(names);
  const { margin, size, cell } = grid;
  const side = picked.length * cell;
  return html`<figure class="matrix">
    <div class="scroll">
      <svg
        viewBox="0 0 ${px(size)} ${px(size)}"
        style="width:${px(size)}px"
        role="img"
        aria-label="Confusion matrix"
      >
        <rect
          class="field"
          x="${px(margin - 0.5)}"
          y="${px(margin - 0.5)}"
          width="${side}"
          height="${side}"
        />
        ${labelsOf(names, grid)} ${cellsOf(cells, totals, names, grid)}
      </svg>
    </div>
    <p class="note">
      Rows are the true classes, columns what the model said. <span class="swatch right"></span> right,
      <span class="swatch wrong"></span> wrong; the deeper, the larger the share of the row.
      ${!whole && `Of ${classes.length} classes, the ${picked.length} that are confused most.`}
    </p>
  </figure>`;
}
