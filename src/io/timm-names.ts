// timm's own names for networks that have other names in torchvision: MobileNet V2 and V3, EfficientNet, VGG.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_efficientnet_builder.py

import type { StateDict, StateTensor } from "../core/state.js";

/** timm's eps of batch normalisation, where torchvision's models may have another. */
const TIMM_EPS = 1e-5;

const VGG: Record<string, string> = {
  "pre_logits.fc1": "classifier.0",
  "pre_logits.fc2": "classifier.3",
  "head.fc": "classifier.6",
};

/** The layers of a block, in order, by those that it has; a normalisation is named after its place among the convolutions. */
const LAYERS = ["conv_pw", "conv_dw", "se", "conv_pwl"];
const SEPARABLE = ["conv_dw", "se", "conv_pw"];

/**
 * The model's modules for those of a file in timm's naming: undefined unless it is such a file and the model has
 * torchvision's names. `names` are the file's, `own` the model's.
 */
export function timmModules(
  names: readonly string[],
  own: readonly string[],
): Map<string, string> | undefined {
  const has = new Set(own);
  const file = new Set(names);
  if (file.has("pre_logits.fc1.weight") && has.has("classifier.6.weight")) {
    return new Map(Object.entries(VGG));
  }
  if (!file.has("conv_stem.weight") || has.has("conv_stem.weight")) return undefined;
  const v2 = has.has("features.1.conv.0.0.weight");
  const v3 = has.has("features.1.block.0.0.weight");
  if (!v2 && !v3 && !has.has("features.1.0.block.0.0.weight")) return undefined;

  const modules = new Map([
    ["conv_stem", "features.0.0"],
    ["bn1", "features.0.1"],
  ]);
  const blocks = blocksOf(names);
  if (blocks.length === 0) return undefined;
  blocks.forEach(({ stage, index, parts }, flat) => {
    const from = `blocks.${stage}.${index}`;
    const block = v2 || v3 ? `features.${flat + 1}` : `features.${stage + 1}.${index}`;
    if (parts.has("conv")) {
      modules.set(`${from}.conv`, `${block}.0`).set(`${from}.bn1`, `${block}.1`);
      return;
    }
    const layers = (parts.has("conv_pwl") ? LAYERS : SEPARABLE).filter((part) => parts.has(part));
    let norm = 0;
    layers.forEach((part, i) => {
      const to = `${block}.${v2 ? "conv" : "block"}.${i}`;
      if (part === "se") {
        modules.set(`${from}.se.conv_reduce`, `${to}.fc1`).set(`${from}.se.conv_expand`, `${to}.fc2`);
        return;
      }
      const bare = v2 && i === layers.length - 1; // torchvision's last convolution is not in a pair with its normalisation
      modules.set(`${from}.${part}`, bare ? to : `${to}.0`);
      modules.set(`${from}.bn${++norm}`, bare ? `${block}.conv.${i + 1}` : `${to}.1`);
    });
  });
  if (v3) return modules.set("conv_head", "classifier.0").set("classifier", "classifier.3");
  const head = `features.${v2 ? blocks.length + 1 : blocks.at(-1)!.stage + 2}`;
  return modules.set("conv_head", `${head}.0`).set("bn2", `${head}.1`).set("classifier", "classifier.1");
}

interface Block {
  stage: number;
  index: number;
  parts: Set<string>;
}

/** The blocks in a file's names, in order, with their parts. */
function blocksOf(names: readonly string[]): Block[] {
  const blocks = new Map<string, Block>();
  for (const name of names) {
    const [, stage, index, part] = /^blocks\.(\d+)\.(\d+)\.(\w+)\./.exec(name) ?? [];
    if (part === undefined) continue;
    const key = `${stage}.${index}`;
    const block = blocks.get(key) ?? { stage: Number(stage), index: Number(index), parts: new Set() };
    blocks.set(key, block);
    block.parts.add(part);
  }
  return [...blocks.values()].sort((a, b) => a.stage - b.stage || a.index - b.index);
}

/** A tensor under its new name: what timm has as a convolution and torchvision as a linear layer loses its kernel's axes. */
export function timmTensor(to: string, tensor: StateTensor): StateTensor {
  const { shape } = tensor;
  if (!to.startsWith("classifier.") || shape.length !== 4) return tensor;
  return { ...tensor, shape: [shape[0]!, shape[1]! * shape[2]! * shape[3]!] };
}

/**
 * Scales the weights of batch normalisations so that with eps they do in evaluation what timm's do with its own:
 * w / √(var + 1e-5) = w′ / √(var + eps). `eps` is the model's for the normalisation at a path, undefined for other modules.
 */
export function adaptTimmEps(state: StateDict, eps: (path: string) => number | undefined): void {
  for (const [name, variance] of state) {
    const path = name.replace(/\.running_var$/, "");
    const own = path === name ? undefined : eps(path);
    const weight = state.get(`${path}.weight`);
    if (own === undefined || own === TIMM_EPS || weight?.dtype !== "F32") continue;
    if (variance.data.length !== weight.data.length) continue; // loading reports the problem
    const scaled = Float32Array.from(weight.data as Float32Array, (w, i) => {
      const v = Number(variance.data[i]);
      return w * Math.sqrt((v + own) / (v + TIMM_EPS));
    });
    state.set(`${path}.weight`, { ...weight, data: scaled });
  }
}
