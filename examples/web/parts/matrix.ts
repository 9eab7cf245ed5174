// A confusion matrix as a table: rows are what a picture is, columns what the network takes it for.

import { make } from "./dom.js";

export function matrixTable(
  counts: readonly (readonly number[])[],
  classes: readonly string[],
): HTMLTableElement {
  const head = make("tr", {}, make("th", { scope: "col", textContent: "is \\ read as" }));
  head.append(...classes.map((name) => make("th", { scope: "col", textContent: name })));
  const rows = counts.map((row, i) => {
    const all = row.reduce((sum, n) => sum + n, 0) || 1;
    const cells = row.map((n, j) => {
      const cell = make("td", { textContent: n ? String(n) : "·" });
      // A mistake is seen from one in a hundred on.
      cell.style.setProperty(
        "--share",
        String(i === j ? (n / all) * 0.45 : n ? Math.min(0.2 + (n / all) * 8, 0.9) : 0),
      );
      cell.style.setProperty("--tint", i === j ? "var(--accent)" : "var(--warm)");
      return cell;
    });
    return make("tr", {}, make("th", { scope: "row", textContent: classes[i]! }), ...cells);
  });
  return make("table", { className: "matrix" }, make("thead", {}, head), make("tbody", {}, ...rows));
}
