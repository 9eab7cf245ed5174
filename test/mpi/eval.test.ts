// fovea eval as a job of several processes: what one process finds.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init, manualSeed } from "../../src/index.js";
import { configOf, saveModel } from "../../src/node.js";
import { messages, job, jobOf, mpiruns, type Job } from "../helpers/mpirun.js";
import { png } from "../helpers/pictures.js";

const top = mkdtempSync(join(tmpdir(), "fovea-mpi-eval-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string): string => join(top, name);
const CLASSES = ["a", "b", "c"];

async function save(name: string, seed: number): Promise<void> {
  manualSeed(seed);
  const model = createModel("lenet5", { numClasses: 3 });
  const preparation = { inputSize: [28, 28, 1], cropPct: 1, interpolation: "bilinear", mean: [0.5], std: [0.2] } as const; // prettier-ignore
  await saveModel(at(name), model, configOf("lenet5", preparation, { classes: CLASSES }));
  model.dispose();
}

beforeAll(async () => {
  init();
  await save("model", 3);
  const rows = ["path,labels"];
  for (const [i, name] of CLASSES.entries()) {
    mkdirSync(at(`photos/${name}`), { recursive: true });
    for (let j = 0; j < 5; j++) {
      const file = `photos/${name}/${j}.png`;
      writeFileSync(at(file), j === 4 && i === 2 ? "no picture" : png(28, 28, [70 * i + 9 * j, 40 * j, 30]));
      if (file !== "photos/c/4.png")
        rows.push(`${file},${j % 2 ? (name === "b" ? "b|c" : `${name}|b`) : name}`);
    }
  }
  writeFileSync(at("labels.csv"), `${rows.join("\n")}\n`);
  for (const cwd of ["here", "there"]) {
    mkdirSync(at(`${cwd}/data/a`), { recursive: true });
    mkdirSync(at(`${cwd}/data/b`), { recursive: true });
    for (const [i, name] of ["a/0", cwd === "here" ? "b/1" : "b/2"].entries())
      writeFileSync(at(`${cwd}/data/${name}.png`), png(28, 28, [i, 40 * i, 9]));
    await save(`${cwd}/model`, cwd === "here" ? 5 : 6);
  }
});

const flags = (...more: string[]): string[] => [
  ...["build/cli.js", "eval", "--threads", "1", "--workers", "0", "-b", "2", ...more],
];

/** Everything but loss, which is summed in another order. */
function found({ stdout, stderr, status }: Job): { loss: number; rest: Record<string, unknown> } {
  expect(status, stderr).toBe(0);
  const { loss, ...rest } = JSON.parse(stdout) as { loss: number };
  return { loss, rest };
}

describe.each(mpiruns)("%s", (mpirun) => {
  it.each([
    ["one class each", ["photos", "--on-error", "skip"]],
    ["several classes each", ["labels.csv"]],
  ])("finds what one process finds, and speaks once: %s", (_, [data, ...more]) => {
    const run = (n: number): Job => {
      const files = ["confusion", "predictions", "report"].flatMap(
        (name) =>
        name === "confusion" && data === "labels.csv" ? [] : [`--${name}`, at(`${n}-${name}.${name === "report" ? "html" : "csv"}`)], // prettier-ignore
      );
      return job(mpirun, n, flags("--model", at("model"), at(data!), "--json", ...more, ...files));
    };
    const alone = run(1);
    const three = run(3);
    const [one, all] = [found(alone), found(three)];
    expect(all.rest).toEqual(one.rest);
    expect(all.loss).toBeCloseTo(one.loss, 6);
    expect(three.stderr).toBe(alone.stderr);
    const read = (n: number, name: string): string => readFileSync(at(`${n}-${name}.csv`), "utf8");
    expect(read(3, "predictions")).toBe(read(1, "predictions"));
    expect(read(3, "predictions").trim().split("\n")).toHaveLength(15);
    if (data === "photos") {
      expect(read(3, "confusion")).toBe(read(1, "confusion"));
      expect(all.rest["skipped"]).toMatchObject([{ file: at("photos/c/4.png") }]);
    } else expect(all.rest["map"]).toBeGreaterThan(0);
    expect(readFileSync(at("3-report.html"), "utf8")).toContain("</html>");
  });

  it("ends where one process has an image that cannot be read", () => {
    const failed = job(mpirun, 2, flags("--model", at("model"), at("photos")));
    expect([failed.status === 0, failed.stdout]).toEqual([false, ""]);
    expect(messages(failed)).toHaveLength(1);
    expect(failed.stderr).toContain(`${at("photos/c/4.png")}: not a picture`);
  });

  it("needs an image for each process", () => {
    const failed = job(mpirun, 3, flags("--model", at("here/model"), at("here/data")));
    expect(failed.status).not.toBe(0);
    expect(messages(failed)).toEqual([
      expect.stringMatching(
        /^fovea: rank 0 of 3 on \S+: eval: 3 processes for 2 images; expected at most 2$/,
      ),
    ]);
  });

  it.each([
    ["model", ["--model", "model", at("photos"), "--on-error", "skip"], "eval: the model of rank 1"],
    ["data", ["--model", at("model"), "data"], "eval: the images' names or classes of rank 1"],
  ])("names the process whose %s is another", (_, args, text) => {
    const program = [
      process.execPath,
      join(import.meta.dirname, "../..", flags()[0]!),
      ...flags(...args).slice(1),
    ];
    const failed = jobOf(mpirun, ["here", "there"].map((place) => ["-np", "1", "-wdir", at(place), ...program])); // prettier-ignore
    expect([failed.status === 0, failed.stdout]).toEqual([false, ""]);
    expect(messages(failed)).toEqual([expect.stringContaining(text)]);
  });
});
