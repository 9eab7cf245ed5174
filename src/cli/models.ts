// fovea models: what can be trained and loaded by name, and what weights are published.

import type { Command } from "commander";
import { knownNames } from "../errors/suggest.js";
import { short } from "../errors.js";
import { resizeOf } from "../data/index.js";
import { modelInfo, modelNames, publishedWeights, type PublishedWeights } from "../models/index.js";
import { UsageError } from "../node/usage-error.js";
import { table } from "./table.js";

interface Flags {
  weights?: true;
  json?: true;
}

/** What a row of the list of models says. */
interface Listed {
  name: string;
  parameters: number;
  macs: number;
  inputSize: readonly number[];
}

/** Adds the command to the program. */
export function register(program: Command): void {
  program
    .command("models")
    .description("list the models with their parameters, multiply-accumulates and input size")
    .argument("[pattern]", "part of a name, or a pattern such as 'resnet*'")
    .option("--weights", "list published weights instead, with their accuracies: what --pretrained takes")
    .option("--json", "as JSON")
    .action((pattern: string | undefined, { weights, json }: Flags) => {
      const names = weights ? publishedWeights.map(({ name }) => name) : modelNames();
      const chosen = new Set(matching(names, pattern));
      const models = weights ? [] : [...chosen].map(listed);
      const published = publishedWeights.filter(({ name }) => chosen.has(name));
      if (json) {
        process.stdout.write(`${JSON.stringify(weights ? published : models, undefined, 2)}\n`);
        return;
      }
      for (const line of weights ? weightsTable(published) : modelsTable(models)) {
        process.stdout.write(`${line}\n`);
      }
    });
}

function listed(model: string): Listed {
  const { name, parameters, macs, inputSize } = modelInfo(model);
  return { name, parameters, macs, inputSize };
}

/** Names that have the pattern in them or, if it has * or ?, are like it. @throws UsageError if none is */
function matching(names: readonly string[], pattern: string | undefined): readonly string[] {
  if (pattern === undefined) return names;
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const like = /[*?]/.test(pattern)
    ? new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i")
    : new RegExp(escaped, "i");
  const found = names.filter((name) => like.test(name));
  if (found.length > 0) return found;
  throw new UsageError(`models: nothing like '${short(pattern)}'; ${knownNames(pattern, names)}`);
}

/** The first column and the last to the left, numbers between them to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const { length } = rows[0]!;
  return table(
    rows,
    rows[0]!.map((_, i) => (i === 0 || i === length - 1 ? "left" : "right")),
  );
}

const count = (n: number): string => n.toLocaleString("en");

function modelsTable(models: readonly Listed[]): string[] {
  const rows = models.map(({ name, parameters, macs, inputSize }) => [
    name,
    count(parameters),
    (macs / 1e9).toFixed(3),
    inputSize.join("×"),
  ]);
  return columns([["model", "parameters", "GMACs", "input"], ...rows]);
}

function weightsTable(weights: readonly PublishedWeights[]): string[] {
  const percent = (share: number | undefined): string =>
    share === undefined ? "–" : (share * 100).toFixed(2);
  const rows = weights.map(({ name, parameters, fileSize, top1, top5, preprocessing }) => {
    const { inputSize, interpolation } = preprocessing;
    const size = `${inputSize[0]} of ${resizeOf(preprocessing)}, ${interpolation}`;
    return [name, count(parameters), `${fileSize.toFixed(1)} MiB`, percent(top1), percent(top5), size];
  });
  const lines = columns([["weights", "parameters", "file", "top-1", "top-5", "input"], ...rows]);
  const licences = new Set(weights.map(({ licence }) => licence));
  return [
    ...lines,
    "",
    `Accuracies in percent on ImageNet, as published. Licence: ${[...licences].join("; ")}.`,
  ];
}
