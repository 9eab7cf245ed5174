// Maps tensor names in files to a model's: wrappers leave prefixes, old files have old names.

import { checkKinds } from "../errors/options.js";
import type { StateDict } from "../core/state.js";
import { DataError } from "../errors.js";
import { lukemelasModules } from "./lukemelas-names.js";
import { paddleNetwork } from "./paddle-names.js";
import { adaptTimmEps, timmModules, timmTensor } from "./timm-names.js";

/** What DataParallel, torch.compile, Lightning and timm's or Hugging Face's wrappers put before every name. */
const PREFIXES = ["module.", "_orig_mod.", "model.", "net.", "backbone."];

/** The number of averaged states in torch.optim.swa_utils.AveragedModel: torchvision's `model_ema`. */
const COUNTER = "n_averaged";

/** torchvision's DenseNet files are older than PyTorch's ban on dots in names: `denselayer1.norm.1.weight`. */
const OLD_DENSENET = /^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$/;

/** Names without wrappers' prefixes, unless the model itself has such names. */
export function withoutPrefixes(names: readonly string[], own: readonly string[]): string[] {
  let bare = [...names];
  const strange = (prefix: string): boolean =>
    bare.some((name) => name.startsWith(prefix)) && !own.some((name) => name.startsWith(prefix));
  for (let prefix = PREFIXES.find(strange); prefix !== undefined; prefix = PREFIXES.find(strange)) {
    const { length } = prefix;
    bare = bare.map((name) => (name.startsWith(prefix!) ? name.slice(length) : name));
  }
  return bare;
}

/**
 * The state dict under the names of a model: without prefixes that none of the model's names begins with and an average's
 * counter, with DenseNet's old names replaced, timm's names of MobileNets, EfficientNets and VGGs by torchvision's, lukemelas's of
 * EfficientNets by timm's, and PaddleClas's and paddle.vision's by the model's. Names do not tell whether a network computes
 * the same: PaddleClas's AlexNet and SqueezeNet, for one, have torchvision's tensors and need `paddle_alexnet` and its like.
 * `rename` maps a file's name first, to undefined if the tensor is to be left out. `eps` returns that of the model's batch
 * normalisation at a path: timm's may differ, and weights are scaled to compensate.
 * @throws DataError that begins with `source` if two tensors get the same name
 */
export function adaptNames(
  state: StateDict,
  own: readonly string[],
  rename: (name: string) => string | undefined = (name) => name,
  source = "adaptNames",
  eps?: (path: string) => number | undefined,
): StateDict {
  checkKinds(source, { state, own, rename }, { state: "state", own: "list", rename: "function" });
  let entries = [...state].map(([name, tensor]) => ({ from: name, name: rename(name), tensor }));
  entries = entries.filter(({ name }) => name !== undefined && (name !== COUNTER || own.includes(name)));
  const bare = withoutPrefixes(entries.map(({ name }) => name!), own); // prettier-ignore
  entries.forEach((entry, i) => (entry.name = bare[i]!));
  const adapted: StateDict = new Map();
  const names = entries.map(({ name }) => name!);
  const timm = timmModules(names, own);
  const paddle = timm ? undefined : paddleNetwork(names, own);
  const modules = timm ?? paddle?.modules ?? lukemelasModules(names, own);
  for (const { from, name, tensor: given } of entries) {
    const dot = name!.lastIndexOf(".");
    if (paddle?.left(name!.slice(0, dot))) continue;
    const module = modules?.get(name!.slice(0, dot));
    const to = module ? module + name!.slice(dot) : name!.replace(OLD_DENSENET, "$1$2");
    const tensor = module ? (paddle?.tensor(to, given) ?? timmTensor(to, given)) : given;
    if (adapted.has(to)) throw new DataError(`${source}: ${from} and another tensor are both named ${to}`);
    adapted.set(to, tensor);
  }
  if (timm && eps) adaptTimmEps(adapted, eps);
  return adapted;
}
