// A run's report: one HTML file that needs no other file and no network.

import { checkFields, checkKinds } from "../../errors/options.js";
import { createHash } from "node:crypto";
import { writeFileAtomic } from "../files.js";
import type { ReportData } from "./data.js";
import { headline } from "./headline.js";
import { html, Markup } from "./html.js";
import { script } from "./script.js";
import { parts } from "./sections.js";
import { css } from "./style.js";

/** Whatever text gets into the page, it loads nothing, and runs only the script below. */
const POLICY =
  `default-src 'none'; img-src data:; style-src 'unsafe-inline'; ` +
  `script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'`;

/** Not formatted: the policy's hash covers every character between the tags. */
const SCRIPT = new Markup(`<script>${script}</script>`);

/** "24 November 2026, 23:34 UTC"; text that is not a date stays unchanged. */
function dateText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return `${date.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" })} UTC`;
}

/** The page. */
export function renderReport(data: ReportData): string {
  checkFields("renderReport", "data", data, { history: "list", summary: "object", name: "text" });
  const sections = parts.map((part) => part(data)).filter((section) => section !== undefined);
  const numbers = headline(data).map(
    ([name, value, note]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}</dd>
        ${note && html`<dd class="note">${note}</dd>`}
      </div>`,
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${data.name} – fovea</title>
        <style>
          ${new Markup(css)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${data.name}</h1>
            <p class="sub">
              ${data.model} on ${data.dataset}, ${data.classes.length} classes ·
              <time datetime="${data.date}">${dateText(data.date)}</time>
            </p>
            <nav>${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>
            <dl class="headline">${numbers}</dl>
          </header>
          ${sections.map(
            ({ id, title, about, body }) =>
              html`<section id="${id}">
                <h2>${title}</h2>
                ${about && html`<p>${about}</p>`} ${body}
              </section> `,
          )}
          <footer>Made by fovea.</footer>
        </main>
        ${SCRIPT}
      </body>
    </html> `;
  return page.text;
}

/** Writes report.html, completely or not at all. */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  checkKinds("writeReport", { path }, { path: "path" });
  await writeFileAtomic(path, renderReport(data));
}
