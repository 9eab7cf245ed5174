// Small pictures of a class: rows are made a few at a time, and drawn when they come into view, so that thousands never hold the page up.

import { make } from "../parts/dom.js";

/** Pixels of a side. */
const SIDE = 96;
/** Rows that are made before the page gets its turn. */
const SLICE = 25;
/** Pictures that are opened at the same time. */
const AT_ONCE = 4;

const nextFrame = (): Promise<void> =>
  new Promise((resume) => {
    const timer = setTimeout(go, 100); // hidden pages get no frames
    const frame = requestAnimationFrame(go);
    function go(): void {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      resume();
    }
  });

export class Thumbs {
  readonly list: HTMLUListElement;
  readonly #open: (id: number) => Promise<Blob>;
  readonly #observer: IntersectionObserver;
  /** Those in view that are not drawn yet. */
  readonly #wanted = new Set<HTMLElement>();
  #drawing = 0;
  /** Rows are added in the order in which they were asked for. */
  #last: Promise<void> = Promise.resolve();

  /** open: the file of a picture. remove: called when its thumbnail is pressed. */
  constructor(open: (id: number) => Promise<Blob>, remove: (id: number) => void) {
    this.list = make("ul", { className: "thumbs" });
    this.#open = open;
    this.list.onclick = ({ target }) => {
      const item = (target as Element).closest("li");
      if (item) remove(Number(item.dataset["id"]));
    };
    this.#observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) this.#wanted.add(target as HTMLElement);
          else this.#wanted.delete(target as HTMLElement);
        }
        this.#draw();
      },
      { rootMargin: "200px" },
    );
  }

  /** Adds pictures at the end; comes back when their places are there. */
  add(ids: readonly number[]): Promise<void> {
    return (this.#last = this.#last.then(async () => {
      for (let at = 0; at < ids.length; at += SLICE) {
        const items = ids.slice(at, at + SLICE).map((id) => this.#item(id));
        this.list.append(...items);
        for (const item of items) this.#observer.observe(item);
        if (at + SLICE < ids.length) await nextFrame();
      }
    }));
  }

  /** Takes a thumbnail out, and gives its neighbour the focus; false if there is no neighbour. */
  remove(id: number): boolean {
    const item = this.list.querySelector(`[data-id="${id}"]`);
    if (!item) return false;
    this.#observer.unobserve(item);
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button");
    item.remove();
    next?.focus();
    return next !== undefined && next !== null;
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#wanted.clear();
  }

  #item(id: number): HTMLLIElement {
    const button = make(
      "button",
      { type: "button", title: "Delete this picture" },
      make("canvas", { width: 1, height: 1 }),
    );
    button.setAttribute("aria-label", "Delete this picture");
    const item = make("li", {}, button);
    item.dataset["id"] = String(id);
    return item;
  }

  #draw(): void {
    for (const item of this.#wanted) {
      if (this.#drawing >= AT_ONCE) return;
      this.#wanted.delete(item);
      this.#observer.unobserve(item);
      this.#drawing++;
      void this.#show(item).finally(() => {
        this.#drawing--;
        this.#draw();
      });
    }
  }

  async #show(item: HTMLElement): Promise<void> {
    try {
      const blob = await this.#open(Number(item.dataset["id"]));
      const bitmap = await createImageBitmap(blob, { resizeWidth: SIDE * 2, resizeQuality: "medium" });
      const canvas = item.querySelector("canvas")!;
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
    } catch (error) {
      if (item.isConnected) console.warn(error); // it was deleted meanwhile
    }
  }
}
