// The networks that the page offers.

import type { LoadProgress, PageFitOptions, PageModelOptions } from "fovea/web";
import { make, pickFiles } from "./parts/dom.js";
import { unzipped } from "./parts/zip.js";

export type Source = Pick<PageModelOptions, "model" | "preprocessing">;

/** A model as files. */
interface ModelFiles {
  readonly config: File;
  readonly weights: File;
}

interface Offer {
  readonly name: string;
  readonly about: string;
  readonly model: string;
}

/** Comes with the page; README.md says how it was trained. */
const OWN: Offer & { readonly architecture: string } = {
  name: "Small: 10 animals and vehicles",
  about:
    "PP-LCNet ×0.5, 0.6 million parameters, trained with fovea on the 50,000 small pictures of CIFAR-10. Comes with the page.",
  model: "./network/",
  architecture: "lcnet_050",
};

/** On the Hugging Face hub: timm's, for the 1,000 classes of ImageNet. */
const HUB: readonly Offer[] = [
  {
    name: "MobileNetV3 small: 1,000 things (10 MB)",
    about: "2.5 million parameters.",
    model: "timm/mobilenetv3_small_100.lamb_in1k",
  },
  {
    name: "MobileNetV3 large: 1,000 things (22 MB)",
    about: "5.5 million parameters.",
    model: "timm/mobilenetv3_large_100.ra_in1k",
  },
  {
    name: "ResNet-18: 1,000 things (47 MB)",
    about: "11.7 million parameters.",
    model: "timm/resnet18.a1_in1k",
  },
  {
    name: "EfficientNet-B0: 1,000 things (21 MB)",
    about: "5.3 million parameters.",
    model: "timm/efficientnet_b0.ra_in1k",
  },
];

const FILE = "file";
/** The menu's choice to go on with the network that has learnt here. */
export const CURRENT = "current";
/** What a model's files are called. */
export const MODEL_FILES = ".zip,.json,.safetensors,.pth,.pt,.pdparams";

/** Fills a menu of networks. */
export function fillMenu(menu: HTMLSelectElement): void {
  const option = ({ name, model }: Offer): HTMLOptionElement =>
    make("option", { value: model, textContent: name });
  menu.replaceChildren(
    option(OWN),
    make("optgroup", { label: "From the Hugging Face hub, kept for later" }, ...HUB.map(option)),
    make("option", { value: FILE, textContent: "From files: config.json and weights …" }),
  );
}

/** Puts the network that has learnt here at the top of the menu, and chooses it. */
export function offerCurrent(menu: HTMLSelectElement, architecture: string): void {
  const text = `Your own, as it is now (${architecture})`;
  const option = menu.querySelector<HTMLOptionElement>(`[value=${CURRENT}]`);
  if (option) option.textContent = text;
  else menu.prepend(make("option", { value: CURRENT, textContent: text }));
  menu.value = CURRENT;
}

/** How a network is taught: what of it learns at first, and what differs from the usual. */
export interface Lesson {
  readonly train: NonNullable<PageFitOptions["train"]>;
  readonly source?: Omit<Source, "model">;
  readonly fit?: Pick<PageFitOptions, "lr">;
}

/** The page's own network is small enough to learn as a whole, which it needs: it has seen 64 × 64 pixels of ten things. */
const OWN_LESSON: Lesson = {
  train: "all",
  source: {
    preprocessing: {
      inputSize: [112, 112, 3],
      cropPct: 1,
      interpolation: "bilinear",
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
    },
  },
  fit: { lr: 0.003 },
};

/** How the menu's choice is taught. architecture: that of the network that has learnt here. */
export const lessonFor = (value: string, architecture: string): Lesson =>
  value === OWN.model || (value === CURRENT && architecture === OWN.architecture)
    ? OWN_LESSON
    : { train: "lastStage" };

/** The network that comes with the page, to begin with. */
export const firstSource = (): Source => ({ model: OWN.model, ...OWN_LESSON.source });

export function aboutNetwork(value: string): string {
  return [OWN, ...HUB].find(({ model }) => model === value)?.about ?? "";
}

/** What the menu's choice means; undefined if the person picks no files. @throws Error unless they are those of a model */
export async function chosenSource(menu: HTMLSelectElement): Promise<Source | undefined> {
  if (menu.value !== FILE) return { model: menu.value };
  const files = await pickFiles(MODEL_FILES);
  return files.length ? sourceOf(files) : undefined;
}

/** The names of a model's classes, which its config.json lists. @throws Error if they are not known */
export async function classesOf({ config }: ModelFiles): Promise<readonly string[]> {
  const { label_names: names } = JSON.parse(await config.text()) as { label_names?: unknown };
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw new Error("config.json names no classes. Choose this model as what to start from instead.");
}

/** A model's files: config.json and weights, or the zip that holds both. @throws Error unless they are that */
export async function sourceOf(chosen: readonly File[]): Promise<{ readonly model: ModelFiles }> {
  const zip = chosen.find(({ name }) => name.endsWith(".zip"));
  const files = zip ? await unzipped(zip, (name) => /\.(json|safetensors)$/.test(name)) : chosen;
  const config = files.find(({ name }) => name.endsWith(".json"));
  const weights = files.find(({ name }) => /\.(safetensors|pth|pt|pdparams)$/.test(name));
  if (config && weights) return { model: { config, weights } };
  throw new Error(
    "A model is a zip saved here, or two files: config.json and its weights, such as model.safetensors. Choose both.",
  );
}

/** Shows how much of a file has come. */
export function showLoading(bar: HTMLProgressElement): (progress: LoadProgress) => void {
  return ({ received, total }) => {
    bar.hidden = false;
    if (total) bar.value = received / total;
    else bar.removeAttribute("value");
  };
}
