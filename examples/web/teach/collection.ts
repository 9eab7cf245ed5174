// The pictures that a person collects, by class, and the network that learns them: both are a trainer's, which keeps them in this
// browser, so that a reload loses none.

import {
  createTrainer,
  loadTrainer,
  savedTrainers,
  type AddZipOptions,
  type PageFitOptions,
  type FitReport,
  type PagePicture,
  type PageTrainer,
  type Refused,
  type SetModelOptions,
} from "fovea/web";

export interface PictureClass {
  name: string;
  /** The trainer's numbers of its pictures. */
  readonly pictures: number[];
}

/** As many as the page can show and train on. */
export const MOST_CLASSES = 50;

/** Under which name pictures and network are kept in this browser. */
const NAME = "teach";
/** Where the page notes that a network was opened. */
const OPENED = "teach: opened";

export class Collection {
  readonly trainer: PageTrainer;
  /** Whether they are kept; some private windows keep nothing. */
  readonly kept: boolean;
  readonly classes: PictureClass[] = [];
  /** Called when pictures or classes have changed. */
  onchange: () => void = () => undefined;
  /** Changes of the classes follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(trainer: PageTrainer, kept: boolean) {
    this.trainer = trainer;
    this.kept = kept;
  }

  /** What was there when the page was left; two empty classes and this network the first time. */
  static async open(first: SetModelOptions): Promise<Collection> {
    const options = { ...first, classes: ["Class 1", "Class 2"] };
    const open = async (): Promise<PageTrainer> =>
      (await savedTrainers()).includes(NAME) ? loadTrainer(NAME) : createTrainer({ ...options, keep: NAME });
    const kept = await savedTrainers().then(
      () => true,
      () => false,
    );
    const collection = new Collection(await (kept ? open() : createTrainer(options)), kept);
    await collection.#read();
    if (!collection.classes.length) for (const name of options.classes) await collection.addClass(name);
    return collection;
  }

  get size(): number {
    return this.classes.reduce((sum, { pictures }) => sum + pictures.length, 0);
  }

  /** @throws Error if there would be too many classes */
  checkRoom(more: number): void {
    if (this.classes.length + more <= MOST_CLASSES) return;
    const got = more > 1 ? ` With these there would be ${this.classes.length + more}.` : "";
    throw new Error(`${MOST_CLASSES} classes are the most this page can teach.${got}`);
  }

  async addClass(name = this.#freeName()): Promise<PictureClass> {
    this.checkRoom(1);
    const added: PictureClass = { name, pictures: [] };
    this.classes.push(added);
    await this.#named();
    return added;
  }

  /** The class of this name. If there is no such class, one that nobody has named and that has no pictures gets the name, or a new one. */
  async classNamed(name: string): Promise<PictureClass> {
    const known = this.classes.find((each) => each.name === name);
    if (known) return known;
    const [free] = this.#unused;
    if (!free) return this.addClass(name);
    await this.rename(free, name);
    return free;
  }

  /** How many classes would be new if pictures of these were added. */
  unknown(names: Iterable<string>): number {
    const fresh = [...new Set(names)].filter((name) => !this.classes.some((each) => each.name === name));
    return Math.max(0, fresh.length - this.#unused.length);
  }

  /** @throws DataError if it is not a picture, or there is no room for it */
  async add(to: PictureClass, picture: PagePicture): Promise<number> {
    const { id } = await this.trainer.add(picture, to.name);
    to.pictures.push(id);
    this.onchange();
    return id;
  }

  /** Adds the pictures of a zip file; gives back those that cannot be read. */
  async addZip(zip: File, options: AddZipOptions): Promise<readonly Refused[]> {
    const unused = this.#unused;
    const refused = await this.trainer.addZip(zip, options).finally(() => this.#read());
    for (const each of unused.filter(({ pictures }) => !pictures.length)) await this.removeClass(each);
    this.onchange();
    return refused;
  }

  async remove(from: PictureClass, id: number): Promise<void> {
    from.pictures.splice(from.pictures.indexOf(id), 1);
    await this.trainer.remove(id);
    this.onchange();
  }

  async removeClass(gone: PictureClass): Promise<void> {
    const at = this.classes.indexOf(gone);
    this.classes.splice(at, 1);
    await this.#next(() => this.trainer.removeClass(at));
    this.onchange();
  }

  async rename(renamed: PictureClass, name: string): Promise<void> {
    renamed.name = name;
    await this.#named();
  }

  /** These classes in place of those that there are, none of which has pictures. */
  async nameClasses(names: readonly string[]): Promise<void> {
    this.classes.splice(0, this.classes.length, ...names.map((name) => ({ name, pictures: [] })));
    await this.#named();
  }

  /** A network that knows its classes already. */
  async openModel(model: SetModelOptions): Promise<void> {
    await this.trainer.setModel(model);
    if (!this.kept) return;
    await this.trainer.save(NAME);
    localStorage.setItem(OPENED, "yes");
  }

  /** Whether the network that is kept was opened, so that it may know its classes without having learnt here. */
  get openedBefore(): boolean {
    return this.kept && localStorage.getItem(OPENED) !== null;
  }

  async fit(options: PageFitOptions): Promise<FitReport> {
    return this.trainer.fit({ ...options, ...(this.kept && { checkpoint: NAME }) });
  }

  /** Classes without pictures that nobody has named. */
  get #unused(): PictureClass[] {
    return this.classes.filter(({ name, pictures }) => !pictures.length && /^Class \d+$/.test(name));
  }

  /** "Class 3", or the next number that is free. */
  #freeName(): string {
    for (let n = this.classes.length + 1; ; n++) {
      if (!this.classes.some(({ name }) => name === `Class ${n}`)) return `Class ${n}`;
    }
  }

  async #named(): Promise<void> {
    await this.#next(() => this.trainer.setClasses(this.classes.map(({ name }) => name)));
    this.onchange();
  }

  async #next(run: () => Promise<unknown>): Promise<void> {
    const mine = this.#last.then(run);
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  /** Brings the classes up to date with the trainer's; those that stay are the same objects. */
  async #read(): Promise<void> {
    const { classes } = this.trainer.info;
    const old = [...this.classes];
    const now = classes.map((name, i): PictureClass => old[i] ?? { name, pictures: [] });
    this.classes.splice(0, this.classes.length, ...now);
    now.forEach(({ pictures }) => (pictures.length = 0));
    for (const { id, index } of await this.trainer.examples()) now[index]!.pictures.push(id);
  }
}
