import { choice, count, needed, number, readOptions, type OptionsOf } from "./options.js";
import { schedule, SCHEDULE, type Schedule } from "./schedule.js";

const { lr: _, ...COMMON } = SCHEDULE;

export const ONE_CYCLE = {
  ...COMMON,
  /** The highest learning rate. */
  maxLr: needed(number(0)),
  /** Steps of the whole training run. */
  totalSteps: needed(count(1, 1)),
  /** Share of the steps in which the rate rises. Default 0.3. */
  pctStart: number(0.3, 0, 1),
  /** maxLr / the first rate. Default 25. */
  divFactor: number(25, 1),
  /** The first rate / the last. Default 1e4. */
  finalDivFactor: number(1e4, 1),
  /** Straight lines or halves of a cosine, up and down. Default "linear" (PyTorch's is "cos"). */
  annealStrategy: choice("linear", "cos"),
};

/** Options of oneCycle(). @useDeclaredType */
export type OneCycleOptions = OptionsOf<typeof ONE_CYCLE>;

/**
 * One cycle: up and down (PyTorch's OneCycleLR with two phases).
 * Smith and Topin, Super-Convergence (2017), arXiv 1708.07120. @throws DataError for an option outside its range
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const own = readOptions("oneCycle", ONE_CYCLE, options);
  const { maxLr, totalSteps, pctStart, divFactor, finalDivFactor, annealStrategy } = own;
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const peak = pctStart * totalSteps - 1;
  const between = (a: number, b: number, t: number): number =>
    annealStrategy === "linear" ? a + (b - a) * t : b + ((a - b) * (1 + Math.cos(Math.PI * t))) / 2;
  return schedule("oneCycle", { ...own, lr: maxLr }, (step) => {
    if (step <= peak) return between(first, maxLr, peak === 0 ? 1 : step / peak);
    return between(maxLr, last, Math.min(1, (step - peak) / (totalSteps - 1 - peak)));
  });
}
