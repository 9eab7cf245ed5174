// fovea models: what can be trained and loaded by name.

import type { Command } from "commander";
import { modelInfo, modelNames } from "../models/index.js";

/** Adds the command to the program. */
export function register(program: Command): void {
  program
    .command("models")
    .description("list the models with their parameters, multiply-accumulates and input size")
    .option("--json", "as JSON")
    .action(({ json }: { json?: boolean }) => {
      const models = modelNames().map((name) => {
        const { parameters, macs, inputSize } = modelInfo(name);
        return { name, parameters, macs, inputSize };
      });
      if (json) {
        process.stdout.write(`${JSON.stringify(models, undefined, 2)}\n`);
        return;
      }
      const width = Math.max(...models.map(({ name }) => name.length));
      const line = (name: string, parameters: string, macs: string, input: string): string =>
        `${name.padEnd(width)}  ${parameters.padStart(11)}  ${macs.padStart(8)}  ${input}\n`;
      process.stdout.write(line("model", "parameters", "GMACs", "input"));
      for (const { name, parameters, macs, inputSize } of models) {
        const text = parameters.toLocaleString("en");
        process.stdout.write(line(name, text, (macs / 1e9).toFixed(3), inputSize.join("×")));
      }
    });
}
