// A card for each class: its name, its pictures, and ways to add more.

import { Camera } from "../parts/camera.js";
import { make, part, pickFiles } from "../parts/dom.js";
import type { Notice } from "../parts/notice.js";
import { onDrop, openPicture, PICTURES } from "../parts/view.js";
import { asFile, type Collection, type Picture, type PictureClass } from "./collection.js";
import { droppedPictures, type NamedPicture } from "./files.js";

const THUMB = 96;
/** Milliseconds between the pictures that a held button takes. */
const PACE = 150;

/** A small square of a picture, which deletes it when it is pressed. */
async function thumb(picture: Picture, remove: () => void): Promise<HTMLLIElement> {
  const bitmap = await createImageBitmap(picture.blob);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = make("canvas", { width: THUMB, height: THUMB });
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext("2d")!.drawImage(bitmap, left, top, side, side, 0, 0, THUMB, THUMB);
  bitmap.close();
  const button = make("button", { type: "button", title: "Delete this picture", onclick: remove }, canvas);
  button.setAttribute("aria-label", "Delete this picture");
  return make("li", {}, button);
}

export class Cards {
  readonly #list: HTMLElement;
  readonly #collection: Collection;
  readonly #notice: Notice;
  #camera: { readonly camera: Camera; readonly stop: () => void } | undefined;

  constructor(section: HTMLElement, collection: Collection, notice: Notice) {
    this.#list = part(section, "classes");
    this.#collection = collection;
    this.#notice = notice;
    for (const each of collection.classes) this.#addCard(each);
    document.addEventListener("paste", (event) => {
      const card = document.activeElement?.closest<HTMLElement>("[data-class]");
      const to = collection.classes.find(({ id }) => id === card?.dataset["class"]);
      const files = [...(event.clipboardData?.files ?? [])];
      if (to && files.length) this.#guard(() => this.take(to, files));
    });
  }

  addClass(name?: string): void {
    this.#addCard(this.#collection.addClass(name));
    this.#list.lastElementChild?.querySelector<HTMLInputElement>("input")?.select();
  }

  /** These classes instead of those that there are. */
  async nameClasses(names: readonly string[]): Promise<void> {
    for (const old of [...this.#collection.classes]) {
      await this.#collection.removeClass(old);
      this.#card(old).remove();
    }
    for (const name of names) this.#addCard(this.#collection.addClass(name));
  }

  /** Adds pictures to the classes that their folders name; those of no folder to this one. */
  async takeNamed(pictures: readonly NamedPicture[], otherwise?: PictureClass): Promise<void> {
    const byClass = new Map<PictureClass, File[]>();
    for (const { label, file } of pictures) {
      const known = this.#collection.classes.length;
      const to = label || !otherwise ? this.#collection.classNamed(label || "Class 1") : otherwise;
      if (this.#collection.classes.length > known) this.#addCard(to);
      byClass.set(to, [...(byClass.get(to) ?? []), file]);
    }
    for (const [to, files] of byClass) await this.take(to, files);
  }

  /** Adds pictures; those that are none are named at the end. */
  async take(to: PictureClass, files: readonly File[]): Promise<void> {
    const refused: string[] = [];
    for (const [i, file] of files.entries()) {
      if (files.length > 20 && i % 10 === 0) this.#notice.say(`Adding pictures: ${i} of ${files.length} …`);
      const bitmap = await openPicture(file).catch(() => undefined);
      if (!bitmap) refused.push(file.name);
      else await this.#add(to, bitmap);
    }
    this.#notice.clear();
    if (!refused.length) return;
    const names = refused.slice(0, 5).join(", ") + (refused.length > 5 ? " …" : "");
    this.#notice.say(
      `${refused.length} of ${files.length} files are no pictures that this browser can read: ${names}`,
    );
  }

  stopCamera(): void {
    this.#camera?.stop();
    this.#camera = undefined;
  }

  async #add(to: PictureClass, bitmap: ImageBitmap): Promise<void> {
    const blob = await asFile(bitmap);
    bitmap.close();
    const picture = await this.#collection.add(to, blob);
    await this.#show(to, picture);
  }

  #card(of: PictureClass): HTMLElement {
    return this.#list.querySelector<HTMLElement>(`[data-class="${of.id}"]`)!;
  }

  async #show(of: PictureClass, picture: Picture): Promise<void> {
    const card = this.#card(of);
    const item = await thumb(picture, () =>
      this.#guard(async () => {
        await this.#collection.remove(of, picture);
        const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button");
        item.remove();
        (next ?? part(card, "add")).focus();
        this.#count(of);
      }),
    );
    part(card, "thumbs").append(item);
    this.#count(of);
  }

  #count(of: PictureClass): void {
    const n = of.pictures.length;
    part(this.#card(of), "count").textContent = n === 1 ? "1 picture" : `${n} pictures`;
  }

  #addCard(of: PictureClass): void {
    const name = make("input", { value: of.name, maxLength: 80, onchange: () => this.#rename(of, name) });
    name.setAttribute("aria-label", "Name of the class");
    const button = (text: string, action: string): HTMLButtonElement => {
      const made = make("button", { type: "button", textContent: text });
      made.dataset["part"] = action;
      return made;
    };
    const count = make("span", { className: "quiet" });
    count.dataset["part"] = "count";
    const thumbs = make("ul", { className: "thumbs" });
    thumbs.dataset["part"] = "thumbs";
    const [add, film, hold, remove] = [
      button("Add pictures", "add"),
      button("Use the camera", "film"),
      button("Hold to take pictures", "hold"),
      button("Delete the class", "remove"),
    ] as const;
    hold.hidden = true;
    const view = make("div", { className: "view small", hidden: true });
    const head = make("div", { className: "class-head" }, name, count, remove);
    const card = make("div", { className: "card drop" }, head, thumbs, view, make("div", { className: "row" }, add, film, hold)); // prettier-ignore
    card.dataset["class"] = of.id;
    this.#list.append(card);
    this.#count(of);
    for (const picture of of.pictures) void this.#show(of, picture);
    onDrop(card, (data) => {
      const dropped = droppedPictures(data);
      this.#guard(async () => this.takeNamed(await dropped, of));
    });
    add.onclick = () => this.#guard(async () => this.take(of, await pickFiles(PICTURES)));
    remove.onclick = () => this.#guard(() => this.#remove(of, card));
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

  async #remove(of: PictureClass, card: HTMLElement): Promise<void> {
    const n = of.pictures.length;
    if (n && !confirm(`Delete '${of.name}' and its ${n} ${n === 1 ? "picture" : "pictures"}?`)) return;
    await this.#collection.removeClass(of);
    card.remove();
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
          await this.#add(of, await this.#camera.camera.picture());
          await new Promise((next) => setTimeout(next, PACE));
        }
      });
    };
    const end = (): void => void (held = false);
    button.onpointerdown = begin;
    button.onkeydown = ({ key }) => (key === " " || key === "Enter") && begin();
    for (const event of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"])
      button.addEventListener(event, end);
  }

  #guard(run: () => Promise<void>): void {
    void this.#notice.guard(run);
  }
}
