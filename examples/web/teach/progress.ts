// How a training run is shown.

import type { FitProgress } from "fovea/web";
import { chart, type Curve } from "../parts/chart.js";
import { duration, make, part } from "../parts/dom.js";

/** Bar, words and curves of a training run. */
export class Progress {
  readonly #section: HTMLElement;
  readonly #bar: HTMLProgressElement;
  readonly #loss: [number, number][] = [];
  readonly #accuracy: [number, number][] = [];
  readonly #held: [number, number][] = [];

  constructor(section: HTMLElement) {
    this.#section = section;
    const box = part(section, "progress");
    box.hidden = false;
    this.#bar = box.querySelector("progress")!;
    this.#draw();
  }

  step(event: FitProgress): void {
    if (event.kind === "features") {
      this.#bar.value = event.done / event.total;
      this.#say(`Looking at the pictures: ${event.done} of ${event.total}`);
    } else if (event.kind === "step") {
      this.#bar.value = (event.epoch - 1 + event.step / event.steps) / event.epochs;
      this.#say(`Pass ${event.epoch} of ${event.epochs}, ${duration(event.secondsLeft)} left`);
    } else {
      this.#loss.push([event.epoch, event.train_loss]);
      this.#accuracy.push([event.epoch, event.train_top1]);
      const held = event.ema_top1 ?? event.eval_top1; // the average is what is kept
      if (held !== undefined) this.#held.push([event.epoch, held]);
      this.#draw();
    }
  }

  done(text: string): void {
    this.#bar.value = 1;
    this.#say(text);
  }

  #say(text: string): void {
    part(this.#section, "eta").textContent = text;
  }

  #draw(): void {
    const curves: Curve[] = [{ name: "these pictures", points: this.#accuracy }];
    if (this.#held.length) curves.push({ name: "pictures kept aside", points: this.#held });
    const share = (y: number): string => `${Math.round(100 * y)} %`;
    part(this.#section, "chart").replaceChildren(
      make("h3", { textContent: "Right answers" }),
      chart("Right answers", curves, { end: 1, format: share, xTitle: "passes" }),
      make("h3", { textContent: "Loss" }),
      chart("Loss", [{ name: "these pictures", points: this.#loss }], {
        format: (y) => y.toFixed(2),
        xTitle: "passes",
      }),
    );
  }
}
