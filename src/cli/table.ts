// Rows as lines.

import { columnsOf, count, cut } from "../node/status-line.js";

export type Align = "left" | "right";

/** Lines of cells in columns; the first is cut if they do not fit in `width`. */
export function table(
  rows: readonly (readonly string[])[],
  aligns: readonly Align[],
  width = Infinity,
): string[] {
  const widths = aligns.map((_, i) => Math.max(...rows.map((row) => columnsOf(row[i]!))));
  const others = widths.slice(1).reduce((sum, n) => sum + n + 2, 0);
  widths[0] = Math.max(8, Math.min(widths[0]!, width - others));
  const set = (text: string, i: number): string => {
    const shown = i === 0 ? cut(text, widths[0]!) : text;
    const space = " ".repeat(Math.max(0, widths[i]! - columnsOf(shown)));
    return aligns[i] === "left" ? shown + space : space + shown;
  };
  return rows.map((row) => row.map(set).join("  ").trimEnd());
}

/** Milliseconds with at least three digits. */
export const ms = (time: number | null | undefined): string =>
  time == null ? "–" : time.toFixed(time < 10 ? 2 : time < 100 ? 1 : 0);

/** Images per second. */
export const rate = (n: number): string => (n < 1000 ? n.toPrecision(3) : count(n));
