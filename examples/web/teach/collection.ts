// The pictures that a person collects, by class; kept on this device, so that a reload loses none.

import { Folder } from "./folder.js";

export interface Picture {
  readonly id: string;
  /** A JPEG, or the file that was chosen. */
  readonly blob: Blob;
}

export interface PictureClass {
  readonly id: string;
  name: string;
  readonly pictures: Picture[];
}

/** As many as the page can show and train on. */
export const MOST_CLASSES = 50;
/** Longer side of pictures that are kept: more than networks look at. */
const KEPT_SIDE = 640;

/** A picture as a file, made smaller if it is large. */
export async function asFile(picture: ImageBitmap): Promise<Blob> {
  const scale = Math.min(1, KEPT_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  );
  const canvas = new OffscreenCanvas(width!, height!);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width!, height!);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

export class Collection {
  readonly classes: PictureClass[] = [];
  readonly #folder: Folder;
  /** Told when something has changed. */
  onchange: () => void = () => undefined;

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** What was there when the page was left; two empty classes the first time. */
  static async open(): Promise<Collection> {
    const folder = await Folder.open("teach");
    const collection = new Collection(folder);
    const text = await folder.read("classes.json");
    const saved = text
      ? (JSON.parse(await text.text()) as { id: string; name: string; pictures: string[] }[])
      : [];
    for (const { id, name, pictures } of saved) {
      const files = await Promise.all(
        pictures.map(async (each) => ({ id: each, blob: await folder.read(each) })),
      );
      collection.classes.push({
        id,
        name,
        pictures: files.filter((each): each is Picture => each.blob !== undefined),
      });
    }
    if (!collection.classes.length) for (const name of ["Class 1", "Class 2"]) collection.addClass(name);
    return collection;
  }

  get size(): number {
    return this.classes.reduce((sum, { pictures }) => sum + pictures.length, 0);
  }

  /** Throws where there are too many. */
  addClass(name = `Class ${this.classes.length + 1}`): PictureClass {
    if (this.classes.length >= MOST_CLASSES)
      throw new Error(`${MOST_CLASSES} classes are the most this page can teach.`);
    const added: PictureClass = { id: crypto.randomUUID(), name, pictures: [] };
    this.classes.push(added);
    void this.#changed();
    return added;
  }

  /** The class of this name, made if there is none. */
  classNamed(name: string): PictureClass {
    return this.classes.find((each) => each.name === name) ?? this.addClass(name);
  }

  async add(to: PictureClass, blob: Blob): Promise<Picture> {
    const picture = { id: `${crypto.randomUUID()}.jpg`, blob };
    to.pictures.push(picture);
    await this.#folder.write(picture.id, blob);
    await this.#changed();
    return picture;
  }

  async remove(from: PictureClass, picture: Picture): Promise<void> {
    from.pictures.splice(from.pictures.indexOf(picture), 1);
    await this.#folder.remove(picture.id);
    await this.#changed();
  }

  async removeClass(gone: PictureClass): Promise<void> {
    this.classes.splice(this.classes.indexOf(gone), 1);
    for (const { id } of gone.pictures) await this.#folder.remove(id);
    await this.#changed();
  }

  async rename(renamed: PictureClass, name: string): Promise<void> {
    renamed.name = name;
    await this.#changed();
  }

  async #changed(): Promise<void> {
    this.onchange();
    const state = this.classes.map(({ id, name, pictures }) => ({
      id,
      name,
      pictures: pictures.map((each) => each.id),
    }));
    await this.#folder.write("classes.json", new Blob([JSON.stringify(state)]));
  }
}
