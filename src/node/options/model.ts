// Options of a training: the model and the weights that it begins with.

import { modelNames } from "../../models/index.js";
import { choice, integer, optional, word, type Kind } from "../kinds.js";
import { flag, on, option } from "./option.js";

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

export const modelOptions = {
  model: option(choice(modelNames), undefined, "a model's name (fovea models lists them)"),
  smallImages: flag("keep the size of the first layers, for images of about 32 pixels"),
  /** A head for other classes is left out. */
  weights: option(optional(word("file")), null, "weights to begin with: a file, a saved model, a run"),
  pretrained: option(
    optional(word("name")),
    null,
    "begin with published weights: torchvision's, or owner/repository; or a file or folder",
  ),
  /** Names of parameters that are not trained, as a regular expression; "body": all but the classifier. */
  freeze: option(
    optional(pattern),
    null,
    "parameters not to train: body (all but the classifier), or a pattern",
  ),
  /** null: never. */
  freezeEpochs: option(optional(integer(1)), null, "epochs after which everything is trained", {
    needs: { freeze: on },
  }),
};
