// A card for each class: its name, its pictures, and ways to add more.

import { Camera } from "../parts/camera.js";
import { make, part, pickFiles } from "../parts/dom.js";
import { isFull, type Notice } from "../parts/notice.js";
import { onDrop, PICTURES } from "../parts/view.js";
import type { Collection, PictureClass } from "./collection.js";
import { dropped, labelsIn, type Found, type NamedPicture } from "./files.js";
import { Thumbs } from "./thumbs.js";

/** Milliseconds between the pictures that a held button takes. */
const PACE = 150;
/** Milliseconds between two times that the pictures are shown which have been added. */
const REPORT = 200;
/** Files that are named when they cannot be read. */
const NAMED = 5;

interface Card {
  readonly element: HTMLElement;
  readonly thumbs: Thumbs;
}

const counted = (n: number): string => (n === 1 ? "1 picture" : `${n.toLocaleString("en")} pictures`);

export class Cards {
  readonly #list: HTMLElement;
  readonly #collection: Collection;
  readonly #notice: Notice;
  readonly #cards = new Map<PictureClass, Card>();
  #camera: { readonly camera: Camera; readonly stop: () => void } | undefined;

  constructor(section: HTMLElement, collection: Collection, notice: Notice) {
    this.#list = part(section, "classes");
    this.#collection = collection;
    this.#notice = notice;
    this.update();
    document.addEventListener("paste", (event) => {
      const element = document.activeElement?.closest<HTMLElement>("[data-class]");
      const [to] = [...this.#cards].find(([, card]) => card.element === element) ?? [];
      const files = [...(event.clipboardData?.files ?? [])];
      if (to && files.length)
        this.#guard(() =>
          this.take(
            files.map((file) => ({ label: "", file })),
            to,
          ),
        );
    });
  }

  async addClass(): Promise<void> {
    const added = await this.#collection.addClass();
    this.update();
    this.#cards.get(added)!.element.querySelector("input")!.select();
  }

  /** Shows the classes and pictures that the collection has now. */
  update(): void {
    const { classes } = this.#collection;
    for (const [gone, card] of this.#cards) {
      if (classes.includes(gone)) continue;
      card.thumbs.dispose();
      card.element.remove();
      this.#cards.delete(gone);
    }
    for (const each of classes) {
      if (!this.#cards.has(each)) this.#addCard(each);
      part<HTMLInputElement>(this.#cards.get(each)!.element, "name").value = each.name;
      this.#count(each);
    }
  }

  /** Adds what was chosen or dropped: pictures to the classes that their folders name, those of no folder to this class. */
  async takeFound({ pictures, zips }: Found, otherwise?: PictureClass): Promise<void> {
    if (!pictures.length && !zips.length) throw new Error("There are no pictures in that: JPEG, PNG, WebP, GIF, BMP or AVIF files."); // prettier-ignore
    if (pictures.length) await this.take(pictures, otherwise);
    for (const zip of zips) await this.#takeZip(zip);
  }

  /** Adds pictures; files that are not pictures are named at the end. */
  async take(pictures: readonly NamedPicture[], otherwise?: PictureClass): Promise<void> {
    const names = pictures.map(({ label }) => label || (otherwise?.name ?? "Class 1"));
    this.#collection.checkRoom(this.#collection.unknown(names));
    const refused: string[] = [];
    const added = new Map<PictureClass, number[]>();
    const show = async (): Promise<void> => {
      const now = [...added];
      added.clear();
      for (const [to, ids] of now) await this.#show(to, ids);
    };
    let reported = performance.now();
    try {
      for (const [i, { file }] of pictures.entries()) {
        const to = await this.#collection.classNamed(names[i]!);
        if (!this.#cards.has(to)) this.update();
        try {
          const id = await this.#collection.add(to, file);
          added.set(to, [...(added.get(to) ?? []), id]);
        } catch (error) {
          if (isFull(error)) throw error; // the others would find no room either
          refused.push(file.name);
        }
        if (performance.now() - reported < REPORT) continue;
        await show();
        if (pictures.length > 1) this.#notice.say(`Adding pictures: ${i + 1} of ${pictures.length} …`);
        reported = performance.now();
      }
    } finally {
      await show();
    }
    this.update();
    this.#refused(refused, pictures.length);
  }

  stopCamera(): void {
    this.#camera?.stop();
    this.#camera = undefined;
  }

  async #takeZip(zip: File): Promise<void> {
    this.#collection.checkRoom(this.#collection.unknown(await labelsIn(zip)));
    let files = 0;
    const refused = await this.#collection.addZip(zip, {
      onProgress: ({ done, total }) => {
        files = total;
        this.#notice.say(`Adding pictures: ${done} of ${total} …`);
      },
    });
    const before = new Map([...this.#cards].map(([of, { thumbs }]) => [of, thumbs.ids]));
    this.update(); // new cards show what they have
    for (const [of, ids] of before) await this.#show(of, of.pictures.filter((id) => !ids.has(id))); // prettier-ignore
    this.#refused(refused.map(({ file }) => file.split("/").at(-1)!), files); // prettier-ignore
  }

  #refused(names: readonly string[], total: number): void {
    this.#notice.clear();
    if (!names.length) return;
    const some = names.slice(0, NAMED).join(", ") + (names.length > NAMED ? " …" : "");
    const files =
      total === 1 ? "The file is not a picture" : `${names.length} of ${total} files are not pictures`;
    this.#notice.say(`${files} that this browser can read: ${some}`);
  }

  /** Shows pictures that a class has got. */
  async #show(of: PictureClass, ids: readonly number[]): Promise<void> {
    const card = this.#cards.get(of);
    if (!card) return; // it was deleted meanwhile
    await card.thumbs.add(ids);
    card.thumbs.list.scrollTop = card.thumbs.list.scrollHeight; // to the newest
    this.#count(of);
  }

  #count(of: PictureClass): void {
    part(this.#cards.get(of)!.element, "count").textContent = counted(of.pictures.length);
  }

  async #delete(of: PictureClass, id: number): Promise<void> {
    const { element, thumbs } = this.#cards.get(of)!;
    if (!thumbs.remove(id)) part(element, "add").focus();
    await this.#collection.remove(of, id);
    this.#count(of);
  }

  #addCard(of: PictureClass): void {
    const name = make("input", { value: of.name, maxLength: 80, onchange: () => this.#rename(of, name) });
    name.setAttribute("aria-label", "Name of the class");
    name.dataset["part"] = "name";
    const button = (text: string, action: string): HTMLButtonElement => {
      const made = make("button", { type: "button", textContent: text });
      made.dataset["part"] = action;
      return made;
    };
    const count = make("span", { className: "quiet count" });
    count.dataset["part"] = "count";
    const [add, film, hold, remove] = [
      button("Add pictures", "add"),
      button("Use the camera", "film"),
      button("Hold to take pictures", "hold"),
      button("Delete", "remove"),
    ] as const;
    hold.hidden = true;
    hold.classList.add("main");
    const view = make("div", { className: "view small", hidden: true });
    const { trainer } = this.#collection;
    const thumbs = new Thumbs(
      (id) => trainer.picture(id),
      (id) => this.#guard(() => this.#delete(of, id)),
    );
    const head = make("div", { className: "class-head" }, name, count, remove);
    const hint = make("p", { className: "hint", textContent: "Drop or paste pictures here" });
    const card = make("div", { className: "card drop" }, head, thumbs.list, hint, view, make("div", { className: "row" }, add, film, hold)); // prettier-ignore
    card.dataset["class"] = "";
    this.#list.append(card);
    this.#cards.set(of, { element: card, thumbs });
    void thumbs.add(of.pictures);
    onDrop(card, (data) => {
      const found = dropped(data);
      this.#guard(async () => this.takeFound(await found, of));
    });
    add.onclick = () =>
      this.#guard(async () => {
        const files = await pickFiles(PICTURES);
        if (files.length) await this.take(files.map((file) => ({ label: "", file })), of); // prettier-ignore
      });
    remove.onclick = () => this.#guard(() => this.#remove(of));
    film.onclick = () => this.#guard(() => this.#film(film, hold, view));
    this.#onHold(hold, of);
  }

  #rename(of: PictureClass, input: HTMLInputElement): void {
    this.#guard(async () => {
      const name = input.value.trim();
      const taken = this.#collection.classes.some((each) => each !== of && each.name === name);
      if (!name || taken) {
        input.value = of.name;
        throw new Error(name ? `There is a class '${name}' already.` : "A class needs a name.");
      }
      await this.#collection.rename(of, name);
    });
  }

  async #remove(of: PictureClass): Promise<void> {
    const n = of.pictures.length;
    if (n && !confirm(`Delete '${of.name}' and its ${counted(n)}?`)) return;
    await this.#collection.removeClass(of);
    this.update();
  }

  /** Shows the camera in a card, and no longer in another. */
  async #film(button: HTMLButtonElement, hold: HTMLButtonElement, view: HTMLElement): Promise<void> {
    const on = button.getAttribute("aria-pressed") === "true";
    this.stopCamera();
    if (on) return;
    const camera = new Camera();
    await camera.start();
    const show = (shown: boolean): void => {
      button.setAttribute("aria-pressed", String(shown));
      view.hidden = hold.hidden = !shown;
      view.replaceChildren(...(shown ? [camera.video] : []));
    };
    show(true);
    this.#camera = { camera, stop: () => (camera.stop(), show(false)) };
  }

  /** Takes pictures while the button is held, by pointer or key. */
  #onHold(button: HTMLButtonElement, of: PictureClass): void {
    let held = false;
    const begin = (): void => {
      if (held) return;
      held = true;
      this.#guard(async () => {
        while (held && this.#camera) {
          const bitmap = await this.#camera.camera.picture();
          const id = await this.#collection.add(of, bitmap).finally(() => bitmap.close());
          await this.#show(of, [id]);
          await new Promise((next) => setTimeout(next, PACE));
        }
      });
    };
    const end = (): void => void (held = false);
    button.onpointerdown = ({ pointerId }) => {
      button.setPointerCapture(pointerId); // the button moves when a row of thumbnails begins
      begin();
    };
    button.onkeydown = ({ key }) => (key === " " || key === "Enter") && begin();
    for (const event of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"])
      button.addEventListener(event, end);
  }

  #guard(run: () => Promise<void>): void {
    void this.#notice.guard(run);
  }
}
