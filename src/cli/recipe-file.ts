// A recipe in a file: options of a training run as YAML or JSON, spelt as in args.json, on the command line, or as timm spells them.

import { short } from "../errors.js";
import { readFileSync, statSync } from "node:fs";
import { parse, YAMLError } from "yaml";
import { recipes } from "../node/recipes.js";
import { optionNamed } from "../node/resolve-arguments.js";
import { UsageError } from "../node/usage-error.js";

type Values = Readonly<Record<string, unknown>>;

/** A larger file is not a list of options. */
const MOST_BYTES = 2 ** 20;
/** The contents of args.json besides options, and the run's folder. */
const OF_A_RUN = ["classes", "environment", "out", "resume"];

/** Whether --recipe is a file: a path, or a name with such an ending. */
const isFile = (name: string): boolean =>
  !Object.hasOwn(recipes, name) &&
  (/[/\\]|\.(json|ya?ml)$/i.test(name) || statSync(name, { throwIfNoEntry: false })?.isFile() === true);

/**
 * The values of a recipe file; undefined for other names. A file's own `recipe` is the one it builds on.
 * @throws UsageError naming the file and what is wrong with it
 */
export function recipeFile(name: string, within: readonly string[] = []): Values | undefined {
  if (!isFile(name)) return undefined;
  if (within.includes(name)) throw new UsageError(`${name}: builds on itself; got ${within.join(", ")}`);
  const entries = mappingIn(name).map(([key, value]) => [optionNamed(key) ?? key, value] as const);
  const twice = entries.find(([key], i) => entries.findIndex(([other]) => other === key) < i);
  if (twice) throw new UsageError(`${name}: ${twice[0]} is given twice; expected one`);
  const { recipe: base, ...own } = Object.fromEntries(entries);
  if (typeof base !== "string" || base === "none") return own;
  if (Object.hasOwn(recipes, base)) return { ...recipes[base], ...own };
  const below = recipeFile(base, [...within, name]);
  if (!below)
    throw new UsageError(`${name}: unknown recipe; got '${short(base)}'; expected a recipe's name or a file`);
  return { ...below, ...own };
}

function mappingIn(path: string): [key: string, value: unknown][] {
  let json: unknown;
  try {
    const { size } = statSync(path);
    if (size > MOST_BYTES)
      throw new UsageError(`${path}: too large; got ${size} bytes; expected ≤ ${MOST_BYTES}`);
    const text = readFileSync(path, "utf8");
    json = /\.json$/i.test(path) ? JSON.parse(text) : parse(text, { maxAliasCount: 100, logLevel: "error" });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [why] = (error instanceof Error ? error.message : String(error)).split("\n");
    const what =
      "code" in (error as Error) && !(error instanceof YAMLError) ? "cannot be read" : "not a recipe";
    throw new UsageError(`${path}: ${what}: ${why!.replace(/:$/, "")}`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`${path}: not a recipe; expected a mapping of options, such as epochs: 10`);
  }
  const isRun = "environment" in json && "classes" in json;
  return Object.entries(json).filter(([key]) => !isRun || !OF_A_RUN.includes(key));
}
