// fovea eval: how good a trained model is.

import type { Command } from "commander";
import { DataLoader } from "../data/index.js";
import type { Preprocessing } from "../models/index.js";
import { choice } from "../node/kinds.js";
import { defaultWorkers, evalTransforms } from "../node/preprocessing.js";
import { relabel } from "../node/relabel.js";
import { evaluate, type Tta } from "../train/index.js";
import {
  addDataOptions,
  addLoadOptions,
  addModelOptions,
  dataFrom,
  evalBatchSize,
  evalDataFrom,
  modelFrom,
  parser,
  useLoadOptions,
  type DataFlags,
  type LoadFlags,
  type ModelFlags,
} from "./options.js";

type Flags = ModelFlags & DataFlags & LoadFlags & { tta?: Tta; json?: true };

/** For ten crops, pictures larger than the model's. */
function withMargin({ resize, ...preparation }: Preprocessing): Preprocessing {
  const [height, , channels] = preparation.inputSize;
  const side = resize > height ? resize : Math.round((height * 8) / 7);
  return { ...preparation, resize: side, inputSize: [side, side, channels] };
}

/** Adds the command to the program. */
export function register(program: Command): void {
  const command = program.command("eval").description("evaluate a trained model on a labelled dataset");
  addLoadOptions(addDataOptions(addModelOptions(command)))
    .option(
      "--tta <kind>",
      "average several views: flip or ten-crop",
      parser(choice(() => ["flip", "ten-crop"])),
    )
    .option(
      "--json",
      "as JSON: { top1, top5, loss, images }, accuracies as fractions; with several classes a picture mAP too",
    )
    .action(async (argument: string | undefined, flags: Flags) => {
      const source = dataFrom(argument, flags.data);
      await useLoadOptions(flags);
      const { model, classes, preparation } = await modelFrom(flags);
      const data = relabel(await evalDataFrom(source, flags), model.numClasses, classes);
      const prepared = preparation(data);
      const loader = new DataLoader(data, {
        batchSize: flags.batchSize ?? evalBatchSize(prepared.inputSize[0]),
        workers: flags.workers ?? defaultWorkers(data),
        ...evalTransforms(data, flags.tta === "ten-crop" ? withMargin(prepared) : prepared),
      });
      const tta = flags.tta && { tta: flags.tta, crop: prepared.inputSize[0] };
      const evaluation = await evaluate(model, loader, { ...tta }).finally(() => loader.close());
      const { top1, top5, mAP, loss, images, seconds } = evaluation;
      if (flags.json) {
        console.log(JSON.stringify({ top1, top5, mAP, loss, images }, null, 2));
        return;
      }
      const rows = [
        ["images", images.toLocaleString("en")],
        ["top-1", `${(top1 * 100).toFixed(2)} %`],
        ["top-5", `${(top5 * 100).toFixed(2)} %`],
        ...(mAP === undefined ? [] : [["mAP", `${(mAP * 100).toFixed(2)} %`]]),
        ["loss", loss.toFixed(4)],
        ["images/s", Math.round(images / seconds).toLocaleString("en")],
      ];
      for (const [name, value] of rows) console.log(`${name!.padEnd(8)}  ${value!.padStart(10)}`);
    });
}
