import { choice, count, number, readOptions, type OptionsOf } from "./options.js";
import { checkMinLr, schedule, SCHEDULE, type Schedule } from "./schedule.js";

export const PLATEAU = {
  ...SCHEDULE,
  /** Factor of the rate. Default 0.1. */
  factor: number(0.1, 0, 1),
  /** Evaluations without a better loss before the rate falls. Default 10. */
  patience: count(10, 0),
  /** How much lower a loss must be to count as better. Default 1e-4. */
  threshold: number(1e-4),
  /** Whether the threshold is a share of the best loss ("rel") or a difference ("abs"). Default "rel". */
  thresholdMode: choice("rel", "abs"),
  /** Evaluations after a change that do not count. Default 0. */
  cooldown: count(0, 0),
  /** Lowest rate. Default 0. */
  minLr: number(0),
};

/** Options of plateau(). @useDeclaredType */
export type PlateauOptions = OptionsOf<typeof PLATEAU>;

/** Changes of the rate smaller than this are not made. */
const LEAST_CHANGE = 1e-8;

/**
 * Lowers the rate when the evaluation loss has stopped falling: PyTorch's ReduceLROnPlateau on each epoch's evaluation
 * loss. Each call goes through all epochs again. @throws DataError for an option outside its range
 */
export function plateau(options: PlateauOptions): Schedule {
  const own = readOptions("plateau", PLATEAU, options);
  const { lr, factor, patience, threshold, thresholdMode, cooldown, minLr } = own;
  checkMinLr("plateau", minLr, lr);
  const better = (loss: number, best: number): boolean =>
    loss < (thresholdMode === "rel" ? best * (1 - threshold) : best - threshold);
  return schedule("plateau", own, (_, evalLosses) => {
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
