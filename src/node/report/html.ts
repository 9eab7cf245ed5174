// Text as HTML: only the results of html`` get into a page unescaped.

/** A piece of a page. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | undefined | false | readonly Content[];

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for an element or a quoted attribute. Control characters, which HTML does not allow, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

function textOf(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (content === undefined || content === false) return "";
  if (typeof content === "string") return escapeHtml(content);
  if (typeof content === "number") return escapeHtml(String(content));
  return (content as readonly Content[]).map(textOf).join("");
}

/** A template with its values escaped, unless html`` made them. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(parts.map((part, i) => part + textOf(values[i])).join(""));
}

/** A name that may break into lines after separators: "soft-coated_wheaten_terrier", "ship/0001.jpg". */
export function breakable(name: string): Markup {
  const parts = name.split(/(?<=[_/|])|(?<=\.)(?=[A-Za-z])/);
  return html`${parts.map((part, i) => (i === 0 ? part : html`<wbr />${part}`))}`;
}

/** Placeholder for a missing number. */
export const NONE = "–";

/** 0.9341 → "93.41 %". */
export function percent(share: number | undefined, digits = 2): string {
  return share === undefined || !Number.isFinite(share) ? NONE : `${(share * 100).toFixed(digits)} %`;
}

/** Four digits, whole numbers with commas: 0.2134, 12.35, 1,234. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NONE;
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 4;
  return Math.abs(value) < 0.001 ? value.toPrecision(3).replace("e-", "e−") : value.toFixed(digits);
}

/** A number of an SVG: hundredths of a pixel are enough. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
