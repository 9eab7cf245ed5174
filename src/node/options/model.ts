// Options of a training run: the model and its initial weights.

import { findModel, modelInfo, modelNames, type ModelInfo } from "../../models/index.js";
import { integer, number, optional, word, type Kind } from "../../errors/kinds.js";
import { flag, on, option, type Condition } from "./option.js";

const pattern: Kind<string> = {
  expected: "body, or a regular expression",
  metavar: "<body|pattern>",
  accepts: (v): v is string => typeof v === "string" && pattern.parse(v) !== undefined,
  parse(source) {
    try {
      new RegExp(source);
      return source || undefined;
    } catch {
      return undefined;
    }
  },
};

/** A model, by any of its names; a text becomes its name here. */
export const modelName: Kind<string> = {
  expected: "a model's name (fovea models lists them)",
  metavar: "<name>",
  accepts: (v): v is string => typeof v === "string" && findModel(v) !== undefined,
  parse: (v) => findModel(v)?.name,
  names: modelNames,
};

/** A model with this property, and the property's description. */
const takes = (holds: (info: ModelInfo) => boolean, so: string): Condition => ({
  holds: (name) => typeof name !== "string" || holds(modelInfo(name)),
  says: (flag) => `a ${flag} ${so}`,
});

export const modelOptions = {
  model: option(modelName, undefined, "a model's name (fovea models lists them)"),
  smallImages: flag("keep the size of the first layers, for images of about 32 pixels", false, {
    needs: {
      model: takes(({ limits }) => limits.smallImages === undefined && !limits.small, "for larger images"),
    },
  }),
  /** null: the dataset's, or the weights'. */
  inChans: option(optional(integer(1, 64)), null, "channels of the images that the model sees: 1 for grey"),
  /** null: the paper's, mostly none. */
  dropout: option(optional(number(0, 0.99)), null, "probability of the dropout before the classifier; --drop is the same", { alias: "drop" }), // prettier-ignore
  dropPath: option(
    optional(number(0, 0.99)),
    null,
    "probability that the last residual branch is left out, the ones before it less",
    { needs: { model: takes(({ limits }) => limits.dropPath === undefined, "with residual branches") } },
  ),
  /** A head for other classes is left out. */
  weights: option(optional(word("file")), null, "initial weights: a file, a saved model, a run"),
  pretrained: option(
    optional(word("name")),
    null,
    "start from published weights: torchvision's, or owner/repository; or a file or folder",
  ),
  /** Names of parameters that are not trained, as a regular expression; "body": all except the classifier. */
  freeze: option(
    optional(pattern),
    null,
    "parameters not to train: body (all except the classifier), or a pattern",
  ),
  /** null: never. */
  freezeEpochs: option(optional(integer(1)), null, "epochs after which everything is trained", {
    needs: { freeze: on },
  }),
};
