// The network that learns: made for a choice of network, and told of the pictures that have come and gone since it last learnt.

import {
  createTrainer,
  loadTrainer,
  savedTrainers,
  type PageFitOptions,
  type FitReport,
  type PageModelOptions,
  type PageTrainer,
} from "fovea/web";
import type { Source } from "../networks.js";
import type { Collection } from "./collection.js";

/** Under which name the network is kept in this browser. */
const NAME = "teach";

export class Student {
  readonly #source: Source;
  readonly #onProgress: NonNullable<PageModelOptions["onProgress"]>;
  /** By the pictures' ids in the collection: theirs in the trainer, and their class there. */
  readonly #known = new Map<string, { readonly id: number; readonly label: string }>();
  #trainer: PageTrainer | undefined;

  constructor(source: Source, onProgress: NonNullable<PageModelOptions["onProgress"]>) {
    this.#source = source;
    this.#onProgress = onProgress;
  }

  /** The one that learnt when the page was open before, if there is one. */
  static async saved(onProgress: NonNullable<PageModelOptions["onProgress"]>): Promise<Student | undefined> {
    const names = await savedTrainers().catch((): string[] => []); // some private windows keep nothing
    if (!names.includes(NAME)) return undefined;
    const student = new Student({ model: NAME }, onProgress);
    student.#trainer = await loadTrainer(NAME);
    return student;
  }

  /** Whether the page was left in the middle of a training run. */
  get interrupted(): boolean {
    return this.#trainer?.info.interrupted !== undefined;
  }

  /** Goes on with the training run that was interrupted. */
  async goOn(options: PageFitOptions): Promise<FitReport> {
    return this.#trainer!.fit({ ...options, resume: true, checkpoint: NAME });
  }

  /** Undefined before it has learnt anything. */
  get trainer(): PageTrainer | undefined {
    return this.#trainer;
  }

  /** Loads a network that has learnt its classes before; it can be tried at once, and learn more. */
  async wake(): Promise<readonly string[]> {
    this.#trainer = await createTrainer({ ...this.#source, onProgress: this.#onProgress });
    return this.#trainer.info.classes;
  }

  /** Learns from the pictures. told: how many of them it has been given. */
  async learn(
    collection: Collection,
    told: (done: number, total: number) => void,
    options: PageFitOptions,
  ): Promise<FitReport> {
    const trainer = await this.#upToDate(collection, told, options.signal);
    return trainer.fit({ ...options, checkpoint: NAME });
  }

  dispose(): void {
    this.#trainer?.dispose();
  }

  async #upToDate(
    collection: Collection,
    told: (done: number, total: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<PageTrainer> {
    const names = collection.classes.map(({ name }) => name);
    this.#trainer ??= await createTrainer({ ...this.#source, classes: names, onProgress: this.#onProgress });
    const trainer = this.#trainer;
    if (!this.#known.size) await trainer.remove(...(await trainer.examples()).map(({ id }) => id)); // of a saved one
    if (names.join("\n") !== trainer.info.classes.join("\n")) {
      await trainer.remove(...[...this.#known.values()].map(({ id }) => id));
      this.#known.clear();
      await trainer.setClasses(names);
    }
    const now = new Map(
      collection.classes.flatMap(({ name, pictures }) =>
        pictures.map((each) => [each.id, { label: name, blob: each.blob }]),
      ),
    );
    const gone = [...this.#known].filter(([id]) => !now.has(id));
    if (gone.length) await trainer.remove(...gone.map(([, { id }]) => id));
    for (const [id] of gone) this.#known.delete(id);
    let done = 0;
    for (const [id, { label, blob }] of now) {
      signal?.throwIfAborted();
      if (!this.#known.has(id)) this.#known.set(id, { id: (await trainer.add(blob, label)).id, label });
      told(++done, now.size);
    }
    return trainer;
  }
}
