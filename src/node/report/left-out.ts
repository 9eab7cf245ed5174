// The part of a report about the data: notes from the start, and files that could not be used.

import type { ReportData } from "./data.js";
import { breakable, html } from "./html.js";
import type { Section } from "./sections.js";

/** Most files in the table; skipped.csv has all of them. */
const MOST = 200;

export function leftOut({ notes = [], skipped = [] }: ReportData): Section | undefined {
  if (notes.length === 0 && skipped.length === 0) return undefined;
  const rows = skipped.slice(0, MOST).map(
    ({ file, reason }) =>
      html`<tr>
        <td class="name">${breakable(file)}</td>
        <td class="name">${reason}</td>
      </tr>`,
  );
  const rest = skipped.length - rows.length;
  const table =
    rows.length > 0 &&
    html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th>File</th>
            <th>Why it could not be used</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
      ${rest > 0 && html`<p class="note">${rest.toLocaleString("en")} more; skipped.csv of a run has them all.</p>`}
    </div>`;
  return {
    id: "data",
    title: "Data left out",
    body: html`${
      notes.length > 0 &&
      html`<ul>
        ${notes.map((note) => html`<li class="name">${note}</li>`)}
      </ul>`
    }
    ${table}`,
  };
}
