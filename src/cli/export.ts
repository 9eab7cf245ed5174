// fovea export: a trained model as a folder that timm, the Hugging Face hub and fovea read.

import type { Command } from "commander";
import { configOf } from "../node/model-config.js";
import { saveModel } from "../node/model-folder.js";
import { text } from "../errors/kinds.js";
import { addModelOptions, modelFrom, parser, said, type ModelFlags } from "./options.js";
import { tellAssumed } from "./preparation.js";

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("export")
    .description("write a trained model as model.safetensors and config.json, laid out as timm's")
    .argument("[source]", "a run folder, or a file of weights; instead of --weights");
  addModelOptions(command)
    .requiredOption("--out <dir>", "folder to write to", parser(text))
    .action(async (source: string | undefined, flags: ModelFlags & { out: string }) => {
      const weights = said(source, "--weights", flags.weights);
      const trained = await modelFrom({ ...flags, ...(weights !== undefined && { weights }) });
      const { model, architecture, classes, smallImages, trainedOn } = trained;
      const preparation = trained.preparation();
      if (trained.assumed !== undefined) tellAssumed(trained.assumed, preparation);
      const config = configOf(architecture, preparation, {
        ...(classes && { classes }),
        smallImages,
        ...(trainedOn && { trainedOn }),
      });
      await saveModel(flags.out, model, config);
      console.log(flags.out);
    });
}
