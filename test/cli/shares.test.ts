// Names with ranges, and the share of an array job's task.

import { describe, expect, it } from "vitest";
import { expandRanges, ownOf, sharedOut, shareOf } from "../../src/cli/shares.js";
import { UsageError } from "../../src/node/usage-error.js";

describe("ranges in names", () => {
  it.each([
    ["a.tar", ["a.tar"]],
    ["a-{8..11}.tar", ["a-8.tar", "a-9.tar", "a-10.tar", "a-11.tar"]],
    ["a-{08..11}.tar", ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]],
    ["a-{2..0}", ["a-2", "a-1", "a-0"]],
    ["{0..1}/{5..6}", ["0/5", "0/6", "1/5", "1/6"]],
    ["{a,b}-{1..2}", ["{a,b}-1", "{a,b}-2"]],
    ["{7..7}", ["7"]],
  ])("are expanded as a shell does: %s", (text, names) => {
    expect(expandRanges(text)).toEqual(names);
  });

  it("are refused beyond a million names", () => {
    expect(expandRanges("{0000..0999}")).toHaveLength(1000);
    expect(() => expandRanges("{0..999}{0..1000}")).toThrow(
      new UsageError("{0..999}{0..1000}: 1001000 names; expected at most 1000000"),
    );
  });
});

const slurm = (id: number, min: number, count: number, step = 1): Record<string, string> => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_COUNT: String(count),
  SLURM_ARRAY_TASK_STEP: String(step),
});

describe("a task's share", () => {
  it("is the flag's, or what the system says, if it is to be looked for", () => {
    expect(shareOf("3/8", false, slurm(1, 0, 2))).toEqual({ index: 3, count: 8 });
    expect(shareOf(undefined, false, slurm(1, 0, 2))).toBeUndefined();
    expect(shareOf(undefined, true, {})).toBeUndefined();
    const from = "SLURM_ARRAY_TASK_ID";
    expect(shareOf(undefined, true, slurm(1, 0, 2))).toEqual({ index: 1, count: 2, from });
    expect(shareOf(undefined, true, slurm(30, 10, 3, 10))).toEqual({ index: 2, count: 3, from });
    expect(shareOf("/8", false, slurm(4, 1, 8))).toEqual({ index: 3, count: 8, from });
    const kubernetes = { JOB_COMPLETION_INDEX: "5" };
    expect(shareOf("/8", true, kubernetes)).toEqual({ index: 5, count: 8, from: "JOB_COMPLETION_INDEX" });
    expect(shareOf("0/1", true, kubernetes)).toEqual({ index: 0, count: 1 });
  });

  it.each([
    ["8/8", {}, `--shard: got "8/8"; expected i/n with 0 ≤ i < n, such as 0/8 for the first of 8`],
    ["1", {}, `--shard: got "1"; expected i/n`],
    ["0/0", {}, `--shard: got "0/0"; expected i/n`],
    ["/8", {}, `--shard: got "/8" without a number; expected i/n with 0 ≤ i < n, such as 0/8 for the first of 8, or one of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX to be set`], // prettier-ignore
    ["/2", { JOB_COMPLETION_INDEX: "2" }, `--shard: got "/2" and JOB_COMPLETION_INDEX=2; expected i/n`],
    [undefined, { JOB_COMPLETION_INDEX: "2" }, "--shard: missing; JOB_COMPLETION_INDEX is 2, but of how many is not known; expected --shard /N, or --shard 0/1 for all"], // prettier-ignore
    [undefined, slurm(7, 1, 3), "--shard: got SLURM_ARRAY_TASK_ID=7; expected i/n"],
  ])("is refused as %s with %j", (flag, env, message) => {
    expect(() => shareOf(flag, true, env)).toThrow(UsageError);
    expect(() => shareOf(flag, true, env)).toThrow(message);
  });

  it("has every element in exactly one of n", () => {
    const all = Array.from({ length: 10 }, (_, i) => i);
    const shares = [0, 1, 2].map((index) => ownOf(all, { index, count: 3 }));
    expect(shares.map((own) => own.length)).toEqual([4, 3, 3]);
    expect(shares.flat().sort((a, b) => a - b)).toEqual(all);
    expect(() => sharedOut([1, 2], { index: 0, count: 3 }, "parts")).toThrow(
      new UsageError("--shard: 3 tasks for 2 parts; expected at most 2 tasks"),
    );
  });
});
