import { describe, expect, it } from "vitest";
import { createSchedule, DataError, scheduleNames, type AnyScheduleOptions } from "../../src/index.js";

const needed: Record<string, Partial<AnyScheduleOptions>> = {
  step: { stepSize: 20 },
  multistep: { milestones: [20, 45] },
  exponential: { gamma: 0.95 },
};

describe.each(scheduleNames)("%s", (name) => {
  const options = { lr: 0.1, totalSteps: 60, ...needed[name] };

  it("rises on a straight line in the warm-up, to where the schedule goes on", () => {
    const rate = createSchedule(name, { ...options, warmupSteps: 8, warmupLr: 0.001 });
    expect(rate(0, [])).toBe(0.001);
    for (let step = 1; step <= 8; step++) {
      expect(rate(step, []) - rate(step - 1, [])).toBeCloseTo((rate(8, []) - 0.001) / 8, 12);
    }
    expect(rate(8, [])).toBeGreaterThan(0.03);
  });

  it("changes between epochs only, if asked to, and then is what it is at their first steps", () => {
    const perStep = { ...options, ...(name === "exponential" && { gamma: 0.95 ** (1 / 6) }) };
    const rate = createSchedule(name, { ...options, stepsPerEpoch: 6, perEpoch: true });
    const reference = createSchedule(name, perStep);
    for (let step = 0; step < 60; step++) {
      expect(rate(step, [])).toBeCloseTo(reference(step - (step % 6), []), 12);
    }
  });

  it("stays finite and not negative beyond the end", () => {
    for (const perEpoch of [false, true]) {
      const rate = createSchedule(name, { ...options, warmupSteps: 5, stepsPerEpoch: 7, perEpoch });
      for (let step = 0; step < 200; step++) {
        const lr = rate(step, [1, 2, 3]);
        expect(lr >= 0 && lr <= 0.1).toBe(true);
      }
    }
  });
});

it("plateau counts epochs, whatever the step", () => {
  const rate = createSchedule("plateau", { lr: 1, patience: 1, factor: 0.5 });
  expect([[], [3], [3, 3], [3, 3, 3], [3, 3, 3, 2]].map((losses) => rate(7, losses))).toEqual([1, 1, 1, 0.5, 0.5]); // prettier-ignore
});

describe("createSchedule refuses", () => {
  it.each<[string, Partial<AnyScheduleOptions>, new (message: string) => Error, string]>([
    [
      "linear",
      {},
      DataError,
      `createSchedule: unknown schedule 'linear'; known: ${scheduleNames.join(", ")}`,
    ],
    [
      "toString",
      {},
      DataError,
      `createSchedule: unknown schedule 'toString'; known: ${scheduleNames.join(", ")}`,
    ],
    [
      "step",
      { stepSize: 3, minLr: 0 },
      DataError,
      "createSchedule: step takes no minLr; it takes lr, warmupSteps, warmupLr, stepsPerEpoch, perEpoch, totalSteps, stepSize, gamma",
    ],
    ["constant", { lr: -1 }, DataError, "constant: lr must be in [0, Infinity); got -1"],
    ["cosine", { totalSteps: 9, minLr: 2 }, DataError, "cosine: minLr must be at most lr 0.1; got 2"],
    ["poly", { totalSteps: 9, minLr: 2 }, DataError, "poly: minLr must be at most lr 0.1; got 2"],
    ["plateau", { minLr: 2 }, DataError, "plateau: minLr must be at most lr 0.1; got 2"],
    [
      "constant",
      { warmupSteps: 2, warmupLr: 1 },
      DataError,
      "constant: warmupLr must be at most lr 0.1; got 1",
    ],
    ["constant", { warmupSteps: 1.5 }, DataError, "constant: warmupSteps must be an integer ≥ 0; got 1.5"],
    ["constant", { warmupLr: -1 }, DataError, "constant: warmupLr must be in [0, Infinity); got -1"],
    [
      "constant",
      { perEpoch: true },
      DataError,
      "constant: stepsPerEpoch must be an integer ≥ 1; got undefined",
    ],
    ["step", {}, DataError, "step: stepSize must be an integer ≥ 1; got undefined"],
    ["step", { stepSize: 3, gamma: -1 }, DataError, "step: gamma must be in [0, Infinity); got -1"],
    ["multistep", {}, DataError, "multistep: milestones must be a list of steps; got undefined"],
    ["multistep", { milestones: [0] }, DataError, "multistep: milestones must be an integer ≥ 1; got 0"],
    ["exponential", {}, DataError, "exponential: gamma must be in [0, Infinity); got undefined"],
    [
      "exponential",
      { gamma: 0.9, perEpoch: true },
      DataError,
      "exponential: stepsPerEpoch must be an integer ≥ 1; got undefined",
    ],
    ["poly", {}, DataError, "poly: totalSteps must be an integer ≥ 1; got undefined"],
    ["poly", { totalSteps: 5, power: -1 }, DataError, "poly: power must be in [0, Infinity); got -1"],
    [
      "poly",
      { totalSteps: 5, warmupSteps: 5 },
      DataError,
      "poly: warmupSteps must be fewer than totalSteps 5; got 5",
    ],
    ["cosine", {}, DataError, "cosine: totalSteps must be an integer ≥ 1; got undefined"],
    ["cosine", { totalSteps: 9, cycleMul: 2 }, DataError, "cosine: cycleMul needs cycleSteps; got 2 without"],
    ["cosine", { cycleSteps: 0 }, DataError, "cosine: cycleSteps must be an integer ≥ 1; got 0"],
    ["cosine", { cycleSteps: 2, minLr: NaN }, DataError, "cosine: minLr must be in [0, Infinity); got NaN"],
    ["onecycle", { totalSteps: 0 }, DataError, "oneCycle: totalSteps must be an integer ≥ 1; got 0"],
    ["onecycle", { totalSteps: 9, pctStart: 1 }, DataError, "oneCycle: pctStart must be in [0, 1); got 1"],
    [
      "onecycle",
      { totalSteps: 9, divFactor: 0 },
      DataError,
      "oneCycle: divFactor must be in [1, Infinity); got 0",
    ],
    ["plateau", { factor: 1 }, DataError, "plateau: factor must be in [0, 1); got 1"],
    ["plateau", { patience: -1 }, DataError, "plateau: patience must be an integer ≥ 0; got -1"],
  ])("%s %o", (name, options, type, message) => {
    expect(() => createSchedule(name, { lr: 0.1, ...options })).toThrow(new type(message));
  });
});
