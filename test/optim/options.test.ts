// The rows of optimizers' and schedules' options: what is said of a default in words is the default.

import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  createOptimizer,
  init,
  optimizerInfo,
  optimizerNames,
  scheduleInfo,
  scheduleNames,
  tensor,
  type CosineOptions,
  type OneCycleOptions,
  type OptimizerOptions,
  type ScheduleOptions,
  type SGDOptions,
  type StepOptions,
} from "../../src/index.js";

const FOLDER = new URL("../../src/optim/", import.meta.url);

/** A comment of one line, a name, and the arguments of its row. */
const ROW = /\/\*\* (.*) \*\/\n\s+(\w+): ((?:needed|noDefault)\()?\w+(?:<[^>]*>)?\((.*)\),\n/g;

const rows = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) =>
    [...readFileSync(new URL(file, FOLDER), "utf8").matchAll(ROW)].map(
      ([, words, name, without, given]) => [file, name!, words!, without !== undefined, given!] as const,
    ),
  );

it("there are rows of every file of an optimizer", () => {
  expect(rows.length).toBeGreaterThan(40);
});

it.each(rows)("%s: %s: %s", (_, __, words, without, given) => {
  const said = /[Dd]efault (\[.*?\]|"\w+"|[\w.-]*\w)/.exec(words)?.[1];
  if (without) expect(said).toBeUndefined();
  else expect(given.startsWith(said!)).toBe(true);
});

it("optimizerInfo() and scheduleInfo() list options and defaults; the defaults may be given", () => {
  expect(optimizerInfo("sgd").options).toEqual({ lr: 0.001, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false }); // prettier-ignore
  expect(optimizerInfo("adamw").options).toEqual({ lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 }); // prettier-ignore
  expect(scheduleInfo("poly").options).toEqual({
    ...{ lr: undefined, warmupSteps: 0, warmupLr: 0, stepsPerEpoch: undefined, perEpoch: false },
    ...{ totalSteps: undefined, power: 1, minLr: 0 },
  });
  expect(scheduleNames.filter((name) => scheduleInfo(name).follows !== "steps")).toEqual(["constant", "plateau"]); // prettier-ignore
  expect(() => optimizerInfo("adm")).toThrow("optimizerInfo: unknown optimizer 'adm'; did you mean adam?");
  expect(() => scheduleInfo("cosin")).toThrow("scheduleInfo: unknown schedule 'cosin'; did you mean cosine?");
  init({ threads: 1 });
  for (const name of optimizerNames) {
    using p = tensor([1]);
    const { options, usual } = optimizerInfo(name);
    using optimizer = createOptimizer(name, [p], options as OptimizerOptions);
    expect([optimizer.lr, optimizer.weightDecay]).toEqual([options["lr"], options["weightDecay"]]);
    expect(usual.lr).toBeGreaterThan(0);
  }
});

it("types say which options must be given", () => {
  type MayLack<O, K extends keyof O> = object extends Pick<O, K> ? true : false;
  const types: [
    MayLack<ScheduleOptions, "lr">,
    MayLack<StepOptions, "stepSize">,
    MayLack<OneCycleOptions, "totalSteps">,
    MayLack<CosineOptions, "totalSteps">,
    MayLack<StepOptions, "gamma">,
    MayLack<SGDOptions, "lr">,
  ] = [false, false, false, true, true, true];
  expect(scheduleNames.filter((name) => scheduleInfo(name).options["lr"] !== undefined)).toEqual([]);
  expect(types).toHaveLength(6);
});

it("an option that is undefined has its default", () => {
  using p = tensor([1]);
  using optimizer = createOptimizer("adamw", [p], { weightDecay: undefined, lr: undefined });
  expect([optimizer.weightDecay, optimizer.lr]).toEqual([0.01, 0.001]);
});
