// Comma-separated values, as RFC 4180 describes them.

/**
 * Text that a spreadsheet would evaluate gets an apostrophe before it, as OWASP advises
 * (https://owasp.org/www-community/attacks/CSV_Injection). Numbers are not affected.
 */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;

function cell(value: string | number): string {
  const text = String(value);
  const guarded = typeof value === "string" && FORMULA.test(text) && Number.isNaN(Number(text));
  const safe = guarded ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line without its end. Numbers that are not finite are empty cells. */
export function csvRow(cells: readonly (string | number | undefined)[]): string {
  return cells
    .map((value) =>
      value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? "" : cell(value),
    )
    .join(",");
}

/** A whole file: lines of cells, each with its end. */
export const csvText = (rows: readonly (readonly (string | number | undefined)[])[]): string =>
  rows.map((row) => `${csvRow(row)}\n`).join("");

/** Where a quoted cell ends whose contents begin at `from`: at a quote that is not two. Below 0 if nowhere. */
function closing(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

/** The cells of csvText(), as text. What follows a quote that nothing closes is left out, which `broken` is told. */
export function parseCsv(text: string, broken?: () => never): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const special = /[",\r\n]/g;
  for (let at = 0; at < text.length || row.length > 0;) {
    const quoted = text[at] === '"';
    special.lastIndex = at;
    const end = quoted ? closing(text, at + 1) : (special.exec(text)?.index ?? text.length);
    const next = quoted ? end + 1 : end;
    const separator = text[next] === "\r" && text[next + 1] === "\n" ? "\r\n" : (text[next] ?? "");
    if (end < 0 || !["", ",", "\n", "\r\n"].includes(separator)) {
      broken?.();
      break;
    }
    const value = quoted ? text.slice(at + 1, end).replaceAll('""', '"') : text.slice(at, end);
    row.push(value.startsWith("'") && FORMULA.test(value) ? value.slice(1) : value);
    at = next + separator.length;
    if (separator === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
