// The line above each model: it says what modelInfo() knows, so that editors and the API pages show it.

import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { modelInfo, modelNames } from "../../src/index.js";
import golden from "../golden/models.json" with { type: "json" };

const folder = new URL("../../src/models/", import.meta.url);
const lines = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => readFileSync(new URL(file, folder), "utf8").split("\n"));
const goldens = golden.rows as Record<string, { parameters: number }>;

/** Building all of them to count takes half a minute: the long ring does. */
const count = (name: string): number | undefined =>
  goldens[name]?.parameters ??
  (process.env["FOVEA_RING"] === "long" ? modelInfo(name).parameters : undefined);

/** "25.6 M", or all digits of less than a million. */
const millions = (n: number): string => (n < 1e6 ? n.toLocaleString("en") : `${(n / 1e6).toPrecision(3)} M`);

function description(name: string, line: string): string {
  const { series, aliases, inputSize } = modelInfo(name);
  const [height, width, channels] = inputSize;
  const form = name.startsWith("paddle_") ? " as PaddleClas builds it" : "";
  const grey = channels === 1 ? "grey " : "";
  const also = aliases.length ? ` Also known as ${aliases.join(", ")}.` : "";
  const parameters = count(name);
  const size =
    parameters === undefined ? /[\d.,]+( M)?(?= parameters)/.exec(line)?.[0] : millions(parameters);
  return `/** ${series}${form}: ${size} parameters, for ${grey}images of ${height} × ${width} pixels.${also} */`;
}

it.each(modelNames())("%s has its description", (name) => {
  const at = lines.findIndex((line) => line.startsWith(`export const ${name} = `));
  expect(at, `export const ${name}`).toBeGreaterThan(0);
  expect(lines[at - 1]).toBe(description(name, lines[at - 1]!));
});
