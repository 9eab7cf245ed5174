import { DataError, short } from "../errors.js";
import { checkRange } from "./optimizer.js";
import {
  checkMinLr,
  checkNames,
  checkSteps,
  schedule,
  type Schedule,
  type ScheduleOptions,
} from "./schedule.js";
import { PLATEAU_NAMES } from "./option-names.js";

export interface PlateauOptions extends ScheduleOptions {
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number;
  /** Evaluations without a better loss that are put up with. Default 10. */
  patience?: number;
  /** How much lower a loss must be to count as better. Default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a share of the best loss ("rel") or a difference ("abs"). Default "rel". */
  thresholdMode?: "rel" | "abs";
  /** Evaluations after a change that do not count. Default 0. */
  cooldown?: number;
  /** The rate is not lowered below. Default 0. */
  minLr?: number;
}

/** Changes of the rate smaller than this are not made. */
const LEAST_CHANGE = 1e-8;

/**
 * Lowers the rate when the evaluation loss has stopped falling: PyTorch's ReduceLROnPlateau, told each epoch's evaluation
 * loss. All epochs are gone through again for each rate. @throws DataError for an option outside its range
 */
export function plateau(options: PlateauOptions): Schedule {
  checkNames("plateau", options, PLATEAU_NAMES);
  const { lr, factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = "rel" } = options;
  const { cooldown = 0, minLr = 0 } = options;
  checkRange("plateau: factor", factor, 0, 1);
  checkSteps("plateau: patience", patience, 0);
  checkRange("plateau: threshold", threshold, 0, Infinity);
  checkSteps("plateau: cooldown", cooldown, 0);
  checkMinLr("plateau", minLr, lr);
  if (thresholdMode !== "rel" && thresholdMode !== "abs") {
    throw new DataError(`plateau: thresholdMode must be rel or abs; got ${short(thresholdMode)}`);
  }
  const better = (loss: number, best: number): boolean =>
    loss < (thresholdMode === "rel" ? best * (1 - threshold) : best - threshold);
  return schedule("plateau", options, (_, evalLosses) => {
    let rate = lr;
    let best = Infinity;
    let bad = 0;
    let cooling = 0;
    for (const loss of evalLosses) {
      if (better(loss, best)) {
        best = loss;
        bad = 0;
      } else {
        bad++;
      }
      if (cooling > 0) {
        cooling--;
        bad = 0;
      }
      if (bad > patience) {
        const lower = Math.max(rate * factor, minLr);
        if (rate - lower > LEAST_CHANGE) rate = lower;
        cooling = cooldown;
        bad = 0;
      }
    }
    return rate;
  });
}
