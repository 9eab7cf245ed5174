// fovea check: what is wrong with a folder of pictures.

import { InvalidArgumentError, type Command } from "commander";
import { checkFolder, type FolderReport, type Problem, type ProblemKind } from "../node/check-folder.js";
import { StatusLine } from "../node/status-line.js";

/** Problems of a kind that are printed one by one. */
const SHOWN = 10;

const HEADINGS: Record<ProblemKind, string> = {
  undecodable: "cannot be decoded",
  extension: "of another type than the name says",
  small: "too small",
  mode: "with other pixels than most",
  duplicate: "the same picture more than once",
  stray: "no part of the dataset",
  class: "incomplete classes",
};

export function register(program: Command): void {
  program
    .command("check")
    .description(
      "look through a folder of pictures (<class>/… or <split>/<class>/…) for what would spoil a training",
    )
    .argument("<dir>", "the folder")
    .option("--min-size <pixels>", "the shortest side that a picture may have", parseSize, 16)
    .option("--json", "print the whole report as JSON")
    .addHelpText("after", "\nExits with 1 if something is wrong.")
    .action((dir: string, { minSize, json }: { minSize: number; json?: true }) => {
      const report = checkFolder(dir, { minSize, onProgress: progress() });
      console.log(json ? JSON.stringify(report, null, 2) : text(report));
      if (report.problems.length > 0) process.exitCode = 1;
    });
}

function parseSize(value: string): number {
  if (/^\d+$/.test(value) && Number(value) > 0) return Number(value);
  throw new InvalidArgumentError("expected an integer ≥ 1.");
}

/** Says on stderr how far it is, now and then. */
function progress(): (done: number, total: number) => void {
  const line = new StatusLine();
  return (done, total) => {
    if (done === total) line.clear();
    else line.show(() => `checked ${count(done)} of ${count(total)} files`);
  };
}

const count = (n: number): string => n.toLocaleString("en");

function text(report: FolderReport): string {
  const lines = [`${report.folder}: ${count(report.images)} pictures`];
  for (const { name, images, classes, imbalance } of report.splits) {
    const numbers = Object.values(classes);
    const range = `${count(Math.min(...numbers))} to ${count(Math.max(...numbers))} pictures each`;
    const balance = imbalance === null ? "" : `, largest/smallest ${imbalance.toFixed(2)}`;
    lines.push(
      `  ${name || "all"}: ${count(images)} pictures in ${numbers.length} classes, ${range}${balance}`,
    );
  }
  const modes = Object.entries(report.modes).sort(([, a], [, b]) => b - a);
  if (modes.length) lines.push(`  pixels: ${modes.map(([mode, n]) => `${mode} ${count(n)}`).join("; ")}`);
  for (const kind of Object.keys(HEADINGS) as ProblemKind[]) {
    const problems = report.problems.filter((problem) => problem.kind === kind);
    if (problems.length === 0) continue;
    lines.push("", `${HEADINGS[kind]}: ${count(problems.length)}`);
    lines.push(...problems.slice(0, SHOWN).map(problemLine));
    if (problems.length > SHOWN) lines.push(`  … ${count(problems.length - SHOWN)} more; --json lists all`);
  }
  lines.push("", report.problems.length ? `problems: ${count(report.problems.length)}` : "nothing is wrong");
  return lines.join("\n");
}

function problemLine({ paths, detail }: Problem): string {
  return paths.length === 1 ? `  ${paths[0]} ${detail}` : `  ${detail}: ${paths.join(", ")}`;
}
