// Options of a training run: its loss, a teacher, averaged weights.

import { choice, either, list, number, optional, word } from "../../errors/kinds.js";
import { modelName } from "./model.js";
import { below, flag, on, oneOf, option } from "./option.js";

/** With alpha 1, only the teacher counts, and the labels' loss has no effect. */
const heard = { distillAlpha: below(1) };

export const lossOptions = {
  loss: option(
    choice(() => ["ce", "bce", "focal"]),
    "ce",
    "loss: ce, bce, focal",
    { needs: heard },
  ),
  smoothing: option(number(0, 0.99), 0, "label smoothing for ce and bce", {
    needs: { loss: oneOf("ce", "bce"), ...heard },
  }),
  focalGamma: option(number(0), 2, "gamma of the focal loss", { needs: { loss: oneOf("focal"), ...heard } }),
  /** "balanced": inverse to the classes' numbers of images; their mean over the images is 1. */
  classWeights: option(optional(either(choice(() => ["balanced"]), list(number(0)))), null, "weights of the classes in the loss: balanced, or one each", { needs: heard }), // prettier-ignore
};

export const distillOptions = {
  /** See DistillationLoss. */
  teacher: option(
    optional(word("file")),
    null,
    "learn from a trained model too: a file of weights, a saved model, a run",
  ),
  teacherModel: option(
    optional(modelName),
    null,
    "name of the teacher's model, if --teacher is only a file of weights",
    {
      needs: { teacher: on },
    },
  ),
  distillAlpha: option(number(0, 1), 0.9, "share of the teacher's part in the loss", {
    needs: { teacher: on },
  }),
  distillTemperature: option(
    number(0, Infinity, { above: true }),
    4,
    "divides the teacher's and the model's logits",
    { needs: { teacher: on, distillAlpha: on } },
  ),
};

export const emaOptions = {
  modelEma: flag("also average the weights over the steps; the better of the two are the best weights"),
  modelEmaDecay: option(number(0, 0.999999), 0.9998, "how slowly the average moves once it has warmed up", {
    needs: { modelEma: on },
  }),
};
