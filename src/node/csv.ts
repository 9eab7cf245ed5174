// Comma-separated values, as RFC 4180 describes them.

/**
 * Text that a spreadsheet would compute: it gets an apostrophe before it, as OWASP advises
 * (https://owasp.org/www-community/attacks/CSV_Injection). Numbers are none.
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

/** The cells of csvText(), as text. What follows a quote that nothing closes is left out, which `broken` is told. */
export function parseCsv(text: string, broken?: () => never): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  for (let more = text !== ""; more;) {
    const found = pattern.exec(text);
    if (!found) {
      broken?.();
      break;
    }
    const value = found[1] === undefined ? found[2]! : found[1].replaceAll('""', '"');
    row.push(value.startsWith("'") && FORMULA.test(value) ? value.slice(1) : value);
    if (found[3] === ",") continue;
    rows.push(row);
    row = [];
    more = pattern.lastIndex < text.length;
  }
  return rows;
}
