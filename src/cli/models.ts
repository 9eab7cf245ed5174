// fovea models: lists the models that are known by name, and published weights.

import type { Command } from "commander";
import { nearest } from "../errors/suggest.js";
import { short } from "../errors.js";
import { publishedByName, publishedWeights, resizeOf, type PublishedWeights } from "../data/index.js";
import { modelInfo, modelNames } from "../models/index.js";
import { UsageError } from "../node/usage-error.js";
import sizes from "./model-sizes.json";
import { table } from "./table.js";

interface Flags {
  weights?: true;
  json?: true;
}

/** A row of the list of models. */
interface Listed {
  name: string;
  series: string;
  parameters: number;
  macs: number;
  inputSize: readonly number[];
  /** Its names elsewhere. */
  aliases: readonly string[];
  /** Names of its published weights. */
  weights: readonly string[];
}

/** Adds the command to the program. */
export function register(program: Command): void {
  program
    .command("models")
    .description("list the models with their parameters, multiply-accumulates, input size and accuracy")
    .argument(
      "[pattern]",
      "part of a name (in fovea, timm or PaddleClas) or of a series; or a pattern such as 'resnet*'",
    )
    .option("--weights", "list published weights instead, with their accuracies: names for --pretrained")
    .option("--json", "as JSON")
    .action((pattern: string | undefined, { weights, json }: Flags) => {
      const names = weights ? publishedWeights.map(({ name }) => [name]) : modelNames().map(allNames);
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

/** A model's names and its series. */
function allNames(model: string): string[] {
  const { name, series, aliases } = modelInfo(model);
  return [name, ...aliases, series];
}

/** [parameters, multiply-accumulates], computed at build time, because computing them for all models takes ten seconds. */
const SIZES = sizes as Readonly<Record<string, readonly number[]>>;

function listed(model: string): Listed {
  const info = modelInfo(model);
  const { name, series, aliases, inputSize } = info;
  const [parameters = info.parameters, macs = info.macs] = SIZES[name] ?? [];
  const weights = publishedWeights.filter((each) => each.model === name).map((each) => each.name);
  return { name, series, parameters, macs, inputSize, aliases, weights };
}

/**
 * The first name of each row in which a name contains the pattern or, if the pattern has * or ?, matches it.
 * @throws UsageError if there is none
 */
function matching(rows: readonly (readonly string[])[], pattern: string | undefined): readonly string[] {
  const first = rows.map(([name]) => name!);
  if (pattern === undefined) return first;
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const like = /[*?]/.test(pattern)
    ? new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i")
    : new RegExp(escaped, "i");
  const found = first.filter((_, i) => rows[i]!.some((name) => like.test(name)));
  if (found.length > 0) return found;
  const meant = nearest(pattern, rows.flat());
  throw new UsageError(
    `models: no name like '${short(pattern)}'${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  );
}

/** Aligns the first and last columns left, the numbers between them right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const { length } = rows[0]!;
  return table(
    rows,
    rows[0]!.map((_, i) => (i === 0 || i === length - 1 ? "left" : "right")),
  );
}

const count = (n: number): string => n.toLocaleString("en");

const percent = (share: number | undefined): string => (share === undefined ? "–" : (share * 100).toFixed(2));

function modelsTable(models: readonly Listed[]): string[] {
  const rows = models.map(({ name, series, parameters, macs, inputSize, weights }) => {
    const accuracies = weights.map((each) => publishedByName(each).top1 ?? 0);
    const best = accuracies.length > 0 ? Math.max(...accuracies) : undefined;
    return [name, count(parameters), (macs / 1e9).toFixed(3), inputSize.join("×"), percent(best), series];
  });
  return columns([["model", "parameters", "GMACs", "input", "top-1", "series"], ...rows]);
}

function weightsTable(weights: readonly PublishedWeights[]): string[] {
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
