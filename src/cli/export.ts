// fovea export: a trained model as a folder that timm, the Hugging Face hub and fovea read, or as an ONNX file.

import { join } from "node:path";
import type { Command } from "commander";
import { choice, text } from "../errors/kinds.js";
import { writeFileAtomic } from "../node/files.js";
import { configOf, type ModelConfig, preprocessingOf } from "../pretrained/config.js";
import { saveModel } from "../node/model-folder.js";
import type { TrainedModel } from "../node/open-model.js";
import { exportOnnx } from "../onnx/index.js";
import { addModelOptions, modelFrom, parser, eitherOf, type ModelFlags } from "./options.js";
import { tellAssumed } from "./preparation.js";

/** The file written into the folder, by the format's name. */
const FORMATS: Record<
  string,
  (folder: string, model: TrainedModel["model"], config: ModelConfig) => Promise<void>
> = {
  safetensors: saveModel,
  async onnx(folder, model, config) {
    const { architecture, classes } = config;
    const options = { architecture, preprocessing: preprocessingOf(config), ...(classes && { classes }) };
    await writeFileAtomic(join(folder, "model.onnx"), exportOnnx(model, options));
  },
};

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program
    .command("export")
    .description(
      "write a trained model as model.safetensors and config.json, laid out as timm's, or as model.onnx",
    )
    .argument("[source]", "a run folder, or a file of weights; instead of --weights");
  addModelOptions(command)
    .requiredOption("--out <dir>", "folder to write to", parser(text))
    .option(
      "--format <name>",
      "safetensors, or onnx for other runtimes, such as onnxruntime",
      parser(choice(() => Object.keys(FORMATS))),
      "safetensors",
    )
    .action(async (source: string | undefined, flags: ModelFlags & { out: string; format: string }) => {
      const weights = eitherOf(source, "--weights", flags.weights);
      const trained = await modelFrom({ ...flags, ...(weights !== undefined && { weights }) });
      const { model, architecture, classes, smallImages, trainedOn } = trained;
      const preparation = trained.preparation();
      if (trained.assumed !== undefined) tellAssumed(trained.assumed, preparation);
      const config = configOf(architecture, preparation, {
        ...(classes && { classes }),
        smallImages,
        ...(trainedOn && { trainedOn }),
      });
      await FORMATS[flags.format]!(flags.out, model, config);
      console.log(flags.out);
    });
}
