// fovea check: finds problems in a folder of pictures.

import { InvalidArgumentError, type Command } from "commander";
import { printable } from "../errors.js";
import {
  checkFolder,
  extent,
  type Finding,
  type FolderReport,
  type ProblemKind,
  type RemarkKind,
} from "../node/check-folder.js";
import { decoderNames, useDecoder, type InstalledDecoder } from "../node/decoder.js";
import { choice } from "../errors/kinds.js";
import { StatusLine } from "../node/status-line.js";
import { parser } from "./options.js";

/** Most findings of a kind that are printed individually. */
const SHOWN = 10;

const PROBLEMS: Record<ProblemKind, string> = {
  undecodable: "cannot be decoded",
  small: "too small",
  clipped: "clipped to white",
  duplicate: "the same picture more than once",
  stray: "not part of the dataset",
  class: "incomplete classes",
};
const REMARKS: Record<RemarkKind, string> = {
  extension: "not of the type that the name says",
  mode: "with different pixels than most",
  other: "no pictures",
  ignored: "ignored: hidden, or the system's own",
};

interface Flags {
  minSize: number;
  json?: true;
  decoder?: InstalledDecoder;
}

export function register(program: Command): void {
  program
    .command("check")
    .description(
      "find problems in a folder of pictures (<class>/… or <split>/<class>/…) that would spoil training",
    )
    .argument("<dir>", "the folder")
    .option("--min-size <n>", "the shortest side that a picture may have", parseSize, 16)
    .option(
      "--decoder <name>",
      "reads JPEG and more formats: fovea or jpeg-js (built in), or sharp or jsquash if installed",
      parser(choice(() => decoderNames)),
    )
    .option("--json", "print the whole report as JSON: { problems, remarks, … }")
    .addHelpText("after", "\nExits with 1 if there are problems; remarks do not count.")
    .action(async (dir: string, { minSize, json, decoder }: Flags) => {
      if (decoder) await useDecoder(decoder);
      const report = await checkFolder(dir, { minSize, onProgress: progress() });
      console.log(json ? JSON.stringify(report, null, 2) : text(report));
      if (report.problems.length > 0) process.exitCode = 1;
    });
}

function parseSize(value: string): number {
  if (/^\d+$/.test(value) && Number(value) > 0) return Number(value);
  throw new InvalidArgumentError("expected an integer ≥ 1.");
}

/** Reports progress on stderr now and then. */
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
    const range = `${extent(numbers).map(count).join(" to ")} pictures each`;
    const balance = imbalance === null ? "" : `, largest/smallest ${imbalance.toFixed(2)}`;
    lines.push(
      `  ${name || "all"}: ${count(images)} pictures in ${numbers.length} classes, ${range}${balance}`,
    );
  }
  const modes = Object.entries(report.modes).sort(([, a], [, b]) => b - a);
  if (modes.length) lines.push(`  pixels: ${modes.map(([mode, n]) => `${mode} ${count(n)}`).join("; ")}`);
  const { problems, remarks } = report;
  lines.push(...findings(problems, PROBLEMS), ...findings(remarks, REMARKS));
  const noted = remarks.length ? `; remarks: ${count(remarks.length)}` : "";
  lines.push("", (problems.length ? `problems: ${count(problems.length)}` : "nothing is wrong") + noted);
  return lines.join("\n");
}

/** A heading for each kind of finding, and the first ones of that kind. */
function findings<Kind extends string>(
  all: readonly Finding<Kind>[],
  headings: Record<Kind, string>,
): string[] {
  return (Object.keys(headings) as Kind[]).flatMap((kind) => {
    const own = all.filter((finding) => finding.kind === kind);
    if (own.length === 0) return [];
    const rest = own.length > SHOWN ? [`  … ${count(own.length - SHOWN)} more; --json lists all`] : [];
    return ["", `${headings[kind]}: ${count(own.length)}`, ...own.slice(0, SHOWN).map(line), ...rest];
  });
}

function line({ paths, detail }: Finding<string>): string {
  const names = paths.map(printable).join(", ");
  return paths.length === 1 ? `  ${names} ${detail}` : `  ${detail}: ${names}`;
}
