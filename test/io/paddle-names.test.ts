// Names of Paddle's networks that do not fit; test/golden/paddle-models.test.ts has those that do.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, init, type Classifier, type StateDict } from "../../src/index.js";
import { isPaddleClas, paddleNetwork } from "../../src/io/paddle-names.js";
import { adaptNames } from "../../src/io/weight-names.js";
import { loadRead } from "../../src/pretrained/load.js";
import { drawnState, drawnTensors } from "../helpers/drawn.js";

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

  it("that the model has none of stay, blocks beyond the last one among them", () => {
    const blocks = Array.from({ length: 9 }, (_, i) => `blocks.${i}.conv0.conv.weight`);
    const strange = ["blocks.1.attention.weight", "blocks.0.short.conv.weight"];
    const adapted = adaptNames(stateOf(stem[0]!, ...blocks, ...strange, "fc.bias"), names(resnet18));
    expect([...adapted.keys()].slice(8)).toEqual([
      "layer4.1.conv1.weight",
      "blocks.8.conv0.conv.weight",
      ...strange,
      "fc.bias",
    ]);
  });

  it("have a wrapper's prefix before them", () => {
    const state = stateOf(...stem.map((name) => `backbone.${name}`));
    expect([...adaptNames(state, names(resnet18)).keys()]).toEqual(["conv1.weight", "layer1.0.conv1.weight"]);
  });
});

it("blocks are counted by their numbers, in whatever order a file has them", () => {
  const all = ["stem.0.conv.weight", ...Array.from({ length: 8 }, (_, i) => `blocks.${i}.conv0.conv.weight`)];
  const adapted = adaptNames(stateOf(...all.reverse()), names(resnet18));
  expect([...adapted.keys()].slice(0, 3)).toEqual([
    "layer4.1.conv1.weight",
    "layer4.0.conv1.weight",
    "layer3.1.conv1.weight",
  ]);
});

it("what PP-LCNetV2 keeps for re_parameterize() is left out", () => {
  const own = ["conv_head.weight", "stages.2.0.pw_conv.0.conv.weight"];
  const file = ["last_conv.weight", "stages.2.0.pw_conv_1.conv.weight", "stages.2.0.dw_conv.weight"];
  expect([...adaptNames(stateOf(...file), own).keys()]).toEqual(own);
});

it("linear layers become 1×1 convolutions, and the other way round", () => {
  const file = [
    "_ghostbottleneck_0.ghost_module_1.primary_conv._conv",
    "_ghostbottleneck_0.se_block.squeeze",
  ];
  const state = drawnTensors(file.map((name) => ({ name: `${name}.weight`, shape: [2, 3] })));
  const own = ["blocks.0.0.ghost1.primary_conv.0.weight", "blocks.0.0.se.conv_reduce.weight"];
  expect([...adaptNames(state, own)].map(([name, { shape }]) => [name, shape])).toEqual([
    [own[0], [2, 3]],
    [own[1], [2, 3, 1, 1]],
  ]);
  const rexnet = drawnTensors(
    ["features.3.out.0", "output.1"].map((name) => ({ name: `${name}.weight`, shape: [2, 3, 1, 1] })),
  );
  expect(adaptNames(rexnet, ["head.fc.weight"]).get("head.fc.weight")!.shape).toEqual([2, 3]);
});

describe("weights of another model", () => {
  const refused = (model: string, of: string, rename = (name: string) => name): string => {
    const [wanted, whose] = [model, of].map((name) =>
      createModel(name, { numClasses: 2, initialise: false }),
    );
    const state = new Map([...drawnState(whose!)].map(([name, tensor]) => [rename(name), tensor]));
    let message = "";
    try {
      loadRead(wanted!, state, "f");
    } catch (error) {
      message = (error as Error).message;
    }
    wanted!.dispose();
    whose!.dispose();
    return message;
  };
  /** PaddleClas's names of ResNet-18. */
  const paddles = (name: string): string =>
    name
      .replace(/^conv1\./, "stem.0.conv.")
      .replace(/^bn1\./, "stem.0.bn.")
      .replace(/^layer(\d)\.(\d)/, (_, s, i) => `blocks.${2 * (Number(s) - 1) + Number(i)}`)
      .replace(/(conv|bn)(\d)\.(\w+)$/, (_, kind, i, what) => `conv${Number(i) - 1}.${kind}.${what}`)
      .replace("downsample.0", "short.conv")
      .replace("downsample.1", "short.bn");

  it("are refused by the name of the model whose they are", () => {
    expect(refused("resnet18", "resnet34")).toBe(
      "f: weights of resnet34, not of resnet18; use --model resnet34",
    );
    expect(refused("resnet18", "paddle_resnet18", paddles)).toBe(
      "f: weights of paddle_resnet18 (PaddleClas's ResNet18), not of resnet18; use --model paddle_resnet18",
    );
    expect(refused("resnet18", "paddle_resnet18", (name) => `module.${paddles(name)}`)).toContain(
      "use --model paddle_resnet18",
    );
  });

  it("are refused where the tensors are the same and the network is not", () => {
    const fire = (name: string): string =>
      name.replace(/^features\.3\.expand1x1/, "_conv1._conv_path1._conv");
    expect(refused("squeezenet1_1", "squeezenet1_1", fire)).toBe(
      "f: weights of paddle_squeezenet1_1 (PaddleClas's SqueezeNet1_1), not of squeezenet1_1; use --model paddle_squeezenet1_1",
    );
  });

  it("of other classes are the model's own, whatever others have such tensors", () => {
    const model = createModel("shufflenet_v2_x1_0", { numClasses: 3, initialise: false });
    const file = createModel("shufflenet_v2_x1_0", { numClasses: 2, initialise: false });
    expect(() => loadRead(model, drawnState(file), "f")).toThrow(
      "f: fc.weight is [2,1024], expected [3,1024]",
    );
    for (const one of [model, file]) one.dispose();
  });

  it("of no model of the series are refused by what does not fit", () => {
    expect(refused("squeezenet1_1", "lenet5")).toMatch(/^f: missing /);
    expect(refused("lenet5", "squeezenet1_1", (name) => name.replace(/^classifier\.1/, "_conv1._conv_path1._conv"))).toBe("f: weights of a network of PaddleClas; lenet5 is not one of these"); // prettier-ignore
  });

  it("of paddle.vision's MobileNetV3 are torchvision's", () => {
    expect(isPaddleClas(["blocks.0.bottleneck_conv.0.weight"])).toBe(false);
    expect(isPaddleClas(["blocks.0.bottleneck_conv.conv.weight"])).toBe(true);
  });
});
