import { DataError, short } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { ONE_CYCLE_NAMES, SCHEDULE_NAMES } from "./option-names.js";
import { checkRange } from "./optimizer.js";
import { checkSteps, schedule, type Schedule, type ScheduleOptions } from "./schedule.js";

export interface OneCycleOptions extends Omit<ScheduleOptions, "lr"> {
  /** The highest learning rate. */
  maxLr: number;
  /** Steps of the whole training. */
  totalSteps: number;
  /** Share of them in which the rate rises. Default 0.3. */
  pctStart?: number;
  /** maxLr / the first rate. Default 25. */
  divFactor?: number;
  /** The first rate / the last. Default 10⁴. */
  finalDivFactor?: number;
  /** Up and down on straight lines or on halves of a cosine. Default "linear" (PyTorch's is "cos"). */
  annealStrategy?: "linear" | "cos";
}

const { lr: _, ...COMMON } = SCHEDULE_NAMES;
const NAMES = { ...COMMON, ...ONE_CYCLE_NAMES, maxLr: true } as const;

/**
 * One cycle: up and down (PyTorch's OneCycleLR with two phases).
 * Smith and Topin, Super-Convergence (2017), arXiv 1708.07120. @throws DataError for an option outside its range
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  checkOptions<OneCycleOptions>("oneCycle", options, NAMES);
  const { maxLr, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  const { annealStrategy = "linear" } = options;
  checkRange("oneCycle: maxLr", maxLr, 0, Infinity);
  checkSteps("oneCycle: totalSteps", totalSteps);
  checkRange("oneCycle: pctStart", pctStart, 0, 1);
  checkRange("oneCycle: divFactor", divFactor, 1, Infinity);
  checkRange("oneCycle: finalDivFactor", finalDivFactor, 1, Infinity);
  if (annealStrategy !== "linear" && annealStrategy !== "cos") {
    throw new DataError(`oneCycle: annealStrategy must be linear or cos; got ${short(annealStrategy)}`);
  }
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const peak = pctStart * totalSteps - 1;
  const between = (a: number, b: number, t: number): number =>
    annealStrategy === "linear" ? a + (b - a) * t : b + ((a - b) * (1 + Math.cos(Math.PI * t))) / 2;
  return schedule("oneCycle", { ...options, lr: maxLr }, (step) => {
    if (step <= peak) return between(first, maxLr, peak === 0 ? 1 : step / peak);
    return between(maxLr, last, Math.min(1, (step - peak) / (totalSteps - 1 - peak)));
  });
}
