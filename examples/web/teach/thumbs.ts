// Small pictures of a class: their places are made a few at a time, and drawn when they come into view, so that thousands never hold
// the page up.

import { make } from "../parts/dom.js";

/** Pixels of a side. */
const SIDE = 96;
/** Places that are made before the page gets its turn. */
const SLICE = 20;
/**
 * Of this many places the first alone is observed, as the browser looks at each observed one in every frame. They are no more than
 * three rows of a narrow page, so some first one is in view wherever the list is scrolled to, and its neighbours are drawn with it.
 */
const GROUP = 12;
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

/** All lists take turns: each slice has a frame of its own. */
let last: Promise<void> = Promise.resolve();

export class Thumbs {
  readonly list: HTMLUListElement;
  readonly #open: (id: number) => Promise<Blob>;
  readonly #observer: IntersectionObserver;
  /** Places that are observed, and those of them that are in view. */
  readonly #firsts = new Set<Element>();
  readonly #near = new Set<Element>();
  /** Those in view that are not drawn yet. */
  readonly #wanted = new Set<HTMLElement>();
  #drawing = 0;

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
          if (isIntersecting) this.#near.add(target);
          else this.#near.delete(target);
        }
        this.#look();
      },
      { rootMargin: "200px" },
    );
  }

  /** Adds pictures at the end; comes back when their places are there. */
  add(ids: readonly number[]): Promise<void> {
    return (last = last.then(async () => {
      for (let at = 0; at < ids.length; at += SLICE) {
        if (at > 0) await nextFrame();
        const first = this.list.childElementCount;
        const items = ids.slice(at, at + SLICE).map((id) => this.#item(id));
        this.list.append(...items);
        items.forEach((item, i) => (first + i) % GROUP === 0 && this.#observe(item));
        this.#look();
      }
      if (ids.length >= SLICE) await nextFrame();
    }));
  }

  /** The pictures that have a place. */
  get ids(): ReadonlySet<number> {
    return new Set(Array.from(this.list.children, (item) => Number((item as HTMLElement).dataset["id"])));
  }

  /** Takes a thumbnail out, and gives its neighbour the focus; false if there is no neighbour. */
  remove(id: number): boolean {
    const item = this.list.querySelector(`[data-id="${id}"]`);
    if (!item) return false;
    const after = item.nextElementSibling;
    const next = (after ?? item.previousElementSibling)?.querySelector("button");
    this.#observer.unobserve(item);
    this.#near.delete(item);
    if (this.#firsts.delete(item) && after) this.#observe(after);
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

  #observe(item: Element): void {
    this.#firsts.add(item);
    this.#observer.observe(item);
  }

  /** Draws the groups that are in view and their neighbours. */
  #look(): void {
    const items = [...this.list.children] as HTMLElement[];
    for (const first of this.#near) {
      const at = items.indexOf(first as HTMLElement);
      for (const item of items.slice(Math.max(0, at - GROUP), at + 2 * GROUP)) {
        if (!item.classList.contains("drawn")) this.#wanted.add(item);
      }
    }
    this.#draw();
  }

  #draw(): void {
    for (const item of this.#wanted) {
      if (this.#drawing >= AT_ONCE) return;
      this.#wanted.delete(item);
      item.classList.add("drawn");
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
