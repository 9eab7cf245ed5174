// Names of Paddle's networks that do not fit; test/golden/paddle-models.test.ts has those that do.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init, type Classifier, type StateDict } from "../../src/index.js";
import { paddleNetwork } from "../../src/io/paddle-names.js";
import { adaptNames } from "../../src/io/weight-names.js";
import { adaptedTo } from "../../src/node/weights.js";
import { drawnTensors } from "../helpers/drawn.js";

let resnet18: Classifier;
beforeAll(() => {
  init({ threads: 1 });
  resnet18 = createModel("resnet18", { numClasses: 2, initialise: false });
});
afterAll(() => resnet18.dispose());

const names = (model: Classifier): string[] =>
  [...model.namedParameters(), ...model.namedBuffers()].map(([name]) => name);

/** A state dict of small tensors. */
const stateOf = (...all: string[]): StateDict =>
  drawnTensors(all.map((name) => ({ name, shape: name.endsWith("weight") ? [2, 2, 1, 1] : [2] })));

describe("Paddle's names", () => {
  const stem = ["stem.0.conv.weight", "blocks.0.conv0.conv.weight"];

  it("are none of torchvision's own", () => {
    expect(paddleNetwork(names(resnet18), names(resnet18))).toBeUndefined();
  });

  it("of another network than the model's stay", () => {
    const state = stateOf("conv1_func._conv.weight", "db_conv_2.conv2_1.bn_ac_func1._conv.weight");
    expect([...adaptNames(state, names(resnet18)).keys()]).toEqual([...state.keys()]);
  });

  it("that the family has none of stay, blocks beyond the last one among them", () => {
    const state = stateOf(...stem, "blocks.8.conv0.conv.weight", "blocks.1.attention.weight", "fc.bias");
    expect([...adaptNames(state, names(resnet18)).keys()]).toEqual([
      "conv1.weight",
      "layer1.0.conv1.weight",
      "blocks.8.conv0.conv.weight",
      "blocks.1.attention.weight",
      "fc.bias",
    ]);
  });

  it("tell a projection in the first block, which PaddleClas' ResNet18 has and torchvision's has not", () => {
    const state = adaptedTo(resnet18, stateOf(...stem, "blocks.0.short.conv.weight"), "f");
    expect(() => resnet18.loadStateDict(state, { source: "f" })).toThrow(
      /unexpected layer1\.0\.downsample\.0\.weight/,
    );
  });

  it("have a wrapper's prefix before them", () => {
    const state = stateOf(...stem.map((name) => `backbone.${name}`));
    expect([...adaptNames(state, names(resnet18)).keys()]).toEqual(["conv1.weight", "layer1.0.conv1.weight"]);
  });
});

it("VGG's convolutions are found between normalisations, too: those are then what is missing", () => {
  const own = ["features.0.weight", "features.0.bias", "features.1.weight", "features.1.running_mean"];
  own.push("features.3.weight", "classifier.6.weight");
  const state = stateOf("conv_block_1.conv1.weight", "conv_block_1.conv2.weight", "fc3.weight");
  expect(adaptNames(state, own).get("features.3.weight")).toBe(state.get("conv_block_1.conv2.weight"));
});

it("VGG without biases gets zeros, and halves behind its dropouts; with biases it keeps them", () => {
  const own = ["features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias"];
  own.push(...[0, 3, 6].flatMap((i) => [`classifier.${i}.weight`, `classifier.${i}.bias`]));
  const file = ["conv_block_1.conv1.weight", "conv_block_2.conv1.weight", "conv_block_2.conv1.bias"];
  const state = stateOf(...file, "fc1.weight", "fc2.weight", "fc3.weight", "fc3.bias");
  const adapted = adaptNames(state, own);
  expect([...adapted.keys()].sort()).toEqual(
    ["features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias"]
      .concat(["classifier.0.weight", "classifier.3.weight", "classifier.6.weight", "classifier.6.bias"])
      .sort(),
  );
  expect(adapted.get("features.0.bias")).toEqual({ dtype: "F32", shape: [2], data: new Float32Array(2) });
  expect(adapted.get("features.3.bias")).toBe(state.get("conv_block_2.conv1.bias"));
  expect(adapted.get("classifier.0.weight")).toBe(state.get("fc1.weight"));
  for (const [i, fc] of [[3, "fc2"], [6, "fc3"]] as const) // prettier-ignore
    expect(adapted.get(`classifier.${i}.weight`)!.data).toEqual((state.get(`${fc}.weight`)!.data as Float32Array).map((w) => w / 2)); // prettier-ignore
  expect(adapted.get("classifier.6.bias")).toBe(state.get("fc3.bias"));
});

it("VGG in PaddleClas's own form is left as it is", () => {
  const own = ["features.0.weight", ...[0, 3, 6].map((i) => `classifier.${i}.weight`)];
  const state = stateOf("conv_block_1.conv1.weight", "fc1.weight", "fc2.weight", "fc3.weight");
  const adapted = adaptNames(state, own);
  expect([...adapted.keys()]).toEqual(own);
  expect(adapted.get("classifier.3.weight")).toBe(state.get("fc2.weight"));
});
