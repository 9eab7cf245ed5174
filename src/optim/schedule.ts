// Learning-rate schedules: functions from the step (0, 1, …) to the learning rate.

import { checkRange } from "./optimizer.js";

/** `evalLosses`: of the epochs done so far, for schedules that follow them. */
export type Schedule = (step: number, evalLosses?: readonly number[]) => number;

export interface OneCycleOptions {
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
}

/**
 * One cycle, straight up and straight down (PyTorch's OneCycleLR with anneal_strategy "linear").
 * Smith and Topin, Super-Convergence (2017), arXiv 1708.07120. @throws RangeError for an option outside its range
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { maxLr, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  checkRange("oneCycle: maxLr", maxLr, 0, Infinity);
  checkRange("oneCycle: totalSteps", totalSteps, 1, Infinity);
  checkRange("oneCycle: pctStart", pctStart, 0, 1);
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const peak = pctStart * totalSteps - 1;
  return (step) => {
    if (step <= peak) return first + (maxLr - first) * (step / peak);
    const down = Math.min(1, (step - peak) / (totalSteps - 1 - peak));
    return maxLr + (last - maxLr) * down;
  };
}
