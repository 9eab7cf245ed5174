// Where one picture is chosen, dropped, pasted or filmed, and seen.

import { Camera, eachPicture } from "./camera.js";
import { make, part, pickFiles } from "./dom.js";
import type { Notice } from "./notice.js";

export const PICTURES = "image/*";

/** The files that are dropped on an element. */
export function onDrop(element: HTMLElement, take: (data: DataTransfer) => void): void {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer) take(event.dataTransfer);
  });
}

/** The file as pixels, turned as its EXIF data ask for. @throws Error if it is not a picture that the browser reads */
export async function openPicture(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    const name = file instanceof File ? `'${file.name}'` : "That";
    throw new Error(`${name} is not a picture that this browser can read.`);
  }
}

/** A section's view with its buttons. see() is given each picture, which it may not keep. */
export class PictureView {
  readonly #view: HTMLElement;
  readonly #camera = new Camera();
  readonly #button: HTMLElement;
  readonly #notice: Notice;
  readonly #see: (picture: ImageBitmap, live: boolean) => Promise<void>;
  #last: ImageBitmap | undefined;

  constructor(
    section: HTMLElement,
    notice: Notice,
    see: (picture: ImageBitmap, live: boolean) => Promise<void>,
  ) {
    this.#view = part(section, "view");
    this.#button = part(section, "camera");
    this.#notice = notice;
    this.#see = see;
    onDrop(this.#view, ({ files }) => files[0] && void notice.guard(() => this.show(files[0]!)));
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file && section.offsetParent && !document.activeElement?.closest("[data-class]"))
        void notice.guard(() => this.show(file));
    });
    part(section, "choose").onclick = () =>
      void notice.guard(async () => {
        const [file] = await pickFiles(PICTURES);
        if (file) await this.show(file);
      });
    this.#button.onclick = () => void notice.guard(() => this.#toggle());
    document.addEventListener("visibilitychange", () => document.hidden && this.stop());
  }

  /** Looks again at the picture that is shown. */
  async again(): Promise<void> {
    if (this.#last && !this.#camera.on) await this.#see(this.#last, false);
  }

  async show(file: Blob): Promise<void> {
    this.stop();
    const picture = await openPicture(file);
    this.#last?.close();
    this.#last = picture;
    const canvas = make("canvas", { width: picture.width, height: picture.height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file instanceof File ? file.name : "The picture");
    canvas.getContext("2d")!.drawImage(picture, 0, 0);
    this.#fill(canvas);
    await this.#see(picture, false);
  }

  /** Draws over the picture: share of its width and height, and a canvas. */
  overlay(canvas: HTMLCanvasElement | undefined): void {
    this.#view.querySelector(".heat")?.remove();
    if (canvas) this.#view.append(canvas);
  }

  stop(): void {
    if (!this.#camera.on) return;
    this.#camera.stop();
    this.#button.setAttribute("aria-pressed", "false");
  }

  async #toggle(): Promise<void> {
    if (this.#camera.on) return this.stop();
    await this.#camera.start();
    this.#button.setAttribute("aria-pressed", "true");
    this.#fill(this.#camera.video);
    void this.#notice.guard(() => eachPicture(this.#camera, (picture) => this.#see(picture, true)));
  }

  #fill(content: HTMLElement): void {
    this.#view.classList.add("filled");
    this.#view.replaceChildren(content);
  }
}
