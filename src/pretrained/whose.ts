// Finds the model that a file's weights belong to, if it is not the requested one.

import { shapesOnly } from "../core/op.js";
import { tidy } from "../core/scope.js";
import type { StateDict } from "../core/state.js";
import { DataError } from "../errors.js";
import { isPaddleClas } from "../io/paddle-names.js";
import { adaptNames, withoutPrefixes } from "../io/weight-names.js";
import { Classifier, modelInfo, modelNames, type ModelInfo } from "../models/index.js";
import type { Module } from "../nn/index.js";

/** PaddleClas's name of a model, if it has one of the same graph and eps: its names have capitals, timm's have none. */
const inPaddleClas = ({ aliases }: ModelInfo): string | undefined =>
  aliases.find((alias) => /[A-Z]/.test(alias));

/** Whether a model has all of the tensors, and these shapes except for those of the classifier. */
function fits(info: ModelInfo, state: StateDict): boolean {
  return shapesOnly(() =>
    tidy(() => {
      const model = info.create({ initialise: false });
      const own = [...model.namedParameters(), ...model.namedBuffers()];
      const adapted = adaptNames(state, own.map(([name]) => name)); // prettier-ignore
      const wrong = own.filter(([name, { fileShape }]) => {
        const found = adapted.get(name);
        if (!found) return !name.endsWith("num_batches_tracked");
        return !model.isHead(name) && found.shape.join() !== fileShape.join();
      });
      const known = new Set(own.map(([name]) => name));
      model.dispose();
      return wrong.length === 0 && [...adapted.keys()].every((name) => known.has(name));
    }),
  );
}

/** An error naming the models of the same series that a file's tensors fit; undefined if there are none, or only the classes differ. */
export function weightsOfOther(model: Module, state: StateDict, file: string): DataError | undefined {
  const info = model instanceof Classifier ? model.info : undefined;
  if (!info?.series) return undefined;
  const others = modelNames().map(modelInfo).filter(({ series, name }) => series === info.series && name !== info.name); // prettier-ignore
  const paddle = isPaddleClas(withoutPrefixes([...state.keys()], []));
  if ((!paddle || inPaddleClas(info)) && fits(info, state)) return undefined;
  const found = others.filter((other) => (!paddle || inPaddleClas(other)) && fits(other, state));
  if (!found.length) return undefined;
  const titles = found.map((one) => (paddle ? `${one.name} (PaddleClas's ${inPaddleClas(one)})` : one.name));
  const names = found.map(({ name }) => name);
  return other(file, titles.join(" or "), info.name, names.join(" or "));
}

const other = (file: string, whose: string, model: string, use: string): DataError =>
  new DataError(`${file}: weights of ${whose}, not of ${model}; use --model ${use}`);

/**
 * PaddleClas's networks may have the same tensors as others but compute differently: their files fit only their own forms.
 * @throws DataError naming the file, and the model that its weights belong to
 */
export function refuseOthers(model: Module, state: StateDict, file: string): void {
  const info = model instanceof Classifier ? model.info : undefined;
  if (!info || inPaddleClas(info) || !isPaddleClas(withoutPrefixes([...state.keys()], []))) return;
  throw (
    weightsOfOther(model, state, file) ??
    new DataError(`${file}: weights of a network of PaddleClas; ${info.name} is not one of these`)
  );
}
