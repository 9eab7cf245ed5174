// The weights that a training begins with.

import type { Preprocessing } from "../data/index.js";
import { listed, type StateTensor } from "../core/state.js";
import { DataError } from "../errors.js";
import { preparationOf, type Classifier } from "../models/index.js";
import type { TrainedOn } from "./held-out.js";
import { fetchWeights } from "./hub.js";
import { preprocessingOf, readConfig } from "./model-config.js";
import { architectureOf, isLocal, locateWeights, requireModel } from "./open-model.js";
import { publishedOf } from "./published.js";
import { refuseTensorflow } from "./tensorflow.js";
import type { TrainArguments } from "./train-arguments.js";
import { adaptedTo, loadWeights, readWeights } from "./weights.js";
import { weightsOfOther } from "./whose.js";

export interface StartingWeights {
  readonly file: string;
  /** How images were prepared for them: what torchvision or their config.json says, else as usual for the model. */
  readonly preparation: Preprocessing;
  /** What they were trained on, if their config.json says. */
  readonly trainedOn?: TrainedOn;
  /** What is not known for sure, if anything: a sentence's beginning. */
  readonly assumed?: string;
  /** Whether the classifier in the file was never trained. */
  readonly featuresOnly?: boolean;
}

/**
 * The weights that the arguments name, if any.
 * @throws DataError if there are none such, or they are of another model
 */
export async function startingWeights({
  model,
  smallImages,
  weights,
  pretrained,
}: TrainArguments): Promise<StartingWeights | undefined> {
  const local = pretrained === null ? weights : isLocal(pretrained) ? pretrained : undefined;
  if (local === null) return undefined;
  const { file, config: configPath } = locateWeights(local ?? (await fetchWeights(pretrained!)));
  refuseTensorflow(file, model);
  const published = await publishedOf(file);
  if (published) {
    requireModel(file, published, model);
    return { file, preparation: published.preprocessing, featuresOnly: published.featuresOnly };
  }
  // A repository's config.json may be for other software, and then names no architecture.
  const foreign = local === undefined && configPath !== undefined && !architectureOf(configPath);
  if (configPath === undefined || foreign) {
    const assumed = `${file}: nothing says how images were prepared for it`;
    return { file, preparation: preparationOf(model), assumed };
  }
  const { config } = await readConfig(configPath);
  if (config.architecture !== model || (config.smallImages ?? false) !== smallImages) {
    const got = `${config.architecture}${config.smallImages ? " for small images" : ""}`;
    throw new DataError(
      `${configPath}: weights of ${got}; expected ${model}${smallImages ? " for small images" : ""}`,
    );
  }
  const { trainedOn } = config;
  return { file, preparation: preprocessingOf(config), ...(trainedOn && { trainedOn }) };
}

/**
 * A convolution's weights [out, in, h, w] for images of other channels, so that its sums stay about as large: for grey those of the
 * channels together, otherwise the channels over and over, as timm's adapt_input_conv() does it.
 */
export function forChannels({ shape, data }: StateTensor, channels: number): StateTensor {
  const [out, own, h, w] = shape as [number, number, number, number];
  const area = h * w;
  const result = new Float32Array(out * channels * area);
  const from = (o: number, c: number, i: number): number => Number(data[(o * own + c) * area + i]);
  for (let o = 0, at = 0; o < out; o++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++, at++) {
        if (channels > 1) result[at] = (from(o, c % own, i) * own) / channels;
        else for (let k = 0; k < own; k++) result[at] = result[at]! + from(o, k, i);
      }
    }
  }
  return { dtype: "F32", shape: [out, channels, h, w], data: result };
}

/** The first convolution's weights from a file, if they differ in their input channels alone. Returns whether they do. */
async function loadFirst(
  model: Classifier,
  file: string,
  rename: (name: string) => string | undefined,
): Promise<string | undefined> {
  const [name, first] = model.namedParameters().find(([, { shape }]) => shape.length === 4) ?? [];
  if (name === undefined) return undefined;
  const own = adaptedTo(model, await readWeights(file), file, rename).get(name);
  const [out, channels, ...window] = first!.fileShape;
  if (own?.shape.length !== 4 || own.shape.join() !== [out, own.shape[1], ...window].join()) return undefined;
  model.loadStateDict(new Map([[name, forChannels(own, channels!)]]), { strict: false, source: file });
  return name;
}

/**
 * Loads weights to begin with, but for a classifier of other classes, or one that was never trained. Weights of the first
 * convolution for images of other channels are made to fit.
 * @throws DataError if anything else does not fit; see also loadWeights()
 */
export async function loadStartingWeights(
  model: Classifier,
  file: string,
  { featuresOnly = false }: Pick<StartingWeights, "featuresOnly"> = {},
): Promise<void> {
  const isFree = (name: string): boolean =>
    model.isHead(name) || (featuresOnly && /^classifier\./.test(name));
  const rename = (name: string): string | undefined => (featuresOnly && isFree(name) ? undefined : name);
  const { missing, mismatched } = await loadWeights(model, file, { strict: false, rename });
  const lacking = [...missing, ...mismatched.map(({ name }) => name)].filter((name) => !isFree(name));
  if (lacking.length === 0) return;
  if (lacking.length === 1 && (await loadFirst(model, file, rename)) === lacking[0]) return;
  const other = weightsOfOther(model, await readWeights(file), file);
  if (other) throw other;
  throw new DataError(
    `${file}: weights of another model; got none that fit ${listed(lacking)}; expected all but the classifier's`,
  );
}
