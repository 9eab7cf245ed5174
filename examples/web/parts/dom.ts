// Finding and making elements.

/** The element of this part of a section: `data-part="name"`. */
export function part<T extends HTMLElement = HTMLElement>(section: ParentNode, name: string): T {
  const found = section.querySelector<T>(`[data-part="${name}"]`);
  if (!found) throw new Error(`no part '${name}' in the page`);
  return found;
}

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], "style">> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Asks for files of the kinds that `accept` names; none if the person changes their mind. */
export function pickFiles(accept: string, folder = false): Promise<File[]> {
  const input = make("input", { type: "file", accept, multiple: true, webkitdirectory: folder });
  return new Promise((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.oncancel = () => resolve([]);
    input.click();
  });
}

/** Gives a file to the person. */
export function download(name: string, bytes: Uint8Array | Blob): void {
  const blob = bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export const percent = (share: number): string => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`; // prettier-ignore

/** 75 → "1 min 15 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
