// How a run was made: its arguments and its machine.

import type { ReportData } from "./data.js";
import { html, NONE, type Content, type Markup } from "./html.js";

/** A value of args.json as text. */
function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return NONE;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ") || NONE;
  return typeof value === "string" ? value : JSON.stringify(value);
}

type Facts = readonly (readonly [name: string, value: unknown])[];

function list(facts: Facts): Content {
  const pairs = facts.map(
    ([key, value]) =>
      html`<dt>${key}</dt>
        <dd>${shown(value)}</dd>`,
  );
  return html`<dl class="list">${pairs}</dl>`;
}

function titled(title: string, facts: Facts, rest?: Content): Content {
  if (facts.length === 0 && !rest) return undefined;
  return html`<div>
    <h3>${title}</h3>
    ${list(facts)} ${rest}
  </div>`;
}

/** First the arguments that differ from the defaults; the others can be unfolded. */
function argumentsOf({ args, defaults }: ReportData): Content {
  const all = Object.entries(args).filter(([, value]) => value !== undefined);
  if (!defaults) return titled("Arguments", all);
  const same = (name: string, value: unknown): boolean =>
    JSON.stringify(value) === JSON.stringify(defaults[name]);
  const others = all.filter(([name, value]) => same(name, value));
  const rest =
    others.length > 0 &&
    html`<details>
      <summary>${others.length} at their defaults</summary>
      ${list(others)}
    </details>`;
  return titled("Arguments that differ from the defaults", all.filter(([name, value]) => !same(name, value)), rest); // prettier-ignore
}

/** The body of the report's last part. */
export function setting(data: ReportData): Markup {
  const environment = Object.entries(data.environment).filter(([, value]) => value !== undefined);
  return html`${data.command && html`<pre>${data.command}</pre>`}
    <div class="facts">${argumentsOf(data)}${titled("Environment", environment)}</div>`;
}
