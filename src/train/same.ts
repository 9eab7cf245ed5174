// Processes that train together have the same weights: from the first step on, and checked after each epoch.

import type { Group } from "../core/group.js";
import type { StateDict } from "../core/state.js";
import { DataError, short } from "../errors.js";
import { BatchNorm2d, type Module } from "../nn/index.js";
import type { Optimizer } from "../optim/index.js";
import type { ModelEma } from "./ema.js";
import { anySays } from "./together.js";

/** What must be the same in all processes. */
export interface SharedParts {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly ema?: ModelEma | undefined;
}

/** 64 bits of a state's numbers, as text; FNV-1a over 32-bit words from two starts. */
function digest(state: StateDict): string {
  let [a, b] = [0x811c9dc5, 0x050c5d1f];
  for (const { data } of state.values()) {
    for (const word of new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)) {
      a = Math.imul(a ^ word, 0x01000193);
      b = Math.imul(b ^ word ^ (b >>> 15), 0x01000193);
    }
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What a process says of itself must be what all say: values by names, which the error tells. @throws DataError, in all processes */
export function checkAlike(where: string, group: Group, own: Readonly<Record<string, string>>): void {
  const all = group
    .allGather(text(JSON.stringify(own)))
    .map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>);
  const [first] = all as [Record<string, string>];
  for (const [rank, theirs] of all.entries()) {
    const what = Object.keys({ ...first, ...theirs }).find((name) => first[name] !== theirs[name]);
    if (what === undefined) continue;
    throw new DataError(
      `${where}: ${what} of rank ${rank} is not that of rank 0; got ${short(theirs[what] ?? "none")}, expected ${short(first[what] ?? "none")}`,
    );
  }
}

const digestsOf = ({ model, optimizer, ema }: SharedParts): Record<string, string> => {
  const { steps, numbers, tensors } = optimizer.stateDict();
  return {
    ...{ optimizer: optimizer.constructor.name, "the optimizer's steps": String(steps) },
    ...{
      "the optimizer's numbers": JSON.stringify(numbers),
      "the digest of the optimizer's state": digest(tensors),
    },
    "the digest of the weights": digest(model.stateDict()),
    "the digest of the averaged weights": ema ? digest(ema.stateDict().tensors) : "none",
  };
};

/** @throws DataError, in all processes, naming a rank whose weights or whose optimizer's state are not those of rank 0 */
export function checkSame(where: string, group: Group, parts: SharedParts): void {
  checkAlike(where, group, digestsOf(parts));
}

/** Gives all processes the weights of rank 0. @throws DataError where the networks or the optimizers' states differ */
export function share(group: Group, parts: SharedParts, where: string): void {
  const { model, ema } = parts;
  const tensors = [...model.namedParameters(), ...model.namedBuffers()];
  checkAlike(where, group, {
    "the network": tensors.map(([name, { shape }]) => `${name}:[${shape.join(",")}]`).join(" "),
  });
  for (const [, t] of tensors) group.broadcast(t);
  const averaged = ema?.stateDict();
  if (averaged) {
    for (const { data } of averaged.tensors.values()) group.broadcast(data);
    ema!.loadStateDict(averaged);
  }
  checkSame(where, group, parts);
}

/** Has layers of batch normalisation take the statistics of these processes' images together; undefined: each of its own again. */
export function synchronise(model: Module, group: Group | undefined): void {
  for (const module of model.modules()) if (module instanceof BatchNorm2d) module.group = group;
}

/** Whether training is to end, as a process wishes. */
export function aborted(group: Group | undefined, signal: AbortSignal | undefined): boolean {
  const own = signal?.aborted ?? false;
  return group ? anySays(group, own) : own;
}
